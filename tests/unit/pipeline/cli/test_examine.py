"""Pictures judged from the command line: one, folders that can be gone on with, and lines."""

import base64
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipeline.cli.demo.drawings import landscape
from pipeline.cli.examining.pictures import in_lines
from tests.unit.pipeline.cli.conftest import Run

DRAWN = landscape(5)
KEYS = {"id", "action", "codes", "signals", "unavailable", "width", "height", "ms"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one file that is none, and one that nobody calls a picture."""
    place = tmp_path / "pictures"
    (place / "below").mkdir(parents=True)
    (place / "a.png").write_bytes(DRAWN)
    (place / "below" / "b.PNG").write_bytes(landscape(6))
    (place / "broken.webp").write_bytes(b"RIFF")
    (place / "notes.txt").write_text("no picture")
    return place


def saying(text: str) -> bytes:
    """The drawn picture, with a description."""
    out, told = io.BytesIO(), PngInfo()
    told.add_itxt("Description", text)
    with Image.open(io.BytesIO(DRAWN)) as plain:
        plain.save(out, "PNG", pnginfo=told)
    return out.getvalue()


def asked(run: Run, *words: object, exits: int = 0) -> dict[str, Any]:
    done = run("examine", "--processes", 1, "--json", *words)
    assert done.exit_code == exits, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class TestOnePicture:
    def test_is_decided_on_with_what_was_seen(self, run: Run, folder: Path) -> None:
        """The same findings and the same decision as in the gateway."""
        told = asked(run, folder / "a.png")

        assert told.keys() == KEYS
        assert (told["action"], told["codes"]) == ("allow", [])
        assert (told["width"], told["height"]) == (512, 768)
        assert told["signals"]["image.rendition.photograph"] < 1

    def test_is_not_said_to_be_on_no_list(self, run: Run, folder: Path) -> None:
        """None is asked: that is no zero."""
        told = asked(run, folder / "a.png")

        assert told["unavailable"]["hash.csam.exact"] == "no_banks"
        assert not [name for name in told["signals"] if name.startswith("hash.")]

    def test_is_read_for_what_it_says_of_itself(self, run: Run, tmp_path: Path) -> None:
        """A picture that was made from an explicit prompt is treated as one."""
        path = tmp_path / "said.png"
        path.write_bytes(saying("rating:explicit"))

        told = asked(run, path, "--moment", "request")

        assert "AGE.CLAIM" in told["codes"]
        assert asked(run, path, "--moment", "request", "--tier", "adult", "--age-claim") != told

    def test_that_is_none_is_a_block_and_an_error(self, run: Run, folder: Path) -> None:
        """Whoever counts blocks counts it; whoever looks at errors finds it."""
        told = asked(run, folder / "broken.webp", exits=1)

        assert told["action"] == "block"
        assert "error" in told

    def test_is_shown_to_people_as_a_table(self, run: Run, folder: Path) -> None:
        """Of what was not seen there is nothing to say."""
        done = run("examine", folder / "a.png")

        assert done.exit_code == 0
        assert "allow" in done.stdout
        assert "text.gore" not in done.stdout


def test_an_installation_s_policies_and_packs_hold(
    run: Run, installation: Path, tmp_path: Path
) -> None:
    """What would stop it in the gateway stops it here; --alone leaves that aside."""
    path = tmp_path / "said.png"
    path.write_bytes(saying("1girl, z0nkwort, rating:explicit"))
    words = ("examine", "--json", path, "--moment", "request", "--tier", "adult", "--age-claim")

    there = json.loads(run("--data-dir", installation, *words).stdout)
    alone = json.loads(run("--data-dir", installation, *words, "--alone").stdout)

    assert there["signals"]["text.minor.term"] > 0
    assert alone["signals"]["text.minor.term"] == 0
    assert "CSE.TEXT" in there["codes"]
    assert "CSE.TEXT" not in alone["codes"]


class TestAFolder:
    def test_is_searched_for_pictures(self, run: Run, folder: Path) -> None:
        """Below it too, and for nothing else; a file that is named is taken for one."""
        told = asked(run, folder, folder / "notes.txt", exits=1)

        assert [Path(each["id"]).name for each in told["pictures"]] == [
            "a.png",
            "b.PNG",
            "broken.webp",
            "notes.txt",
        ]
        assert told["counted"] == {"allow": 2, "unread": 2}

    def test_that_is_not_there_is_told(self, run: Run, folder: Path) -> None:
        """Before anything is judged."""
        done = run("examine", folder, folder / "nowhere")

        assert done.exit_code == 2
        assert "expected a file or a folder, got neither" in done.stderr

    @pytest.mark.parametrize("torn", ["", '{"id": "cut off'])
    def test_is_gone_on_with_where_it_was_cut_off(
        self, run: Run, folder: Path, tmp_path: Path, torn: str
    ) -> None:
        """Hours of looking are not lost, and nothing is counted twice."""
        out = tmp_path / "out.jsonl"
        whole = asked(run, folder, "--out", out, exits=1)
        lines = out.read_text("utf-8").splitlines(keepends=True)
        out.write_text("".join(lines[:2]) + torn, encoding="utf-8")

        again = asked(run, folder, "--out", out, exits=1)
        done = asked(run, folder, "--out", out, exits=1)

        assert whole == again == done == {"allow": 2, "unread": 1}
        names = [json.loads(line).get("id") for line in out.read_text("utf-8").splitlines()]
        assert names == [None, *(str(each) for each in sorted(folder.rglob("*.[pPw]*")))]

    @pytest.mark.parametrize(
        ("there", "why"),
        [("notes\n", "another file"), ('{"policy_digest": "00"}\n', "name another file")],
    )
    def test_adds_nothing_to_what_is_not_its_own(
        self, run: Run, folder: Path, tmp_path: Path, there: str, why: str
    ) -> None:
        """Answers of two policies in one file would be read as one's."""
        out = tmp_path / "out.jsonl"
        out.write_text(there, encoding="utf-8")

        done = run("examine", folder, "--out", out)

        assert (done.exit_code, out.read_text("utf-8")) == (2, there)
        assert why in done.stderr


class TestLines:
    def test_are_answered_in_order(self, run: Run, folder: Path, tmp_path: Path) -> None:
        """By the id that was given, or by what stands for one."""
        held = base64.b64encode(DRAWN).decode()
        lines: list[Mapping[str, object]] = [
            {"id": "one", "path": str(folder / "a.png")},
            {"image": held},
            {"id": "three", "image": "no base64"},
            {"id": "four", "path": "a", "image": held},
            {"path": str(folder / "none.png")},
        ]
        asking = tmp_path / "asked.jsonl"
        asking.write_text("\n".join(map(json.dumps, lines)) + "\n\n[]\n{", encoding="utf-8")

        done = run("examine", "--processes", 1, "--jsonl", asking)

        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.exit_code == 1
        assert [each["id"] for each in told] == [
            "one",
            "line 2",
            "three",
            "line 4",
            str(folder / "none.png"),
            "line 7",
            "line 8",
        ]
        assert ["error" in each for each in told] == [False, False, *[True] * 5]
        assert held[:40] not in done.output

    @given(st.binary(max_size=200))
    def test_of_anything_are_pictures_or_problems(self, data: bytes) -> None:
        """Whoever writes them, none is lost."""
        found = [*in_lines(io.BytesIO(data))]

        assert len(found) == len([line for line in data.split(b"\n") if line.strip()])
        assert all(each.name for each in found)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("a.png", "--jsonl", "-"),
        ("--jsonl", "-", "--out", "x"),
        ("a.png", "--scores-only", "x"),
    ],
)
def test_what_to_look_at_is_named_once(run: Run, words: tuple[str, ...]) -> None:
    """Nothing is guessed."""
    done = run("examine", *words)

    assert done.exit_code == 2
    assert "expected one of" in done.stderr or "goes with" in done.stderr

"""What the image gate tells apart: on labelled pictures, or on scores that were handed on."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from skimage import data as photographs

from pipeline.cli.demo.drawings import landscape
from pipeline.cli.examining.evaluation import evaluate
from pipeline.cli.examining.scored import Scored
from tests.unit.pipeline.cli.conftest import Run

PHOTOGRAPH = "image.rendition.photograph"
ROWS = [
    {"path": "cat.png", "source": "skimage", PHOTOGRAPH: "1", "SEX.EXPLICIT": "0"},
    {"path": "coffee.png", "source": "skimage", PHOTOGRAPH: "1", "SEX.EXPLICIT": ""},
    {"path": "drawn.png", "source": "sandbox", PHOTOGRAPH: "0", "SEX.EXPLICIT": "0"},
    {"path": "said.png", "source": "sandbox", PHOTOGRAPH: "0", "SEX.EXPLICIT": "1"},
    {"path": "gone.png", "source": "sandbox", PHOTOGRAPH: "0", "SEX.EXPLICIT": "0"},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photographs, two drawings, and the name of a file that is gone."""
    place = tmp_path_factory.mktemp("labelled")
    cat = photographs.chelsea()  # type: ignore[no-untyped-call]  # skimage has no types
    coffee = photographs.coffee()  # type: ignore[no-untyped-call]  # the same
    Image.fromarray(cat).save(place / "cat.png")
    Image.fromarray(coffee).save(place / "coffee.png")
    (place / "drawn.png").write_bytes(landscape(5))
    told = PngInfo()
    told.add_itxt("Description", "rating:explicit")
    with Image.open(io.BytesIO(landscape(6))) as drawn:
        drawn.save(place / "said.png", pnginfo=told)
    return place


def sheet(folder: Path, **renamed: str) -> Path:
    """The labels of the pictures, with some columns by another name."""
    path = folder / "labelled.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        columns = [renamed.get(name.replace(".", "_"), name) for name in ROWS[0]]
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows(row.values() for row in ROWS)
    return path


def measured(run: Run, *words: object) -> dict[str, Any]:
    done = run("examine", "--processes", 1, "--moment", "request", "--json", *words)
    assert done.exit_code == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def handed_on(run: Run, place: Path, labelled: Path) -> tuple[Path, str]:
    """A file of scores, and the key of who signed it."""
    scores = place / "scores.jsonl"
    words = ["--scores-only", scores, "--key", place / "scores.key", "--processes", 1]
    done = run("examine", "--moment", "request", "--evaluate", labelled, *words)
    assert done.exit_code == 0, done.stderr
    return scores, done.stdout.splitlines()[-1]


def test_it_says_how_well_each_label_is_told(run: Run, folder: Path, tmp_path: Path) -> None:
    """By its score, or, for a code, by whether the policy stops the picture."""
    page = tmp_path / "page.html"
    told = measured(run, "--evaluate", sheet(folder), "--page", page)

    whole = {each["label"]: each for each in told["labels"]}
    assert (told["pictures"], told["unread"]) == (5, 1)
    photographs = whole[PHOTOGRAPH]
    assert (photographs["cases"], photographs["others"], photographs["untold"]) == (2, 2, 1)
    assert (photographs["recall"]["hits"], photographs["precision"]["of"]) == (2, 2)
    stopped = whole["SEX.EXPLICIT"]
    assert (stopped["cases"], stopped["others"], stopped["untold"]) == (1, 2, 1)
    assert stopped["recall"]["share"] == stopped["precision"]["share"] == 1
    kinds = {each["of"] for each in told["slices"]}
    assert {"source: skimage", "size: below 1024 x 1024"} <= kinds
    shown = page.read_text("utf-8")
    assert "<svg" in shown
    assert "cat.png" not in shown


def test_people_read_a_table(run: Run, folder: Path, tmp_path: Path) -> None:
    """With the threshold that is suggested."""
    words = ["--evaluate", sheet(folder), "--page", tmp_path / "page.html", "--processes", 1]
    done = run("examine", *words)

    assert done.exit_code == 0, done.stderr
    assert "threshold" in done.stdout
    assert "5 pictures, 1 could not be read" in done.stdout


def test_no_set_of_the_worst_kind_is_looked_at(run: Run, folder: Path) -> None:
    """To hold one is a crime; the message says where to read why."""
    done = run("examine", "--evaluate", sheet(folder, SEX_EXPLICIT="CSE.PHOTO"))

    assert done.exit_code == 2
    assert "build no such set" in done.stderr


@pytest.mark.parametrize(
    ("renamed", "why"),
    [
        ({"path": "file"}, "none called path"),
        ({"SEX_EXPLICIT": "explicit"}, "got explicit"),
        ({"SEX_EXPLICIT": PHOTOGRAPH}, "one twice"),
    ],
)
def test_a_sheet_that_cannot_be_used_is_told(
    run: Run, folder: Path, renamed: dict[str, str], why: str
) -> None:
    """Before anything is looked at."""
    done = run("examine", "--evaluate", sheet(folder, **renamed))

    assert done.exit_code == 2
    assert why in done.stderr


def test_scores_can_be_handed_on_and_measured_elsewhere(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    """With the same figures, and nothing that leads back to a picture."""
    labelled = sheet(folder, SEX_EXPLICIT="CSE.PHOTO")
    scores, vkey = handed_on(run, tmp_path, labelled)
    elsewhere = measured(
        run, "--evaluate", scores, "--vkey", vkey, "--page", tmp_path / "there.html"
    )
    here = measured(run, "--evaluate", sheet(folder), "--page", tmp_path / "here.html")

    held = scores.read_text("utf-8")
    assert not [word for word in ("cat", "png", "skimage", "sandbox", str(folder)) if word in held]
    assert [{**each, "label": ""} for each in elsewhere["labels"]] == [
        {**each, "label": ""} for each in sorted(here["labels"], key=_as_renamed)
    ]
    assert not [each for each in elsewhere["slices"] if each["of"].startswith("source")]


def _as_renamed(figures: dict[str, Any]) -> str:
    return str(figures["label"]).replace("SEX.EXPLICIT", "CSE.PHOTO")


def test_changed_scores_are_refused(run: Run, folder: Path, tmp_path: Path) -> None:
    """A threshold that is chosen by forged scores lets pass what it should not."""
    scores, vkey = handed_on(run, tmp_path, sheet(folder))
    whole = scores.read_bytes()
    changed = [
        whole.replace(b"true", b"false", 1),
        whole[: whole.rindex(b'{"labels"')],
        whole + whole.splitlines(keepends=True)[-1],
        b"",
        b"[]\n{}",
    ]
    for each in changed:
        scores.write_bytes(each)
        done = run("examine", "--evaluate", scores, "--vkey", vkey)
        assert done.exit_code == 2, each[:80]
        assert "expected scores signed by" in done.stderr


def test_scores_of_another_signer_are_refused(run: Run, folder: Path, tmp_path: Path) -> None:
    """Whoever names a key means it."""
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    scores, _ = handed_on(run, tmp_path / "one", sheet(folder))
    _, other = handed_on(run, tmp_path / "other", sheet(folder))

    done = run("examine", "--evaluate", scores, "--vkey", other)

    assert done.exit_code == 2
    assert "expected scores signed by" in done.stderr
    assert run("examine", "--evaluate", scores, "--vkey", "nonsense").exit_code == 2


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_calibration_is_between_nothing_and_everything(told: list[tuple[float, bool]]) -> None:
    """And every picture is in one bin."""
    pictures = [Scored((truth,), (score,), {}) for score, truth in told]
    (figures,) = evaluate(["image.person"], pictures).whole

    assert figures.error is not None
    assert 0 <= figures.error <= 1 + 1e-9
    assert sum(each.rate.total for each in figures.bins) == len(told)


def test_scores_that_are_the_share_are_calibrated() -> None:
    """A score of one in four means that one in four is."""
    pictures = [Scored((truth,), (0.25,), {}) for truth in (True, False, False, False)]
    (figures,) = evaluate(["image.person"], pictures).whole

    assert figures.error == 0

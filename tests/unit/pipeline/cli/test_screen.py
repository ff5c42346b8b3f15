"""Texts judged from the command line, one at a time and line by line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from policies.labels import HarmCode
from tests.unit.pipeline.cli.conftest import STRICTER, Run

KEYS = ["id", "action", "codes", "signals", "unavailable", "ms"]


def request(prompt: str, negative: str = "") -> dict[str, Any]:
    """A whole NovelAI request, as V4.5 has it."""
    return {
        "input": prompt,
        "model": "nai-diffusion-4-5-full",
        "action": "generate",
        "parameters": {
            "width": 832,
            "height": 1216,
            "v4_prompt": {"caption": {"base_caption": prompt, "char_captions": []}},
            "v4_negative_prompt": {"caption": {"base_caption": negative, "char_captions": []}},
        },
    }


def answers(run: Run, folder: Path, *lines: object, exits: int = 0) -> list[dict[str, Any]]:
    """Have a file of `lines` judged; what is no text is written as JSON."""
    path = folder / "asked.jsonl"
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(written), encoding="utf-8")
    done = run("screen", "--jsonl", path)
    assert done.exit_code == exits, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def said(run: Run, *words: str) -> dict[str, Any]:
    done = run("screen", "--json", *words)
    assert done.exit_code == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class TestAnInstallation:
    def test_its_term_packs_hold_and_are_shown_by_id(self, run: Run, installation: Path) -> None:
        """Whoever tries a text must be told what the gateway would say of it, and no word more."""
        done = run("--data-dir", installation, "screen", "--json", "1girl, z0nkwort")

        assert done.exit_code == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["action"] == "block"
        assert "term:pack.partner.7" in [found["evidence"] for found in answer["found"]]
        assert "zonkwort" not in done.output

    def test_its_policies_hold(self, run: Run, installation: Path) -> None:
        """The active policy is what its settings name."""
        words = ("screen", "--json", "a statue, nude", "--tier", "adult", "--age-claim")
        there = json.loads(run("--data-dir", installation, *words).stdout)
        alone = json.loads(run("--data-dir", installation, *words, "--alone").stdout)

        assert (there["action"], alone["action"]) == ("block", "label")

    def test_a_pack_that_does_not_open_stops_everything(self, run: Run, installation: Path) -> None:
        """An answer without it would be milder than the gateway's."""
        (installation / "packs" / "partner.terms").write_bytes(b"IMPT")

        done = run("--data-dir", installation, "screen", "--json", "1girl")

        assert done.exit_code == 2
        assert "term_packs[0]" in done.stderr
        assert run("--data-dir", installation, "screen", "1girl", "--alone").exit_code == 0


class TestOneText:
    @pytest.mark.parametrize("text", ["a lighthouse at dawn", "", " ", "🌸", "\0", "\u202e"])
    def test_a_harmless_text_goes_on(self, text: str, run: Run) -> None:
        """Also one that is nearly nothing."""
        answer = said(run, text)

        assert (answer["action"], answer["codes"], answer["unavailable"]) == ("allow", [], [])

    def test_what_was_found_is_told_with_its_place_and_rule_but_not_its_words(
        self, run: Run
    ) -> None:
        """A reviewer finds the place; a log of this says nothing that was written."""
        answer = said(run, "a statue, nude")

        assert answer["action"] == "block"
        assert answer["signals"]["text.sexual.nudity"] == 1
        assert HarmCode.AGE_CLAIM in answer["codes"]
        assert "age.claim" in [rule["rule"] for rule in answer["rules"]]
        assert ("text.sexual.nudity", "input 10-14") in [
            (found["name"], found["where"]) for found in answer["found"]
        ]
        assert "statue" not in json.dumps(answer)

    def test_nothing_is_said_of_capabilities(self, run: Run) -> None:
        """It judges what was found, whatever could be done about a picture."""
        answer = said(run, "a statue, nude", "--tier", "adult", "--age-claim")

        assert answer["action"] == "label"
        assert HarmCode.CAPABILITY not in answer["codes"]

    def test_a_negative_prompt_is_read_as_one(self, run: Run) -> None:
        """What is asked not to appear is no request for it."""
        assert said(run, "nude", "--field", "negative")["action"] == "allow"

    def test_the_model_decides_the_prompt_language(self, run: Run) -> None:
        """What V4 takes for a weight is no weight on V3."""
        adult = ("--tier", "adult", "--age-claim")
        text = "-1::nude::"

        assert said(run, *adult, "--", text)["signals"]["text.sexual.nudity"] == 0
        v3 = said(run, *adult, "--model", "nai-diffusion-3", "--", text)
        assert v3["signals"]["text.sexual.nudity"] == 1
        own = said(run, *adult, "--model", "own/harbour", "--", "n[ud|x](e:-1)")
        assert own["signals"]["text.sexual.nudity"] == 1

    def test_a_policy_set_is_laid_on_floor_and_default(self, run: Run, tmp_path: Path) -> None:
        """A tenant sees before it serves what its own rules stop."""
        path = tmp_path / "harbour.yaml"
        path.write_text(STRICTER)
        words = ("a statue, nude", "--tier", "adult", "--age-claim")

        assert said(run, *words)["action"] == "label"
        assert said(run, *words, "--policy-set", str(path))["action"] == "block"
        assert said(run, *words, "--policy-set", "default")["action"] == "label"

    @pytest.mark.parametrize(
        ("typed", "exits"), [(b"a statue, nude\n", 0), (b"\xff", 2), (b"x" * 100_000, 2)]
    )
    def test_a_text_can_come_from_stdin(self, typed: bytes, exits: int) -> None:
        """There it is in no list of processes and in no shell's history."""
        done = CliRunner().invoke(app, ["screen", "-", "--json"], input=typed)

        assert done.exit_code == exits
        assert bool(done.stdout) is not bool(exits)

    def test_it_is_also_told_in_words(self, run: Run) -> None:
        """Most who try it read a terminal."""
        done = run("screen", "a statue, nude")

        assert done.exit_code == 0
        assert "block" in done.stdout
        assert "age.claim" in done.stdout
        assert "input 10-14" in done.stdout

    @pytest.mark.parametrize(
        ("words", "problem"),
        [
            (["x" * 100_000], "at most 16000 characters"),
            (["a", "--model", "nai-diffusion-2"], "nai-diffusion-4-5-full"),
            (["a", "--policy-set", "no-such"], "general-audience"),
            ([], "one of"),
            (["a", "--jsonl", "-"], "one of"),
            (["--jsonl", "/no/such/file"], "No such file"),
        ],
    )
    def test_what_cannot_be_judged_is_told_with_what_to_change(
        self, words: list[str], problem: str, run: Run
    ) -> None:
        """And never looks like an answer."""
        done = run("screen", *words)

        assert (done.exit_code, done.stdout) == (2, "")
        assert problem in done.stderr


class TestLines:
    def test_each_line_is_answered_in_order_with_its_id(self, run: Run, tmp_path: Path) -> None:
        """Whoever asked finds the answers where the questions were."""
        asked = [{"id": id_, "text": "a lighthouse", "label": 1} for id_ in ("b", 7, None, "a")]

        given = answers(run, tmp_path, *asked)

        assert [each["id"] for each in given] == ["b", 7, None, "a"]
        assert all(list(each) == KEYS for each in given)
        assert all(each["action"] == "allow" for each in given)

    def test_a_whole_request_is_judged_over_all_its_fields(self, run: Run, tmp_path: Path) -> None:
        """Whatever stands in a caption counts, as it does in the gateway."""
        harmless = {"id": 1, "request": request("a lighthouse", "lowres")}
        nude = {"id": 2, "request": request("a lighthouse", "-1::nude::")}

        first, second = answers(run, tmp_path, harmless, nude)

        assert (first["action"], second["action"]) == ("allow", "block")
        assert second["signals"]["text.sexual.nudity"] == 1

    def test_a_malformed_line_stops_nothing_and_is_told_at_the_end(
        self, run: Run, tmp_path: Path
    ) -> None:
        """One bad line of a million must not cost the others, and must not be missed."""
        given = answers(
            run,
            tmp_path,
            {"id": 1, "text": "a lighthouse"},
            "nonsense",
            {"id": 3},
            {"id": 4, "text": 4},
            {"id": 5, "text": "a", "request": {}},
            {"id": 6, "request": {"input": "a"}},
            {"id": 7, "text": "x" * 100_000},
            '{"id": 8, "text": "\\ud800"}',
            '{"id": 9, "text": "a", "text": "b"}',
            "[" * 100,
            {"id": 11, "text": "a lighthouse"},
            exits=1,
        )

        assert [each["id"] for each in given] == [1, None, 3, 4, 5, 6, 7, None, None, None, 11]
        assert [each.get("error", "")[:7] for each in given[1:3]] == ["line 2:", "line 3:"]
        assert ["error" in each for each in given] == [False, *([True] * 9), False]

    def test_a_line_that_nobody_judged_is_a_block(self, run: Run, tmp_path: Path) -> None:
        """Whoever reads the action alone must not take silence for consent."""
        (answer,) = answers(run, tmp_path, "nonsense", exits=1)

        assert answer["action"] == "block"
        assert [key for key in answer if key != "error"] == KEYS

    def test_an_error_repeats_nothing_of_the_line(self, run: Run, tmp_path: Path) -> None:
        """Answers are kept and mailed; prompts are not to be."""
        given = answers(run, tmp_path, "secret words", {"id": 1, "text": ["secret"]}, exits=1)

        assert "secret" not in json.dumps(given)

    def test_empty_lines_are_no_questions(self, run: Run, tmp_path: Path) -> None:
        """Files end with one."""
        assert len(answers(run, tmp_path, "", {"id": 1, "text": "a"}, "", "")) == 1

    def test_a_file_of_nothing_is_answered_with_nothing(self, run: Run, tmp_path: Path) -> None:
        """There was nothing that could not be judged."""
        assert answers(run, tmp_path) == []

    def test_the_options_hold_for_each_text(self, run: Run, tmp_path: Path) -> None:
        """A file of negative prompts is one."""
        path = tmp_path / "negatives.jsonl"
        path.write_text(json.dumps({"id": 1, "text": "nude"}))

        done = run("screen", "--jsonl", path, "--field", "negative")

        assert json.loads(done.stdout)["action"] == "allow"

"""Labelled texts: how a file is read, what is counted of it, and the page."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.screening.evaluation import Outcome, evaluate
from pipeline.cli.screening.labelled import LABELS, Sheet, score
from pipeline.cli.screening.page import render
from policies.decision import Action
from tests.unit.pipeline.cli.conftest import Run

_SHEET = """text,source,sexual,illegal
"a lighthouse, dawn",sea,0,
a statue in the park,"art, <b>",0,0
"a statue, nude","art, <b>",1,
guro,art,0,0
a boat,sea,,
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "labelled.csv"
    file.write_text(_SHEET, encoding="utf-8")
    return file


def sheet(folder: Path, text: str) -> Sheet:
    file = folder / "some.csv"
    file.write_text(text, encoding="utf-8")
    return Sheet.open(file)


def outcome(
    source: str,
    label: bool | None,  # the label itself is what is tested
    told: float | None,
    action: Action = Action.ALLOW,
) -> Outcome:
    return Outcome(source, (label,), (told,), action, is_judged=True)


class TestTheCommand:
    def test_figures_are_printed_and_a_page_is_written(self, path: Path, run: Run) -> None:
        """Whoever doubts a claim measures it."""
        page = path.with_name("page.html")

        done = run("screen", "--evaluate", path, "--page", page)

        assert done.exit_code == 0, done.stderr
        assert str(page) in done.stdout.replace("\n", "")
        assert "sexual" in done.stdout
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")

    def test_json_has_every_figure(self, path: Path, run: Run) -> None:
        """For whoever compares two versions."""
        page = path.with_name("page.html")

        done = run("screen", "--evaluate", path, "--page", page, "--json")

        told: dict[str, Any] = json.loads(done.stdout)
        sexual, illegal = told["labels"]["sexual"], told["labels"]["illegal"]
        assert (told["rows"], told["unjudged"], told["page"]) == (5, 0, str(page))
        assert (sexual["cases"], sexual["others"], sexual["auprc"]) == (1, 3, 1.0)
        assert (illegal["cases"], illegal["untold"], illegal["auprc"]) == (0, 0, None)
        assert told["benign"]["sea"]["stopped"] == {
            "hits": 0,
            "rows": 1,
            "share": 0.0,
            "interval": [0.0, pytest.approx(0.79, abs=0.01)],
        }
        assert told["benign"].keys() == {"sea", "art", "art, <b>"}

    def test_a_column_that_is_no_label_is_told_of(self, path: Path, run: Run) -> None:
        """A label that is spelled wrong must not be missed in silence."""
        path.write_text("text,source,sexual,sexy\na,b,0,1\n")

        done = run("screen", "--evaluate", path, "--page", path.with_name("page.html"))

        assert done.exit_code == 0
        assert "'sexy'" in done.stderr

    def test_a_text_that_cannot_be_judged_counts_as_stopped(self, path: Path, run: Run) -> None:
        """It would not have been generated; and it is in no curve."""
        path.write_text(f"text,source,hate\n{'x' * 20_000},long,0\n")

        done = run("screen", "--evaluate", path, "--page", path.with_name("p.html"), "--json")

        told = json.loads(done.stdout)
        assert told["unjudged"] == 1
        assert told["benign"]["long"]["blocked"]["hits"] == 1
        assert told["labels"]["hate"]["untold"] == 1


class TestASheet:
    def test_a_label_is_one_nothing_or_open(self, tmp_path: Path) -> None:
        """Not knowing is not the same as no."""
        seen = sheet(tmp_path, "\ufeffsource,hate,text,gore_violence\ns,1,a,\ns,0,b, 1\n")

        assert seen.labels == ("hate", "gore_violence")
        assert [row.labels for row in seen.rows()] == [(True, None), (False, True)]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "text,hate\na,1\n",
            "source,hate\na,1\n",
            "text,source\na,b\n",
            "text,source,nonsense\na,b,1\n",
            "text,source,hate,hate\na,b,1,1\n",
        ],
    )
    def test_a_head_that_tells_nothing_is_refused(
        self, text: str, tmp_path: Path, run: Run
    ) -> None:
        """Before anything is judged."""
        (tmp_path / "some.csv").write_text(text)

        done = run("screen", "--evaluate", tmp_path / "some.csv")

        assert done.exit_code == 2
        assert "expected" in done.stderr

    @pytest.mark.parametrize("row", ["a,b", "a,b,1,1", "secret,b,yes", "a,b,2", '"a,b,1'])
    def test_a_wrong_row_is_named_by_number_without_its_text(
        self, row: str, tmp_path: Path, run: Run
    ) -> None:
        """Half a measurement is none, and the file is for its owner to mend."""
        (tmp_path / "some.csv").write_text(f"text,source,hate\na,b,1\n{row}\n")

        done = run("screen", "--evaluate", tmp_path / "some.csv", "--page", tmp_path / "p.html")

        assert (done.exit_code, done.stdout) == (2, "")
        assert "some.csv" in done.stderr
        assert "secret" not in done.stderr
        assert not (tmp_path / "p.html").exists()

    def test_what_is_not_text_is_refused(self, tmp_path: Path, run: Run) -> None:
        """And told as a fault of the file."""
        (tmp_path / "some.csv").write_bytes(b"text,source,hate\n\xff,b,1\n")

        assert run("screen", "--evaluate", tmp_path / "some.csv").exit_code == 2


class TestFigures:
    def test_a_label_takes_the_highest_of_its_signals(self) -> None:
        """Any of them is enough to call it so."""
        signals = {"text.sexual.act": 0.2, "text.sexual.nudity": 0.9, "text.sexuality": 1.0}

        assert score("sexual", signals) == 0.9
        assert score("hate", signals) is None

    def test_a_zero_beside_somebody_who_could_not_look_is_no_zero(self) -> None:
        """The one who could not look might have seen it."""
        blind = ("text.sexual.act",)

        assert score("sexual", {"text.sexual.act": 0.0}, blind) is None
        assert score("sexual", {"text.sexual.act": 0.4}, blind) == 0.4
        assert score("sexual", {"text.sexual.act": 0.0}, ("text.hate",)) == 0

    def test_every_label_but_those_of_a_model_is_told_by_a_signal(self) -> None:
        """A label that nothing can tell would be measured on nothing."""
        from classifiers.signals import SignalName  # noqa: PLC0415 - for this question only

        untold = {label for label in LABELS if score(label, dict.fromkeys(SignalName, 1.0)) is None}

        assert untold <= {"harassment", "illegal"}

    def test_benign_is_what_was_labelled_and_is_none_of_the_labels(self, path: Path) -> None:
        """What nobody labelled may be anything."""
        rows = [
            outcome("s", label=False, told=0.0),
            outcome("s", label=False, told=0.0, action=Action.HOLD),
            outcome("s", label=False, told=0.0, action=Action.BLOCK),
            outcome("s", label=False, told=0.0, action=Action.LABEL),
            outcome("s", label=True, told=1.0, action=Action.BLOCK),
            outcome("s", label=None, told=1.0, action=Action.BLOCK),
        ]

        (source,) = evaluate(Sheet(path, ("sexual",), ()), rows, "d").sources

        assert (source.stopped.hits, source.blocked.hits, source.stopped.total) == (2, 1, 4)

    def test_what_nobody_told_is_in_no_curve(self, path: Path) -> None:
        """It is counted by itself: never as a zero."""
        rows = [outcome("s", label=True, told=None), outcome("s", label=True, told=0.5)]

        (figures,) = evaluate(Sheet(path, ("sexual",), ()), rows, "d").labels

        assert (figures.untold, figures.ranking.cases) == (1, (1,))


class TestThePage:
    def test_it_loads_nothing_and_repeats_no_text(self, path: Path, run: Run) -> None:
        """It is mailed around."""
        page = path.with_name("page.html")
        run("screen", "--evaluate", path, "--page", page)
        text = page.read_text(encoding="utf-8")

        assert "default-src 'none'" in text
        assert not any(
            mark in text for mark in ("http:", "https", "url(", "<script", "<img", "<link")
        )
        assert "statue" not in text
        assert "art, &lt;b&gt;" in text

    def test_each_curve_is_a_drawing_that_says_what_it_shows(self, path: Path) -> None:
        """Who cannot see it reads it."""
        rows = [outcome("s", label=True, told=0.9), outcome("s", label=False, told=0.1)]
        text = render(evaluate(Sheet(path, ("sexual",), ()), rows, "d" * 64))

        drawing = text[text.index("<svg") : text.index("</svg>") + len("</svg>")]
        picture = ET.fromstring(drawing)  # noqa: S314 - our own

        assert "sexual" in picture.attrib["aria-label"]
        curves = [path.attrib["d"] for path in picture.iter("path") if "curve" in str(path.attrib)]
        assert curves == ["M30 10.0V10.0H230.0V110.0H230.0"]

    def test_labels_without_a_case_have_no_curve(self, path: Path) -> None:
        """An empty square would look like a bad one."""
        text = render(evaluate(Sheet(path, ("sexual",), ()), [], "d" * 64))

        assert "<svg" not in text
        assert "no case" in text

"""The texts of notices: complete, and silent about what must not be told."""

from pathlib import Path

import pytest
import yaml

from pipeline.duties.appeals.errors import TemplatesError
from pipeline.duties.appeals.templates import SHIPPED, UNTOLD, Templates
from pipeline.duties.dsa.projection import PROJECTION
from pipeline.projection import NOT_OF_CONTENT
from policies.labels import HarmCode

SHIPPED_TEXTS = Templates.read()
WORST = [code for code in HarmCode if code.family == "CSE"]


def test_the_worst_is_told_in_words_that_others_share() -> None:
    """A text of its own would tell by itself."""
    for code in WORST:
        assert SHIPPED_TEXTS.ground(code, lifted=False) == UNTOLD
        assert SHIPPED_TEXTS.ground(code, lifted=True) != UNTOLD
    others = [code for code, name in SHIPPED_TEXTS.grounds.items() if name == UNTOLD]
    assert {code.family for code in others} > {"CSE"}


def test_what_is_no_decision_about_content_is_the_same_everywhere() -> None:
    """Else a webhook would promise a notice that does not exist."""
    assert {code for code, row in PROJECTION.items() if row is None} == NOT_OF_CONTENT
    assert set(SHIPPED_TEXTS.grounds) == set(HarmCode) - NOT_OF_CONTENT


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("ja-JP, en;q=0.5", "ja"), ("tlh, de", "de"), ("", "en"), ("*;;,,", "en"), ("FR", "fr")],
)
def test_the_first_language_that_there_is_speaks(wanted: str, language: str) -> None:
    """Whatever stands in the header."""
    assert SHIPPED_TEXTS.language(wanted) == language


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  violence: [", "  violence2: ["),
        ("CSE.REAL, ", ""),
        ("  person: [", "  person: [CSE.REAL, "),
        ("open_days: 184", "open_days: 100"),
        ("  ja:", "  xx:\n    untold: so\n  ja:"),
        ("  en:", "  eo:"),
        ("grounds:", "grounds: ["),
        ("open_days", "opened_days"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, old: str, new: str) -> None:
    """A code without a text would fail on the day on which somebody is owed it."""
    text = SHIPPED.read_text("utf-8")
    assert old in text
    changed = tmp_path / "notices.yaml"
    changed.write_text(text.replace(old, new, 1), "utf-8")

    with pytest.raises(TemplatesError):
        Templates.read(changed)


def test_the_worst_is_never_given_a_ground_that_tells(tmp_path: Path) -> None:
    """Whoever edits the file cannot tip anybody off."""
    said = yaml.safe_load(SHIPPED.read_text("utf-8"))
    said["grounds"]["untold"].remove("CSE.DRAWN")
    said["grounds"]["sexual"].append("CSE.DRAWN")
    changed = tmp_path / "notices.yaml"
    changed.write_text(yaml.safe_dump(said), "utf-8")

    with pytest.raises(TemplatesError, match="untold"):
        Templates.read(changed)

import re
from importlib.resources import files
from pathlib import Path

import pytest

from classifiers.errors import TermsError
from classifiers.languages.states import State, load
from classifiers.vocabulary import shipped

FOLDER = files("classifiers") / "languages"
PAGE = Path(__file__).parents[4] / "docs" / "terms.md"
GOOD = """
languages:
  - {id: en, name: English, state: gated, words: []}
scripts:
  - {name: Greek, ranges: ["0370-03ff"]}
"""


def test_the_page_says_what_is_read_and_how_well() -> None:
    """Whoever asks for a language must be able to know before."""
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )

    assert rows == [
        (one.id, one.name, one.state.replace("_", " ")) for one in load(FOLDER).languages.values()
    ]


def test_no_language_is_called_read_that_has_no_terms() -> None:
    """And none that has is refused."""
    read = {one.id for one in load(FOLDER).languages.values() if one.state is not State.UNREAD}

    assert read == shipped().languages


def test_what_is_not_listed_is_not_read(tmp_path: Path) -> None:
    """A language nobody thought of is no English."""
    (tmp_path / "languages.yaml").write_text(GOOD, "utf-8")

    languages = load(tmp_path)

    assert (languages.state("en"), languages.state("xx")) == (State.GATED, State.UNREAD)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("languages:", "language:"),
        ("state: gated", "state: fine"),
        ("words: []", "words: 3"),
        ("0370-03ff", "0370"),
        ("scripts:", "  - {id: en, name: Twice, state: unread, words: []}\nscripts:"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, old: str, new: str) -> None:
    """A state that is half read is a language that slips through."""
    assert old in GOOD
    (tmp_path / "languages.yaml").write_text(GOOD.replace(old, new), "utf-8")

    with pytest.raises(TermsError):
        load(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """Without it every language would be English."""
    with pytest.raises(TermsError):
        load(tmp_path)

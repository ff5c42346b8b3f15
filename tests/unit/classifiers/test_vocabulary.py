import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from classifiers.errors import TermsError
from classifiers.vocabulary import Mode, TermList, Vocabulary, load, terms

PAGE = Path(__file__).parents[3] / "docs" / "terms.md"


@pytest.fixture(scope="module")
def shipped() -> Vocabulary:
    return load(files("classifiers") / "terms")


def copy_of_the_lists(folder: Path) -> Path:
    for one in (files("classifiers") / "terms").iterdir():
        if one.name.endswith((".csv", ".yaml")):
            (folder / one.name).write_bytes(one.read_bytes())
    return folder


def test_every_list_speaks_every_language(shipped: Vocabulary) -> None:
    """A language is called covered only if each list has words of it."""
    spoken = {(*term.lists, term.id.split(".")[1]) for term in shipped.terms if not term.harmless}

    assert {(name, language) for name in TermList for language in shipped.languages} <= spoken


def test_the_page_counts_what_ships(shipped: Vocabulary) -> None:
    """What a list covers is told by numbers: after `building.terms` they go into docs/terms.md."""
    page = PAGE.read_text("utf-8")
    languages = ["en", "ja", "zh", "ko", "ru", "es", "de", "fr", "tag", "emoji"]
    count = Counter(
        (*term.lists, term.id.split(".")[1]) for term in shipped.terms if not term.harmless
    )
    rows = [[name, *(str(count[name, each]) for each in languages)] for name in TermList]
    told = re.findall(r"^\| `(\w+)` ((?:\| \d+ ){10})\|$", page, re.MULTILINE)

    assert "| list | " + " | ".join(languages) + " |" in page
    assert [[name, *re.findall(r"\d+", numbers)] for name, numbers in sorted(told)] == sorted(rows)
    assert f"`harmless` has {sum(term.harmless for term in shipped.terms)} phrases" in page


def test_changing_a_list_changes_the_digest(tmp_path: Path, shipped: Vocabulary) -> None:
    """Whoever reads the log knows which lists were used."""
    folder = copy_of_the_lists(tmp_path)
    assert load(folder).digest == shipped.digest

    with (folder / "hate.csv").open("a", encoding="utf-8") as file:
        file.write("hate.en.9001,word,placeholder\n")

    assert load(folder).digest != shipped.digest


@pytest.mark.parametrize(
    "row",
    [
        "hate.en.1,word,placeholder",
        "gore.en.9001,word,placeholder",
        "hate.en.9001,somehow,placeholder",
        "hate.en.9001,word,",
        "hate.en.9001",
    ],
    ids=["an id twice", "another list's id", "no such mode", "no text", "a short row"],
)
def test_a_row_that_makes_no_sense_is_refused(tmp_path: Path, row: str) -> None:
    """A list that is half read is a gate that is half open."""
    folder = copy_of_the_lists(tmp_path)
    with (folder / "hate.csv").open("a", encoding="utf-8") as file:
        file.write(row + "\n")

    with pytest.raises(TermsError):
        load(folder)


@pytest.mark.parametrize("name", ["minor.csv", "harmless.csv", "index.yaml", "ages.yaml"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    """Without its list a signal would always be 0."""
    folder = copy_of_the_lists(tmp_path)
    (folder / name).unlink()

    with pytest.raises(TermsError):
        load(folder)


def test_rows_become_terms_in_their_plain_form() -> None:
    """Whoever brings lists of their own writes as people write."""
    rows = [("pack.1", "word", "Light-House"), ("pack.2", "substring", "\uff8a\uff9e")]

    one, two = terms("pack", rows, frozenset({TermList.GORE}))

    assert (one.text, one.mode) == ("light house", Mode.WORD)
    assert one.lists == two.lists == {TermList.GORE}
    assert (two.text, two.mode) == ("\u30d0", Mode.SUBSTRING)


def test_a_bad_row_is_named_by_its_id_alone() -> None:
    """Packs are sealed: their words belong in no message."""
    with pytest.raises(TermsError) as error:
        terms("pack", [("pack.1", "somehow", "placeholder")], frozenset({TermList.GORE}))

    assert "pack.1" in str(error.value)
    assert "placeholder" not in str(error.value)

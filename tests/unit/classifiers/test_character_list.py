import os
import re
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from classifiers.building.character_coverage import tables
from classifiers.character_list import CharacterList, Kind, Status, load
from classifiers.errors import TermsError
from classifiers.normalise import plain_form

FOLDER = files("classifiers") / "terms" / "characters"
DOCUMENT = Path(__file__).parents[3] / "docs" / "characters.md"
PROMISED = 1_500


@pytest.fixture(scope="module")
def shipped() -> CharacterList:
    return load(FOLDER)


def copy(folder: Path) -> Path:
    for one in FOLDER.iterdir():
        (folder / one.name).write_bytes(one.read_bytes())
    return folder


def test_the_most_used_characters_are_judged_each(shipped: CharacterList) -> None:
    """A hole in the middle of a list is where everybody looks first."""
    ranks = {row.rank for row in shipped.judged.values()}

    assert ranks >= set(range(1, PROMISED + 1))


def test_a_higher_rank_is_never_used_less(shipped: CharacterList) -> None:
    """The shares that are published rest on ranks and counts."""
    rows = sorted(shipped.judged.values(), key=lambda row: row.rank)

    assert all(one.count >= other.count for one, other in pairwise(rows))


def test_the_published_figures_are_those_of_the_file(shipped: CharacterList) -> None:
    """A figure nobody can recompute is no figure."""
    document = DOCUMENT.read_text("utf-8")

    assert [line for line in tables(shipped) if line not in document] == []


def test_no_row_pretends_to_have_been_reviewed(shipped: CharacterList) -> None:
    """A row is a draft until the document names who has read it."""
    document = DOCUMENT.read_text("utf-8")
    reviewers = {row.reviewed_by for row in shipped.judged.values()}

    assert [one for one in reviewers if f"`{one}`" not in document] == []


def test_everybody_who_tells_something_can_be_found(shipped: CharacterList) -> None:
    """A row without a name that is looked for protects nobody."""
    found = {alias.id for alias in shipped.aliases if alias.kind is not Kind.SHELTER}

    assert {row.id for row in shipped.judged.values() if row.tells is not None} == found


def test_every_alias_is_in_its_plain_form(shipped: CharacterList) -> None:
    """Another form is found in no view. If the folding changed: build the file again."""
    assert [one.text for one in shipped.aliases if one.text != plain_form(one.text)] == []


def test_every_basis_and_source_that_is_allowed_is_explained() -> None:
    """Whoever contests a row must know what its words mean."""
    document = DOCUMENT.read_text("utf-8")
    index = (FOLDER / "index.yaml").read_text("utf-8")
    bases = re.findall(r'^    - "?(.+?)"?$', index, re.MULTILINE)

    assert [one for one in bases if f"`{one}`" not in document] == []


def test_a_variant_is_judged_as_its_original(shipped: CharacterList) -> None:
    """A costume changes nobody's age; who differs has a row with reasons of its own."""
    by_tag = {row.tag: row for row in shipped.judged.values()}
    variants = [row for row in by_tag.values() if row.source.startswith("as ")]

    assert variants
    assert [
        row.tag for row in variants if by_tag[row.source.removeprefix("as ")].basis != row.basis
    ] == []


def test_changing_a_file_changes_the_digest(tmp_path: Path, shipped: CharacterList) -> None:
    """Whoever reads the log knows which list was used."""
    folder = copy(tmp_path)
    with (folder / "series.csv").open("a", encoding="utf-8") as file:
        file.write("Naruto,placeholder series\n")

    assert load(folder).digest != shipped.digest


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("judged.csv", "1,x,varies,no stated age,official profile,X,draft,9,1"),
        ("judged.csv", "90001,x,canon_adult,official age 14,official profile,X,draft,9,1"),
        ("judged.csv", "90001,x,canon_minor,official age 24,official profile,X,draft,9,1"),
        ("judged.csv", "90001,x,nobody,official age 24,official profile,X,draft,9,1"),
        ("judged.csv", "90001,x,canon_minor,official age 14,hearsay,X,draft,9,1"),
        ("judged.csv", "90001,x,canon_minor,official age 14,official profile,X,,9,1"),
        ("judged.csv", "90001,hatsune_miku,canon_minor,official age 16,official profile,X,d,9,1"),
        ("judged.csv", "1,x,canon_minor,official age 16,official profile,X,draft,9,1"),
        ("judged.csv", "90001,x"),
        ("aliases.csv", "90001,alone,somebody"),
        ("aliases.csv", "1,somehow,somebody"),
        ("aliases.csv", "1,alone,"),
        ("series.csv", "No such series,text"),
        ("index.yaml", "{"),
    ],
)  # fmt: skip
def test_a_row_that_makes_no_sense_is_refused(tmp_path: Path, name: str, row: str) -> None:
    """A list that is half read is a gate that is half open."""
    folder = copy(tmp_path)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(row + "\n")

    with pytest.raises(TermsError):
        load(folder)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """No list is not an empty list."""
    folder = copy(tmp_path)
    os.remove(folder / "aliases.csv")  # noqa: PTH107

    with pytest.raises(TermsError):
        load(folder)


def test_of_the_most_used_few_are_unknown(shipped: CharacterList) -> None:
    """A list of question marks would be complete as well."""
    unknown = [
        row
        for row in shipped.judged.values()
        if row.status is Status.UNKNOWN and row.basis == "not known to the drafters"
    ]

    assert len(unknown) < len(shipped.judged) / 20

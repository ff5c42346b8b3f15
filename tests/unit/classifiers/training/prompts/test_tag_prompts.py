# ruff: noqa: S311  # to be repeated, not to be secret
from pathlib import Path
from random import Random

import pytest

from classifiers.prompt_heads import Head
from classifiers.training.prompts.lexicons import is_minor, is_sexual, is_suggestive, is_youthful
from classifiers.training.prompts.prepare import forbids
from classifiers.training.prompts.rows import Row
from classifiers.training.prompts.tag_prompts import load, prompts

TAGS = {
    0: [
        "long_hair,red_hat,sitting,smile,blue_eyes,outdoors,tree,window,cup,book",
        "nude,sex,panties,cleavage,swimsuit,school_uniform,child,toddler,guro,rape,bestiality",
        "suicide,swastika,severed_head,blood,knife,random_text,id",
    ],
    1: ["some_artist,another_artist"],
    3: ["some_series"],
    4: ["some_name_(series),another_name"],
}


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    folder = tmp_path_factory.mktemp("tags")
    lines = [
        f"{tag},{category},9000,\n"
        for category, listed in TAGS.items()
        for line in listed
        for tag in line.split(",")
    ]
    Path(folder / "danbooru_tags.csv").write_text("".join(lines), "utf-8")
    found = prompts(load(folder), Random(2), 1500)
    return [row for row in found if not forbids(row, row.text)]


class TestPrompts:
    def test_sexual_and_young_tags_never_meet(self, composed: list[Row]) -> None:
        """The law of this data: the two signals are learned apart."""
        for row in composed:
            if any(row.labels.get(head) for head in (Head.SEXUAL, Head.NONCONSENT, Head.ANIMAL)):
                assert not is_youthful(row.text), row.tags
                assert "name" not in row.text
                assert "series" not in row.text
            if is_minor(row.text) or row.labels.get(Head.MINOR_PRESENT):
                assert not is_suggestive(row.text), row.tags

    def test_every_theme_says_what_it_is(self, composed: list[Row]) -> None:
        """A prompt of a theme holds a tag of it, and harmless ones none."""
        sources = {row.source for row in composed}

        assert len(sources) == 9
        for row in composed:
            if row.source == "tags_harmless":
                assert row.is_benign
                assert not is_sexual(row.text)
            if row.source == "tags_sexual":
                assert is_sexual(row.text)
                assert row.labels[Head.SEXUAL] == 1

    def test_two_answers_are_silent_on_each_other(self, composed: list[Row]) -> None:
        """Else a child's word would count against sex, and the other way round."""
        for row in composed:
            if row.labels.get(Head.MINOR_PRESENT):
                assert Head.SEXUAL not in row.labels
            if row.labels.get(Head.SEXUAL):
                assert Head.MINOR_PRESENT not in row.labels

    def test_the_same_seed_gives_the_same_prompts(self, composed: list[Row]) -> None:
        """A model that cannot be made again cannot be checked."""
        assert len({row.text for row in composed}) > 1000
        assert [row.source for row in composed[:50]] != [composed[0].source] * 50

# ruff: noqa: S311  # to be repeated, not to be secret
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from classifiers.training.prompts.augment import augmented

WORDS = st.lists(st.sampled_from(["lighthouse", "gull", "red hat", "long hair"]), max_size=6)


class TestAugmented:
    @given(st.text(max_size=60), WORDS, st.integers(0, 10**6))
    def test_the_same_seed_gives_the_same_text(self, text: str, tags: list[str], seed: int) -> None:
        """A model that cannot be made again cannot be checked."""
        assert augmented(text, tags, Random(seed)) == augmented(text, tags, Random(seed))

    @given(WORDS.filter(bool), st.integers(0, 10**6))
    def test_tags_stay_the_tags_they_were(self, tags: list[str], seed: int) -> None:
        """Changed in order and spelling, but never joined with another text's."""
        changed = augmented("", tags, Random(seed))

        assert len(changed) < 6 * sum(len(tag) + 4 for tag in tags) + 100
        assert changed.count("gull") <= tags.count("gull")

    def test_it_changes_texts_in_many_ways(self) -> None:
        """One disguise out of seven would teach one disguise."""
        random = Random(1)
        changed = {
            augmented("red hat, long hair", ("red hat", "long hair"), random) for _ in range(1000)
        }

        assert len(changed) > 200
        assert any("::" in one for one in changed)
        assert any("{" in one for one in changed)
        assert any("_" in one for one in changed)
        assert any("\u0430" in one for one in changed)
        assert any("4" in one or "@" in one for one in changed)

from hypothesis import given
from hypothesis import strategies as st

from pipeline.sandbox import prompts
from pipeline.sandbox.prompts import Caption, Character


class TestRealise:
    def test_each_choice_becomes_one_of_its_alternatives(self) -> None:
        """The server chooses, and reports what it chose."""
        told = {prompts.realise("a ||red|blue|| boat", seed) for seed in range(30)}

        assert told == {"a red boat", "a blue boat"}

    @given(text=st.text("ab| "), seed=st.integers(0, 2**32 - 1))
    def test_the_same_seed_makes_the_same_choices(self, text: str, seed: int) -> None:
        """A picture is determined by its request."""
        assert prompts.realise(text, seed) == prompts.realise(text, seed)

    @given(text=st.text("ab {}:1"))
    def test_text_without_choices_stays_as_it_is(self, text: str) -> None:
        """Emphasis and weights are none of the randomiser's business."""
        assert prompts.realise(text, 1) == text


class TestCaption:
    def test_a_caption_is_told_as_it_was_read(self) -> None:
        """The metadata repeats the request."""
        told = {
            "base_caption": "a quay",
            "char_captions": [{"char_caption": "a cat", "centers": [{"x": 0.3, "y": 0.7}]}],
        }

        assert prompts.read({"caption": told}).told() == told

    def test_choices_are_found_in_every_text(self) -> None:
        """A character's text may leave a choice too."""
        assert Caption("a quay", (Character("||a cat|a dog||"),)).is_random
        assert not Caption("a quay", (Character("a cat"),)).is_random

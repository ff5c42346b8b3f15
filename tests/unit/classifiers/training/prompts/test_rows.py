from hypothesis import given
from hypothesis import strategies as st

from classifiers.prompt_heads import HEADS, Head
from classifiers.training.prompts.rows import HARMS, Kind, Row, Split, as_served, safe

ROWS = st.builds(
    Row,
    st.text(max_size=8),
    st.text(max_size=8),
    st.text(max_size=40),
    st.dictionaries(st.sampled_from(HEADS), st.integers(0, 1)),
    st.sampled_from(Kind),
    st.sampled_from(Split),
)


class TestRow:
    @given(ROWS)
    def test_what_is_written_is_read_back(self, row: Row) -> None:
        """A row that changed on the way would be learned with another's label."""
        assert Row.from_json(row.to_json()) == row
        assert "\n" not in row.to_json()

    def test_a_text_of_a_child_or_a_name_may_be_harmless(self) -> None:
        """Neither is a harm by itself."""
        labels = safe(minor_present=1, real_person=1)

        assert Row("a", "b", "c", labels).is_benign
        assert not Row("a", "b", "c", labels | {Head.HATE: 1}).is_benign
        assert set(HARMS) == set(HEADS) - {Head.MINOR_PRESENT, Head.REAL_PERSON}

    def test_a_row_can_be_silent_on_a_head(self) -> None:
        """Not said is not the same as no."""
        assert Head.SEXUAL not in Row("a", "b", "c", safe()).but(Head.SEXUAL).labels


class TestAsServed:
    def test_grammar_is_undone_as_when_it_is_served(self) -> None:
        """The model must learn from what it will be shown."""
        assert as_served("{{Long_Hair}}, 1.5::red hat::") == "long hair , red hat"

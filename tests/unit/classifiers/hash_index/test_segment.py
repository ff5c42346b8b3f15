import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.errors import BankError
from classifiers.hash_index.segment import Segment, content

NOTES = st.lists(st.text(max_size=20), max_size=30)


def hashes(rows: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(rows).integers(0, 256, (rows, 32), dtype=np.uint8)


@given(NOTES)
def test_what_is_written_is_read(notes: list[str]) -> None:
    """A note in another's place would accuse by the wrong entry."""
    segment = Segment.over(content(hashes(len(notes)), notes))

    assert [segment.note(row) for row in range(len(segment))] == notes
    assert np.array_equal(segment.hashes(), hashes(len(notes)))


def test_hashes_without_notes_are_refused() -> None:
    """Every match must lead to an entry."""
    with pytest.raises(ValueError, match="note for each of 3"):
        content(hashes(3), ["a", "b"])


@pytest.mark.parametrize(("word", "value"), [(0, 2), (1, 2), (2, 17), (3, 1)])
def test_another_format_or_size_is_an_error(word: int, value: int) -> None:
    """Read by the wrong plan, a segment would be noise that matches nothing."""
    made = content(hashes(3), ["a", "b", "c"])
    made[:32].view(np.uint64)[word] = value

    with pytest.raises(BankError, match="format and size"):
        Segment.over(made)

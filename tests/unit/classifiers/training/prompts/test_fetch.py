import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.training.prompts.fetch import (
    FetchError,
    Kept,
    Source,
    checked,
    fetch,
    only_kept,
    row_hash,
    rows,
)

CSV = b'text,label\n"a, b",1\ngone,0\nc,0\n'
NIBBLER = json.dumps({"prompt": {"1": "a", "2": "b"}, "validation": {"1": [], "2": []}}).encode()
QUESTIONS = json.dumps({"One": {"Part": ["a?", "b?"]}}).encode()
GONE = {"a.csv": "gone\x1f0", "nibbler/a.json": "2", "a.json": "b?", "a.txt": "b"}
FILES = {"a.csv": CSV, "nibbler/a.json": NIBBLER, "a.json": QUESTIONS, "a.txt": b"a\nb\nc\n"}


def kept_of(file: str) -> Kept:
    return Kept(
        frozenset(row_hash(file, row) for row in rows(file, FILES[file]) if row != GONE[file])
    )


class TestOnlyKept:
    @pytest.mark.parametrize("file", FILES)
    def test_what_was_dropped_stays_dropped(self, file: str) -> None:
        """A row that was taken out by law must not come back by download."""
        left = only_kept(file, FILES[file], kept_of(file))

        assert GONE[file] not in list(rows(file, left))
        assert [*rows(file, left)] == [row for row in rows(file, FILES[file]) if row != GONE[file]]

    @pytest.mark.parametrize("file", ["a.csv", "a.json", "nibbler/a.json", "a.txt"])
    @given(data=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
    def test_any_bytes_are_rows_or_one_error(self, file: str, data: bytes) -> None:
        """A server may answer with anything."""
        try:
            assert all(isinstance(row, str) for row in rows(file, data))
        except FetchError:
            return

    @given(
        st.lists(
            st.lists(
                st.text(
                    st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"]),
                    min_size=1,
                ),
                min_size=2,
                max_size=3,
            )
        )
    )
    def test_rows_go_round(self, table: list[list[str]]) -> None:
        """What is written must be the rows that were read."""
        written = io.StringIO(newline="")
        csv.writer(written).writerows(table)
        data = written.getvalue().encode()
        kept = Kept(frozenset(row_hash("a.csv", row) for row in rows("a.csv", data)))

        assert list(rows("a.csv", only_kept("a.csv", data, kept))) == list(rows("a.csv", data))


def source(sha256: str = "0" * 64, count: int = 0) -> Source:
    return Source("a.csv", "owner/name", "abc", "data/a.csv", sha256, count)


class TestChecked:
    def test_another_file_is_refused(self) -> None:
        """Nobody learns from what was not looked at."""
        with pytest.raises(FetchError, match="sha256"):
            checked(source(), CSV, kept_of("a.csv"))

    def test_missing_rows_are_noticed(self) -> None:
        """A file of another version would lack some of them."""
        assert checked(source(count=3), CSV, kept_of("a.csv")) != CSV
        with pytest.raises(FetchError, match="kept rows"):
            checked(source(count=4), CSV, kept_of("a.csv"))


class TestListed:
    def test_every_source_is_named_by_repository_and_commit(self) -> None:
        """Whoever has this repository only can get the data."""
        listed = Source.listed()

        assert len(listed) > 40
        assert all(one.address.startswith("https://github.com/") for one in listed)
        assert all(len(one.sha256) == 64 and len(one.commit) == 12 for one in listed)
        assert len(Kept.listed().hashes) > 80_000

    def test_an_answer_of_something_else_is_refused(self, tmp_path: Path) -> None:
        """A page that says `not found` is no data."""
        asked: list[str] = []

        def not_found(address: str) -> bytes:
            asked.append(address)
            return b"<html>"

        with pytest.raises(FetchError):
            fetch(tmp_path, not_found)
        assert asked == [Source.listed()[0].address]

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.hash_bank import (
    EXACT,
    HEADER,
    LEAST_BITS_SET,
    Bank,
    Entry,
    HashType,
    Kind,
    Status,
    entry_of,
)
from classifiers.hash_bank_block import columns_of, plain_lines
from classifiers.hash_bank_csv import parse, write
from classifiers.hash_bank_rows import BankFormatError

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HEAD = ",".join(HEADER)
LINE = f"partner,417,md5,{'5a' * 16},A1,3,benign|x,active,2026-01-02T03:04:05Z"
LENGTHS = {HashType.MD5: 16, HashType.SHA1: 20, HashType.PHOTODNA: 144}


def taken(text: str | bytes) -> Bank:
    data = text.encode() if isinstance(text, str) else text
    return parse(data, source="partner", kind=Kind.CSAM, fetched_at=DAY)


def refused(text: str | bytes) -> BankFormatError:
    with pytest.raises(BankFormatError) as caught:
        taken(text)
    return caught.value


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    kind = draw(st.sampled_from(HashType))
    digest = draw(st.binary(min_size=LENGTHS.get(kind, 32), max_size=LENGTHS.get(kind, 32)))
    status = draw(st.sampled_from(Status)) if kind is HashType.SHA256 else Status.ACTIVE
    if kind not in EXACT and int.from_bytes(digest).bit_count() < LEAST_BITS_SET:
        status = Status.RETRACTED
    return Entry(
        source="partner",
        entry_id="e" + draw(st.text("Za0._:/+-", max_size=9)),
        type=kind,
        hash=digest,
        classification=draw(st.sampled_from(["", "A1", "B 2 (old), x"])),
        severity=draw(st.integers(0, 4)),
        tags=tuple(draw(st.lists(st.sampled_from(["a", "b c", "d,e"]), max_size=3))),
        status=status,
        updated_at=draw(st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1))),  # noqa: DTZ001 (hypothesis wants a naive bound)
    )


class TestRoundTrip:
    @given(st.lists(entries(), max_size=5, unique_by=lambda e: (e.entry_id, e.type, e.hash)))
    def test_what_is_written_is_read_back(self, made: list[Entry]) -> None:
        """A format that cannot be read back is no format."""
        bank = Bank("partner", Kind.CSAM, tuple(made), DAY)

        read = taken(write(bank))

        assert len(read.entries) == len(made)
        assert set(read.entries) == set(made)
        assert read.list_version == bank.list_version

    def test_a_file_is_written_in_one_way(self) -> None:
        """Its lines can be compared, and sorted into the list version by other tools."""
        assert write(taken(f"{HEAD}\n{LINE}\n")) == f"{HEAD}\r\n{LINE}\r\n".encode()


class TestTolerated:
    @pytest.mark.parametrize(
        "text",
        [
            f"\ufeff{HEAD}\r\n{LINE}\r\n",
            f"{HEAD}\n{LINE}",
            f'{HEAD}\r\n"partner",{LINE.partition(",")[2]}\r\n',
        ],
        ids=["byte_order_mark", "unix_lines", "quoted"],
    )
    def test_what_other_tools_write_is_read(self, text: str) -> None:
        """Spreadsheets add a byte order mark, scripts leave out the carriage return."""
        assert taken(text) == taken(f"{HEAD}\r\n{LINE}\r\n")

    def test_an_empty_list_is_a_list(self) -> None:
        """A source may have retracted everything."""
        assert taken(HEAD).entries == ()


class TestRefused:
    def test_every_bad_line_is_named_and_nothing_is_taken(self) -> None:
        """Half a list would look like a list."""
        short = LINE.replace("5a" * 16, "5a")

        fault = refused(f"{HEAD}\n{LINE}\n{short}\n{LINE}\nx,y")

        assert [line.number for line in fault.lines] == [3, 4, 5]
        assert [line.what for line in fault.lines] == [
            "hash: expected 16 bytes",
            "expected each hash of an entry once",
            "expected 9 fields, got 2",
        ]

    @pytest.mark.parametrize(
        ("old", "new", "what"),
        [
            ("partner", "another", "source"),
            (",md5,", ",MD5,", "hash_type"),
            (",md5,", ",md4,", "hash_type"),
            ("5a5a", "5A5A", "hash"),
            ("5a5a", "5a5", "hash"),
            (",3,", ",9,", "severity"),
            (",3,", ",²,", "severity"),
            ("active", "Active", "status"),
            ("active", "own_negative", "own_negative"),
            ("T03:04:05Z", "", "updated_at"),
            ("T03:04:05Z", "T03:04:05", "updated_at"),
            ("T03:04:05Z", "T25:04:05Z", "updated_at"),
            ("benign|x", "benign||x", "tags"),
            ("417", "5a" * 16, "source_entry_id"),
        ],
    )
    def test_a_field_that_is_wrong_is_named_but_never_shown(
        self, old: str, new: str, what: str
    ) -> None:
        """An import's errors end up in tickets; hashes must not."""
        fault = refused(f"{HEAD}\n{LINE.replace(old, new)}\n")

        assert fault.lines[0].number == 2
        assert fault.lines[0].what.startswith(what)
        assert "5a5a" not in str(fault).lower()

    @pytest.mark.parametrize(
        "text",
        [b"", b"\n", HEAD.upper().encode(), f"{HEAD},extra".encode(), HEAD.encode("utf-16")],
    )
    def test_without_the_exact_header_nothing_is_guessed(self, text: bytes) -> None:
        """Columns in another order would be read as something else."""
        assert refused(text).lines[0].number == 1

    def test_an_open_quote_is_an_error(self) -> None:
        """A lenient reader would swallow the rest of the list into one field."""
        assert refused(f'{HEAD}\n"{LINE}\n').lines[0].what == "expected RFC 4180 fields"

    def test_a_flat_hash_is_an_error(self) -> None:
        """It would match every flat picture."""
        flat = LINE.replace(",md5,", ",pdq,").replace("5a" * 16, "00" * 32)

        assert "flat" in refused(f"{HEAD}\n{flat}").lines[0].what

    @given(st.binary(max_size=200))
    def test_any_bytes_are_taken_or_refused(self, data: bytes) -> None:
        """An import must not fail in a way that nobody handles."""
        try:
            bank = taken(f"{HEAD}\r\n".encode() + data)
        except BankFormatError:
            return
        assert bank.entries == replace(bank).entries


class TestBlocks:
    @given(
        st.lists(entries(), min_size=1, max_size=4),
        st.integers(0, 300),
        st.sampled_from([*"0fgA, |:Z9-.\n", "", "00", "true"]),
    )
    def test_what_is_taken_at_once_is_what_looking_row_by_row_takes(
        self, made: list[Entry], place: int, put: str
    ) -> None:
        """The quick way must never let pass what the rules refuse."""
        text = write(Bank("partner", Kind.CSAM, tuple(made), DAY)).decode().replace("\r\n", "\n")
        text = text.partition("\n")[2]
        spot = place % len(text)
        data = (text[:spot] + put + text[spot + 1 :]).encode()
        if not plain_lines("partner").fullmatch(data):
            return
        columns = columns_of(data)
        if columns is None:
            return

        rows = [entry_of(line.split(",")) for line in data.decode().split("\n")[:-1]]
        for kind in HashType:
            hashes, notes, lengths = columns.of_type(kind)
            of_kind = [row for row in rows if row.type is kind]
            assert [one.tobytes() for one in hashes] == [row.hash for row in of_kind]
            assert notes.tobytes().decode() == "".join(
                row.entry_id + row.status[0] for row in of_kind
            )
            assert lengths.tolist() == [len(row.entry_id) + 1 for row in of_kind]
        assert sum(columns.counts()["status"].values()) == len(rows)

    @pytest.mark.parametrize(
        ("line", "plain"),
        [
            (LINE, True),
            (LINE.replace("A1", '"A1, old"'), False),
            (LINE.replace("01-02T", "02-29T"), False),
            (LINE.replace("01-02T", "02-30T"), False),
            (LINE.replace("active", "disputed"), True),
            (LINE.replace("active", "retracted"), False),
            (LINE.replace("417", "4" * 40), False),
        ],
    )
    def test_only_the_plainest_lines_are_taken_at_once(self, line: str, plain: bool) -> None:
        """Anything that needs a thought is given one."""
        assert (plain_lines("partner").fullmatch(f"{line}\n".encode()) is not None) is plain

    @pytest.mark.parametrize("digest", ["d41d8cd98f00b204e9800998ecf8427e"])
    def test_the_hash_of_an_empty_file_is_an_error(self, digest: str) -> None:
        """Broken exporters list it; every upload that failed would then match."""
        assert "nothing" in refused(f"{HEAD}\n{LINE.replace('5a' * 16, digest)}").lines[0].what

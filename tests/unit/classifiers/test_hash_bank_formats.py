import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2s

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.hash_bank import Entry, HashType, Status
from classifiers.hash_bank_formats import Format, parse
from classifiers.hash_bank_given import Given
from classifiers.hash_bank_ncmec import NAMESPACE
from classifiers.hash_bank_rows import BankFormatError, Listing

DAY = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MD5, SHA1, LONG = "5a" * 16, "a5" * 20, "3c" * 32
PHOTODNA = "1b" * 144


def name(digest: bytes) -> str:
    return blake2s(digest, digest_size=8).hexdigest()


GIVEN = Given("partner", DAY, name, severity=2)


def taken(text: str | bytes, form: Format, given_: Given = GIVEN) -> Listing:
    return parse(text if isinstance(text, bytes) else text.encode(), form, given_)


def rows(text: str, form: Format, given_: Given = GIVEN) -> list[tuple[str, str]]:
    return sorted((e.type.value, e.hash.hex()) for e in taken(text, form, given_).entries())


def refused(text: str | bytes, form: Format, given_: Given = GIVEN) -> BankFormatError:
    with pytest.raises(BankFormatError) as caught:
        taken(text, form, given_)
    return caught.value


class TestPlain:
    def test_the_length_of_a_hash_tells_what_it_is(self) -> None:
        """A list without anything beside the hashes is the commonest."""
        text = f"# of a partner\n{MD5}\n\n  {SHA1.upper()}\r\n{PHOTODNA}\n"

        assert rows(text, Format.PLAIN) == [("md5", MD5), ("photodna", PHOTODNA), ("sha1", SHA1)]

    def test_base64_is_read_too(self) -> None:
        """Some tools write hashes so."""
        text = base64.b64encode(bytes.fromhex(SHA1)).decode()

        assert rows(text, Format.PLAIN) == [("sha1", SHA1)]

    def test_what_may_be_two_kinds_is_refused_until_somebody_says_which(self) -> None:
        """A sha256 taken for a PDQ hash would match pictures by chance, and never its own."""
        fault = refused(f"{MD5}\n{LONG}", Format.PLAIN)

        assert [line.number for line in fault.lines] == [2]
        assert "sha256 or pdq" in fault.lines[0].what
        assert LONG[:8] not in str(fault)
        said = replace(GIVEN, type=HashType.PDQ)
        assert rows(LONG, Format.PLAIN, said) == [("pdq", LONG)]

    def test_rows_without_an_id_have_one_that_stays_and_tells_nothing(self) -> None:
        """What was retracted is known again in the next version."""
        (first,) = taken(MD5, Format.PLAIN).entries()
        again = {entry.entry_id for entry in taken(f"{SHA1}\n{MD5}", Format.PLAIN).entries()}

        assert first.entry_id in again
        assert first == Entry(
            "partner", name(first.hash), HashType.MD5, first.hash, "", 2, (), Status.ACTIVE, DAY
        )

    def test_every_bad_line_is_told_and_none_is_shown(self) -> None:
        """Errors end up in tickets."""
        fault = refused(f"{MD5}\n{MD5}\nxyzzy\n5a5a\n{'0' * 32}x", Format.PLAIN)

        assert [line.number for line in fault.lines] == [2, 3, 4, 5]
        assert "5a5a" not in str(fault)


class TestThreatExchange:
    def test_the_kind_stands_before_the_hash(self) -> None:
        """Threatexchange's local files are so; what is of no picture is counted."""
        given_ = replace(GIVEN, skipped=type(GIVEN.skipped)())
        text = f"pdq {LONG}\nmd5 {MD5}\nvideo_md5 {MD5}\nraw_text some words\n"

        assert rows(text, Format.THREATEXCHANGE, given_) == [("md5", MD5), ("pdq", LONG)]
        assert given_.skipped == {"video_md5": 1, "raw_text": 1}

    def test_another_kind_is_an_error(self) -> None:
        """Nobody knows what it would match."""
        assert refused(f"md4 {MD5}", Format.THREATEXCHANGE).lines[0].number == 1


COLUMNS = {"md5": "MD5", "sha1": "SHA1", "photodna": "PhotoDNA", "id": "Image ID"}


class TestMapped:
    def test_columns_are_taken_by_the_names_that_somebody_gave(self) -> None:
        """A police export has a hash of each kind on one line."""
        head = "MD5;SHA1;PhotoDNA;Image ID;Is distributed\n"
        given_ = replace(GIVEN, columns=COLUMNS, delimiter=";")

        listing = taken(f"{head}{MD5.upper()};{SHA1};;77;yes\n", Format.CSV, given_)

        assert {(e.entry_id, e.type) for e in listing.entries()} == {
            ("77", HashType.MD5),
            ("77", HashType.SHA1),
        }

    def test_a_column_may_say_what_the_hash_is(self) -> None:
        """Members' lists have one column for all kinds."""
        columns = {"hash": "h", "type": "t", "classification": "c", "severity": "s"}
        text = f'h,t,c,s\n{LONG},SHA256,"A, old",3\n{MD5},md5,B,1\n'

        listing = taken(text, Format.CSV, replace(GIVEN, columns=columns))

        assert {(e.type, e.classification, e.severity) for e in listing.entries()} == {
            (HashType.MD5, "B", 1),
            (HashType.SHA256, "A, old", 3),
        }

    @pytest.mark.parametrize(
        ("columns", "text", "number"),
        [
            ({"md5": "x"}, f"y\n{MD5}\n", 1),
            ({"colour": "y"}, f"y\n{MD5}\n", 1),
            ({"id": "y"}, f"y\n{MD5}\n", 1),
            ({"md5": "y"}, f"y,y\n{MD5},{MD5}\n", 1),
            ({"md5": "y"}, "y,z\n,\n", 2),
            ({"md5": "z"}, f"y,z\n{MD5}\n", 2),
            ({"hash": "y", "type": "z"}, f"y,z\n{MD5},md4\n", 2),
            ({"hash": "y"}, f"y\n{LONG}\n", 2),
            ({"hash": "y"}, f'y\n"{MD5}\n', 2),
        ],
    )
    def test_what_cannot_be_right_is_refused_with_its_line(
        self, columns: dict[str, str], text: str, number: int
    ) -> None:
        """A wrong column would be read as hashes that match nothing."""
        fault = refused(text, Format.CSV, replace(GIVEN, columns=columns))

        assert fault.lines[0].number == number


def xml(images: str, more: str = "") -> str:
    return (
        f'<queryResult xmlns="{NAMESPACE}"><images count="1">{images}</images>{more}</queryResult>'
    )


IMAGE = (
    '<image><member id="42">Example</member><timestamp>2026-01-02T03:00:00Z</timestamp><id>e1</id>'
    f"<classification>A1</classification><fingerprints><md5>{MD5}</md5><pdq>{LONG}</pdq>"
    '<netclean href="x"/></fingerprints></image>'
)
DELETED = '<deletedImage><member id="42">Example</member><id>e0</id></deletedImage>'


class TestNcmec:
    def test_an_entry_has_a_row_for_each_fingerprint(self) -> None:
        """Member, entry and kind are the key; a tombstone lists nothing."""
        given_ = replace(GIVEN, skipped=type(GIVEN.skipped)())

        listing = taken(xml(IMAGE + DELETED), Format.NCMEC, given_)

        assert [(e.entry_id, e.type, e.classification) for e in listing.entries()] == [
            ("42/e1", HashType.MD5, "A1"),
            ("42/e1", HashType.PDQ, "A1"),
        ]
        assert given_.skipped == {"netclean": 1, "deletedImage": 1}

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "<queryResult/>",
            xml(IMAGE)[:-5],
            xml(IMAGE, "<paging><next>/v2/entries?start=1001</next></paging>"),
            f"<!DOCTYPE queryResult [<!ENTITY a 'aaaa'>]>{xml(IMAGE)}",
            xml(IMAGE.replace('id="42"', "")),
            xml(IMAGE.replace("<id>e1</id>", "")),
            xml(IMAGE.replace(MD5, "5a")),
            xml(IMAGE.replace("netclean", "newkind")),
        ],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        """Half of a feed, or a feed of entities, is no list."""
        refused(text, Format.NCMEC)


def record(**changes: object) -> dict[str, object]:
    return {
        "lastModtimestamp": 1767322984,
        "signalType": "ImagePDQ",
        "hashValue": LONG,
        "hashStatus": "Active",
        "caseNumbers": {"1234": "Active"},
        **changes,
    }


def answer(*records: object, **more: object) -> str:
    return json.dumps({"count": len(records), "hashRecords": records, **more})


class TestStopNcii:
    def test_records_of_pictures_are_rows_and_withdrawn_ones_match_nothing(self) -> None:
        """Somebody who takes a case back must not be matched any more."""
        given_ = replace(GIVEN, skipped=type(GIVEN.skipped)())
        gone = record(hashValue="4d" * 32, hashStatus="Withdrawn")
        video = record(signalType="VideoMD5", hashValue=MD5)

        listing = taken(answer(record(), gone, video), Format.STOPNCII, given_)

        assert listing.counts["status"] == {"active": 1, "retracted": 1}
        assert [*listing.searched] == [HashType.PDQ]
        assert len(listing.searched[HashType.PDQ].hashes) == 1
        assert "1234" not in b"".join(listing.lines).decode()
        assert given_.skipped == {"VideoMD5": 1}

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "[" * 5000,
            "{}",
            answer(record(), hasMoreRecords=True),
            answer(record(hashStatus="Maybe")),
            answer(record(signalType="ImageX")),
            answer(record(hashValue=MD5)),
            answer(record(hashValue=None)),
            answer(record(lastModtimestamp=10**18)),
            answer("x"),
        ],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        """One page of several would withdraw all the others."""
        assert LONG not in str(refused(text, Format.STOPNCII))


class TestAnyBytes:
    @settings(deadline=None)  # the first one compiles patterns
    @given(st.sampled_from(Format), st.binary(max_size=120))
    def test_any_bytes_are_taken_or_refused(self, form: Format, data: bytes) -> None:
        """An import must not fail in a way that nobody handles."""
        given_ = replace(GIVEN, columns={"hash": "h"})
        for text in (data, b"h\n" + data, xml(IMAGE).encode() + data):
            try:
                listing = taken(text, form, given_)
            except BankFormatError:
                continue
            assert len(listing) == len([*listing.entries()])

    @settings(deadline=None)
    @given(st.lists(st.sampled_from([f"pdq {LONG}", f"md5 {MD5}", "md5 x", "#", ""]), max_size=8))
    def test_lines_are_taken_once_each(self, lines: list[str]) -> None:
        """A repeated line is an error of the source's, which it should hear of."""
        wanted = [line for line in lines if line.startswith(("pdq", "md5"))]
        try:
            listing = taken("\n".join(lines), Format.THREATEXCHANGE)
        except BankFormatError:
            assert "md5 x" in wanted or len(set(wanted)) < len(wanted)
        else:
            assert len(listing) == len(wanted) == len(set(wanted))

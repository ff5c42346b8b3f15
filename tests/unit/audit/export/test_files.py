"""An export's files: strict names, one form, parsers that take what they write and nothing else."""

import csv
import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import Checkpoint
from audit.entry import Kind
from audit.errors import AuditError, MalformedError
from audit.export import schemas
from audit.export.check import verify_export
from audit.export.folder import Folder, pack, require_name
from audit.export.manifest import Manifest
from audit.export.profile import Profile
from audit.export.views import COLUMNS, Figures, table_row
from audit.leaf import Leaf
from audit.note import Note
from tests.tamper.exporting import World, exported, order_of
from tests.unit.audit.export.world import scope

_HEADER_BYTES = 30
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)")


@pytest.fixture(scope="module")
def export(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    asked = scope(Profile.LAW_ENFORCEMENT)
    return exported(world, tmp_path_factory.mktemp("files") / "export", order_of(asked))


class TestNames:
    @pytest.mark.parametrize("name", ["a", "log/tile/0/x001/067.p/8", "a-b_c.d/e"])
    def test_a_plain_name_is_taken(self, name: str) -> None:
        """What an export has."""
        assert require_name(name) == name

    @pytest.mark.parametrize(
        "name",
        ["", "/a", "a/", "../a", "a/../b", "a//b", ".a", "a\\b", "C:a", "a b", "ä", "a" * 201],
    )
    def test_a_name_that_means_something_else_somewhere_is_refused(self, name: str) -> None:
        """On another system it would lead out of the folder, or to another file."""
        with pytest.raises(MalformedError):
            require_name(name)


class TestFolder:
    def test_a_file_is_written_once(self, tmp_path: Path) -> None:
        """What was hashed is what lies there."""
        folder = Folder(tmp_path)
        folder.write("a/b", b"one")
        with pytest.raises(FileExistsError):
            folder.write("a/b", b"two")
        assert (folder.files["a/b"].size, (tmp_path / "a/b").read_bytes()) == (3, b"one")

    def test_a_zip_file_is_stored_sorted_and_without_dates(
        self, export: Path, tmp_path: Path
    ) -> None:
        """So that the same files make the same bytes, whoever packs them."""
        path = tmp_path / "export.zip"
        pack(export, path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        assert [each.filename for each in members] == sorted(each.filename for each in members)
        assert {(each.compress_type, each.date_time) for each in members} == {
            (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0))
        }

    @pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"junk" * 100])
    def test_a_file_that_is_no_export_is_told_as_that(
        self, world: World, tmp_path: Path, content: bytes
    ) -> None:
        """Status 2, with a reason."""
        path = tmp_path / "export.zip"
        path.write_bytes(content)
        with pytest.raises(MalformedError):
            verify_export(path, world.vkey)

    @given(st.binary(min_size=1, max_size=64), st.integers(0, 1 << 30))
    def test_a_damaged_zip_file_never_passes(
        self, export: Path, world: World, damage: bytes, place: int
    ) -> None:
        """Whatever is overwritten: a problem, or a refusal with a name; no other fault."""
        whole = export.with_suffix(".whole")
        if not whole.exists():
            pack(export, whole)
        data = bytearray(whole.read_bytes())
        place %= len(data) - len(damage)
        before = bytes(data[place : place + len(damage)])
        data[place : place + len(damage)] = damage
        path = export.with_suffix(".damaged")
        path.write_bytes(data)
        with suppress(AuditError, OSError):
            report = verify_export(path, world.vkey)
            assert not report.ok or before == damage or _beside_the_files(whole, place, damage)


def _beside_the_files(path: Path, place: int, damage: bytes) -> bool:
    """Whether these bytes are none of a file's own: dates, modes and the like prove nothing."""
    with zipfile.ZipFile(path) as archive:
        starts = [
            (each.header_offset + 30 + len(each.filename), each) for each in archive.infolist()
        ]
    spans = [(start, start + each.file_size) for start, each in starts]
    return not any(place < end and place + len(damage) > start for start, end in spans)


class TestManifest:
    def test_it_goes_round(self, export: Path) -> None:
        """What we write we can read back, and there is one way to write it."""
        data = (export / "manifest.json").read_bytes()
        assert Manifest.parse(data).write() == data

    @given(st.binary(max_size=200))
    def test_junk_is_malformed(self, data: bytes) -> None:
        """And never another kind of fault."""
        with pytest.raises(MalformedError):
            Manifest.parse(data)

    @given(st.data())
    def test_a_manifest_with_any_value_replaced_is_malformed_or_says_that(
        self, export: Path, data: st.DataObject
    ) -> None:
        """No value is taken for what it is not."""
        said = json.loads((export / "manifest.json").read_bytes())
        key = data.draw(st.sampled_from(sorted(said)))
        value = data.draw(st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers()))
        changed = json.dumps({**said, key: value}, sort_keys=True, separators=(",", ":"))
        with suppress(MalformedError):
            read = Manifest.parse(changed.encode() + b"\n")
            assert json.loads(read.write())[key] == value


class TestViews:
    def test_no_cell_is_a_formula(self) -> None:
        """A spreadsheet would run it for whoever opens the table."""
        for formula in FORMULAS:
            leaf = Leaf(UUID(int=1), Kind.ADMIT, "2026", {"tenant": formula}, {}, None)
            (row,) = csv.reader(io.StringIO(table_row(7, leaf).decode()))
            assert row[COLUMNS.index("tenant")] == f"'{formula}"
            assert (row[0], row[2]) == ("7", "admit")

    def test_minutes_in_which_nobody_could_look_are_counted_once(self) -> None:
        """Ten refusals in a minute are a minute."""
        figures = Figures()
        for second in ("00", "59"):
            at = f"2026-11-23T01:30:{second}.000000Z"
            public = {"cause": "incapacity", "code": "UNKNOWN"}
            figures.take(Leaf(UUID(int=1), Kind.HELD, at, public, {}, None))
        said = json.loads(figures.write()["figures/fail_closed.json"])
        assert (said["minutes"], said["entries"]) == (1, 2)


class TestSchemas:
    def test_what_an_export_holds_is_as_its_schemas_say(self, export: Path) -> None:
        """Whoever reads it with another program builds on them."""
        for name, rows in {
            "leaf": (export / "entries.jsonl").read_bytes().splitlines(),
            "withheld": (export / "withheld.jsonl").read_bytes().splitlines(),
            "disclosed": (export / "disclosed.jsonl").read_bytes().splitlines(),
            "manifest": [(export / "manifest.json").read_bytes()],
        }.items():
            schema = json.loads((export / "schema" / f"{name}.json").read_bytes())
            assert rows
            for row in rows:
                jsonschema_rs.validate(schema, json.loads(row))

    def test_a_leaf_with_a_key_that_its_kind_has_not_is_none(self, export: Path) -> None:
        """The schema is as strict as the writer."""
        schema = json.loads(schemas.files()["schema/leaf.json"])
        line = (export / "entries.jsonl").read_bytes().splitlines()[1]
        leaf = json.loads(line)
        leaf["public"]["vkey"] = "a"
        assert not jsonschema_rs.is_valid(schema, leaf)


def test_a_receipt_of_another_history_is_seen_and_of_a_later_head_is_not_compared(
    export: Path, world: World, tmp_path: Path
) -> None:
    """An export that was made before a receipt is no cut log; the report says what is open."""
    other = exported(world, tmp_path / "other", order_of(scope(Profile.REGULATOR)))
    forked = (other / "log" / "checkpoint").read_text("utf-8")
    own = (export / "log" / "checkpoint").read_text("utf-8")
    later = _signed(world, 1_000)

    assert verify_export(export, world.vkey, known_checkpoints=[own]).ok
    assert not verify_export(export, world.vkey, known_checkpoints=[forked]).ok
    report = verify_export(export, world.vkey, known_checkpoints=[own, later])
    assert report.ok
    assert any("cannot be compared" in each for each in report.not_proved)
    with pytest.raises(MalformedError):
        verify_export(export, world.vkey, known_checkpoints=[own.replace("=", "A", 1)])


def _signed(world: World, size: int) -> str:
    text = Checkpoint(world.signer.vkey.name, size, bytes(32)).text()
    return Note(text, (world.signer.sign(text),)).write()

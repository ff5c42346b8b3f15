"""The table as Parquet: the same entries once more, whole, for those who ask for it."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest

from audit.errors import UnusableError
from audit.export.check import verify_export
from audit.export.names import ENTRIES, PARQUET
from audit.export.profile import Profile
from audit.export.table import require_parquet
from audit.export.views import COLUMNS
from tests.tamper.exporting import World, exported, order_of
from tests.unit.audit.export.world import scope


@pytest.fixture(scope="module")
def export(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with the table as Parquet."""
    order = replace(order_of(scope(Profile.REGULATOR)), parquet=True)
    return exported(world, tmp_path_factory.mktemp("table") / "export", order)


def test_it_holds_every_entry_of_the_export(export: Path) -> None:
    """Whoever counts in data frames counts the same as whoever reads the evidence."""
    lines = (export / ENTRIES).read_text("utf-8").splitlines()
    table = pyarrow.parquet.read_table(export / PARQUET)

    assert table.column_names == [*COLUMNS, "leaf"]
    assert table.column("leaf").to_pylist() == lines
    for row in table.to_pylist():
        leaf = json.loads(row["leaf"])
        assert (row["at"], row["kind"]) == (leaf["at"], leaf["kind"])
        public = leaf["public"]
        assert row["code"] == public.get("code")
        assert row["duration_us"] == public.get("duration_us")


def test_the_verifier_takes_it_and_says_what_it_does_not_prove(world: World, export: Path) -> None:
    """It has no reader of Parquet: a silent pass would claim more than was checked."""
    report = verify_export(export, world.vkey)

    assert report.problem_count == 0
    assert any(PARQUET in each for each in report.not_proved)


def test_another_table_is_not_what_the_manifest_names(
    world: World, export: Path, tmp_path: Path
) -> None:
    """Nobody can put another one in its place."""
    copy = Path(shutil.copytree(export, tmp_path / "copy"))
    data = bytearray((copy / PARQUET).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / PARQUET).write_bytes(data)

    report = verify_export(copy, world.vkey)

    assert any(PARQUET in str(each) for each in report.problems)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the log has an entry of an export that is then not made."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(UnusableError, match="pip install"):
        require_parquet()

"""The table of an export: as CSV always, and as Parquet where that is asked for."""

import io
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

from audit.errors import UnusableError
from audit.export.folder import Folder, Writing
from audit.export.names import PARQUET, TABLE
from audit.export.views import COLUMNS, HEADING, table_row
from audit.leaf import Leaf

WHOLE = "leaf"
"""The last column of the Parquet table: the entry as it was hashed, a JSON text."""
_NUMBERS = frozenset({"index", "sample", "attempt", "duration_us"})
_GROUP = 8192

Row = Callable[[int, Leaf], None]


@contextmanager
def open_table(folder: Folder, *, parquet: bool) -> Generator[Row]:
    """Yield what takes the rows of the table, one after the other.

    Raises:
        UnusableError: Parquet is asked for, and what writes it is not installed.
    """
    with folder.open(TABLE) as table:
        table.write(HEADING)

        def plain(index: int, leaf: Leaf) -> None:
            table.write(table_row(index, leaf))

        if not parquet:
            yield plain
            return
        with folder.open(PARQUET) as file:
            columns = Columns(file)

            def both(index: int, leaf: Leaf) -> None:
                plain(index, leaf)
                columns.take(index, leaf)

            yield both
            columns.close()


class Columns:
    """Writes entries as Parquet, some thousands at a time."""

    def __init__(self, file: Writing) -> None:
        pa, writer = require_parquet()
        named = [*COLUMNS, WHOLE]
        kinds = [pa.int64() if name in _NUMBERS else pa.string() for name in named]
        self._schema = pa.schema([*zip(named, kinds, strict=True)])
        self._batch = pa.RecordBatch.from_pylist
        self._writer = writer(_Sink(file), self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def take(self, index: int, leaf: Leaf) -> None:
        """Add an entry; numbers and words stand in their columns as the entry has them."""
        own = {"index": index, "at": leaf.at, "kind": leaf.kind.value, "id": str(leaf.entry_id)}
        said = {name: _fitting(name, leaf.public.get(name)) for name in COLUMNS}
        self._rows.append({**said, **own, WHOLE: leaf.write().decode()})
        if len(self._rows) == _GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_batch(self._batch(self._rows, schema=self._schema))
        self._rows = []


def require_parquet() -> tuple[Any, Any]:
    """Return the library that writes Parquet, and its writer.

    Raises:
        UnusableError: it is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra: most exports go without
        from pyarrow.parquet import ParquetWriter  # noqa: PLC0415 - as above
    except ImportError as fault:
        missing = "Parquet needs `pip install 'imprimatur[parquet]'`: install it, or leave it out"
        raise UnusableError("export", missing) from fault
    return pa, ParquetWriter


class _Sink(io.RawIOBase):
    """A file of an export, as a library takes it."""

    def __init__(self, file: Writing) -> None:
        super().__init__()
        self._file = file

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: Any, /) -> int:
        content = bytes(data)
        self._file.write(content)
        return len(content)

    @override
    def tell(self) -> int:
        return self._file.done.size


def _fitting(name: str, value: object) -> object:
    """Return a value of its column's kind; what an entry has there otherwise is in the leaf."""
    if name in _NUMBERS:
        return value if isinstance(value, int) and not isinstance(value, bool) else None
    return None if value is None else str(value)

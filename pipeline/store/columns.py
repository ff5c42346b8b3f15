"""Types of columns: one way to write a time and a word of ours, and to read it back."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import Dialect, Enum, MetaData, String
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

metadata = MetaData()
"""Every table of app.db."""

W = TypeVar("W", bound=StrEnum)


class Instant(TypeDecorator[datetime]):
    """An aware time, kept as UTC text with microseconds, which sorts as time does."""

    impl = String(32)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("time: expected an aware one, got a naive one")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def word(words: type[W]) -> Enum:
    """Return the column type for one of `words`; the database refuses any other."""
    return Enum(
        words,
        values_callable=_values,
        native_enum=False,
        create_constraint=True,
        length=32,
    )


def _values(words: type[StrEnum]) -> list[str]:
    return [item.value for item in words]

"""A process that dies between the log and app.db, and the one that starts after it."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest

from audit.entry import Entry, Kind, Receipt
from audit.errors import NotDurableError
from tests.unit.pipeline.world import World


@contextmanager
def dying_at(house: World, kind: Kind, *, before: bool = False, sample: int = 0) -> Generator[None]:
    """Die right after, or right before, the entry of one kind (and sample) is written.

    What is done in the block MUST come to that entry.
    """
    append = house.log.append

    async def last(entry: Entry) -> Receipt:
        dies = entry.kind is kind and entry.public.get("sample", 0) == sample
        if dies and before:
            raise NotDurableError("entry", "the process died")
        receipt = await append(entry)
        if dies:
            raise NotDurableError("entry", "the process died")
        return receipt

    house.log.append = last  # type: ignore[method-assign]  # as a crash cuts it off
    try:
        with pytest.raises(NotDurableError):
            yield
    finally:
        house.log.append = append  # type: ignore[method-assign]  # the same

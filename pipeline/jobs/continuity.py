"""Continuity: `log.db` and `app.db` are of one installation, and neither was lost alone.

Either is made anew where it is missing, as at the first start. Beside the other that would be a
quiet loss: of what waits and of who may ask, or of the history. So it is refused, until somebody
puts the file back or says that the loss is known.
"""

from datetime import datetime
from uuid import UUID, uuid5

from audit.entry import Entry, Kind
from audit.leaf import Leaf
from audit.log import Log
from pipeline.errors import LostFileError
from pipeline.store.store import Store
from pipeline.store.submissions import State

STORE_LOST = "store.lost"
"""The event of the entry that says from where on `app.db` is a new one."""
_RECORDED = frozenset({State.HELD, State.RELEASED, State.WITHHELD})
"""What `app.db` says of a submission only after the log does."""
_PAGE = 1000


async def is_store_lost(log: Log, store: Store) -> bool:
    """Whether the log knows submissions, since the last such loss, and `app.db` knows none.

    Raises:
        LostFileError: it is the other way round: the log was lost.
    """
    states = await store.submissions.states()
    if states:
        _require_log(len(await log.entries(0, 2)), states)
        return False
    return await _names_submissions(log)


def loss(newest: UUID, at: datetime) -> Entry:
    """Return the entry that says that `app.db` begins anew after the entry `newest`."""
    return Entry(uuid5(newest, STORE_LOST), Kind.ERROR, at, {"event": STORE_LOST})


def _require_log(entries: int, states: frozenset[State]) -> None:
    if entries == 1 and states & _RECORDED:  # its own first entry alone
        raise LostFileError(
            "log.db",
            "the one that app.db follows",
            "a new one: restore log.db from its backup, or move app.db and vault away as well",
        )


async def _names_submissions(log: Log) -> bool:
    """Whether a submission is named after the last loss: seldom asked, so the log is read back."""
    newest = await log.tail(1)
    end = newest[-1].index + 1 if newest else 0
    while end > 0:
        start = max(0, end - _PAGE)
        for receipt in reversed(await log.entries(start, end - start)):
            public = Leaf.parse(receipt.leaf).public
            if public.get("event") == STORE_LOST:
                return False
            if "submission" in public:
                return True
        end = start
    return False

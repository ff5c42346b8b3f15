"""The operator's route for what was decided, with what it was decided over, to decide it again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from audit.entry import Entry, Kind, Receipt
from audit.errors import AbsentError, UntrustedError
from audit.leaf import Leaf
from audit.log import Log
from pipeline.gateway.gate import Gate
from pipeline.items import Stage

PAGE: Final = 256
_DECIDED: Final = frozenset({Kind.ADMIT, Kind.HALTED, Kind.HELD, Kind.EXAMINED})


class Wanted(BaseModel):
    """Which decisions, and who asks, for the entry of it."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(min_length=1, max_length=200)
    since: datetime | None = None
    after: int | None = Field(None, ge=0)
    """The index at which to go on; without it, at the first entry that is not before `since`."""
    size: int | None = Field(None, ge=0)
    """The size of the log when it was begun: reading adds entries, which are not read."""


def routes(gate: Gate) -> APIRouter:
    """Return the route; it MUST be served where nobody but the operator can reach it."""
    router = APIRouter(prefix="/decisions")

    @router.post("")
    async def page(wanted: Wanted) -> dict[str, object]:
        """Give a page of decisions; each page leaves an entry before anything is opened."""
        size = await _size(gate.log) if wanted.size is None else wanted.size
        start = await _first(gate.log, size, wanted.since) if wanted.after is None else wanted.after
        entries = await gate.log.entries(start, min(PAGE, max(size - start, 0)))
        access = Entry(
            gate.new_id(),
            Kind.ACCESS,
            gate.now(),
            {"event": "decisions.read", "count": len(entries)},
            {"person": wanted.person},
        )
        await gate.log.append(access)
        found = [await _decision(gate.log, each) for each in entries]
        end = start + len(entries)
        return {
            "decisions": [each for each in found if each is not None],
            "next": end if end < size else None,
            "start": start,
            "size": size,
            "installed": [
                [question.name, question.rendition] for question in gate.judge.installed()
            ],
        }

    return router


async def _size(log: Log) -> int:
    newest = await log.tail(1)
    return newest[0].index + 1 if newest else 0


async def _first(log: Log, size: int, since: datetime | None) -> int:
    """Return the index of the first entry that is not before `since`: times only grow."""
    low, high = 0, size
    while since is not None and low < high:
        middle = (low + high) // 2
        (entry,) = await log.entries(middle, 1)
        if datetime.fromisoformat(Leaf.parse(entry.leaf).at) < since:
            low = middle + 1
        else:
            high = middle
    return low


async def _decision(log: Log, entry: Receipt) -> Mapping[str, object] | None:
    """Return what was decided by an entry, and over what; None if nobody decided there."""
    leaf = Leaf.parse(entry.leaf)
    said = leaf.public
    if leaf.kind not in _DECIDED or "action" not in said:
        return None
    if leaf.kind is Kind.HELD and said.get("stage") != Stage.SCREEN:
        return None  # the look at the picture is an entry of its own
    decision: dict[str, object] = {
        "entry": str(leaf.entry_id),
        "index": entry.index,
        "moment": "output" if leaf.kind is Kind.EXAMINED else "request",
        "tenant": said.get("tenant"),
        "policy_digest": said.get("policy_digest"),
        "action": said["action"],
        "code": said.get("code"),
    }
    return {**decision, **await _opened(log, leaf.entry_id)}


async def _opened(log: Log, entry: UUID) -> Mapping[str, object]:
    try:
        detail = await log.detail(entry)
    except AbsentError:
        return {"closed": "erased"}
    except UntrustedError:
        return {"closed": "untrusted"}
    told = {name: detail.detail.get(name) for name in ("facts", "findings")}
    return {"closed": "incomplete"} if None in told.values() else told

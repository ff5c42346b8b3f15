"""The operator's route for what was decided, with what it was decided over, to decide it again."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from pipeline.gateway.gate import Gate
from pipeline.history.decided import PAGE, Decided


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
    decided = Decided(gate.log, gate.now, gate.new_id)

    @router.post("")
    async def page(wanted: Wanted) -> dict[str, object]:
        """Give a page of decisions; each page leaves an entry before anything is opened."""
        size = await decided.size() if wanted.size is None else wanted.size
        after = wanted.after
        start = await decided.first(size, wanted.since) if after is None else after
        found = await decided.page(start, size, wanted.person, PAGE)
        return {
            "decisions": found.decisions,
            "next": found.next,
            "start": start,
            "size": size,
            "installed": [
                [question.name, question.rendition] for question in gate.judge.installed()
            ],
        }

    return router

"""The operator's routes for banks of known hashes. No answer holds a hash."""

import base64
import binascii
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from classifiers.errors import BankError, UnreadableError
from classifiers.hash_bank_trial import MOST_MATCHED
from pipeline.gateway.errors import GateError
from pipeline.jobs.bank_desk import BankDesk


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    person: str = Field(min_length=1, max_length=200)


class NewVersion(_Body):
    """That the version of a bank that waits is to be tried, and used."""

    most_matched: float = Field(MOST_MATCHED, ge=0, le=1)


class NewRetraction(_Body):
    """What is to be taken out of a bank, and why."""

    entry: str | None = Field(None, max_length=128)
    reason: str = Field(min_length=1, max_length=2000)


class Question(_Body):
    """A picture that somebody asks about, and why."""

    picture: str = Field(repr=False)
    """In base64."""
    reason: str = Field(min_length=1, max_length=2000)


def routes(desk: BankDesk) -> APIRouter:
    """Return the routes; they MUST be served where nobody but the operator can reach them."""
    router = APIRouter(prefix="/banks")

    @router.post("/match")
    async def matched(asked: Question) -> dict[str, object]:
        try:
            data = base64.b64decode(asked.picture, validate=True)
        except binascii.Error:
            raise GateError(400, "picture: expected base64") from None
        with _told():
            found = await desk.match(data, desk.person(asked.person), asked.reason)
        return {"matches": [asdict(one) for one in found]}

    @router.post("/{name:path}/use")
    async def used(name: str, new: NewVersion) -> dict[str, object]:
        with _told():
            end = await desk.use(name, new.person, new.most_matched)
        return {**asdict(end), "trial": end.trial.model_dump()}

    @router.post("/{name:path}/retract")
    async def retracted(name: str, new: NewRetraction) -> dict[str, object]:
        with _told():
            rows = await desk.retract(name, new.entry, new.person, new.reason)
        return {"name": name, "entry": new.entry, "rows": rows}

    return router


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except BankError as fault:
        raise GateError(409, str(fault)) from None
    except UnreadableError as fault:
        raise GateError(400, str(fault)) from None

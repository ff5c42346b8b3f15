"""The operator's routes of exports: the entry before anything is read, and details after it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from audit.errors import AbsentError, MalformedError
from audit.export.opened import Disclosing
from audit.export.order import entry_of
from audit.export.profile import Profile, Scope
from audit.leaf import Leaf
from audit.vkey import VerifierKey
from pipeline.gateway.errors import GateError
from pipeline.gateway.gate import Gate
from pipeline.gateway.papers import papers
from pipeline.settings import Settings

DETAILS_FOR = timedelta(days=1)
"""For how long an export's entry opens details: a later one needs an entry of its own."""
MOST_AT_ONCE = 256


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NewExport(_Body):
    """An export that is asked for: its own key, what is in it, and who asks."""

    id: str
    vkey: str = Field(max_length=300)
    scope: dict[str, Any]
    person: str = Field(min_length=1, max_length=200)
    second: str | None = Field(None, min_length=1, max_length=200)


class Wanted(_Body):
    """Entries whose details are asked for."""

    entries: list[str] = Field(max_length=MOST_AT_ONCE)


def add(app: FastAPI, gate: Gate, settings: Settings | None) -> None:
    """Add the routes."""

    @app.post("/exports", status_code=201)
    async def asked(new: NewExport) -> dict[str, object]:
        persons = _persons(new)
        try:
            scope = Scope.read(new.scope)
            _require_second(scope, persons)
            vkey = VerifierKey.parse(new.vkey)
            entry = entry_of(UUID(new.id), scope, vkey, gate.now(), persons)
        except (MalformedError, ValueError) as fault:
            raise GateError(400, str(fault)) from None
        if scope.tenant is not None and await gate.store.tenants.get(scope.tenant) is None:
            raise GateError(404, f"There is no tenant {scope.tenant!r}.")
        receipt = await gate.log.append(entry)
        said = {name: data.decode() for name, data in (await papers(gate, settings)).items()}
        return {"index": receipt.index, "papers": said}

    @app.post("/exports/{export}/details")
    async def opened(export: UUID, wanted: Wanted) -> dict[str, object]:
        try:
            disclosing = await Disclosing.of(gate.log, export)
            receipt = await gate.log.receipt(export)
            if receipt is None or gate.now() - _at(receipt.leaf) > DETAILS_FOR:
                raise GateError(409, "This export is over: make another.")
            found = await disclosing.open([UUID(each) for each in wanted.entries])
        except AbsentError as fault:
            raise GateError(404, str(fault)) from None
        return {"opened": {str(each): said for each, said in found.items()}}


def _persons(new: NewExport) -> Mapping[str, str | bytes]:
    return {"person": new.person} | ({} if new.second is None else {"second": new.second})


def _require_second(scope: Scope, persons: Mapping[str, str | bytes]) -> None:
    """Let nobody hand somebody's name to an authority alone.

    Raises:
        GateError: there is no second person, or it is the first.
    """
    first, second = (str(persons.get(name, "")).strip().casefold() for name in ("person", "second"))
    if scope.profile is Profile.LAW_ENFORCEMENT and second in {"", first}:
        raise GateError(409, "An export for law enforcement takes a second person: --second NAME.")


def _at(leaf: bytes) -> datetime:
    return datetime.fromisoformat(Leaf.parse(leaf).at)

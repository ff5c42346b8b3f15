"""A log with several tenants and subjects, and exports of it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from audit.entry import Entry, Json, Kind, entry_id
from audit.export.profile import Profile, Scope
from audit.seal import DetailKeys
from tests.tamper.exporting import World, opened_log
from tests.tamper.scene import signer_of

DAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
NONCE = "ab" * 32
CANARY = "a harbour at dawn, canary 7731"
POLICY = "0" * 64
HARBOUR, QUAY = "harbour", "quay"
ANN, BOB = "subject-ann", "subject-bob"
RELEASED, REFUSED, SEIZED, BOBS, OTHERS, HELD = (UUID(int=number) for number in range(1, 7))
ESCALATED, SEEN_WORSE = UUID(int=7), UUID(int=8)
CASES = (
    (RELEASED, "case.assigned", ""),
    (RELEASED, "case.ruled", ""),
    (RELEASED, "check.given", "OK"),
    (ESCALATED, "case.assigned", ""),
    (ESCALATED, "case.escalated", ""),
    (SEEN_WORSE, "check.given", "CSE.IMAGE"),
)
"""What people did with cases: with the first as with any, with the others more."""
DRY, DRY_REFUSED = UUID(int=101), UUID(int=102)


def step(
    submission: UUID, kind: Kind, tenant: str, subject: str | None, day: int = 0, **public: Json
) -> Entry:
    """Return one step of a submission's way."""
    said: dict[str, Json] = {"submission": str(submission), "tenant": tenant}
    if kind is Kind.ADMIT:
        said |= {"action": "allow", "code": "OK", "policy_digest": POLICY}
    who = {} if subject is None else {"subject": subject, "request_sha256": CANARY}
    detail: dict[str, Json] = {"rules": [CANARY]} if kind is Kind.ADMIT else {}
    at = DAY + timedelta(days=day)
    return Entry(entry_id(submission, kind), kind, at, {**said, **public}, {**who}, detail)


def way(submission: UUID, tenant: str, subject: str | None, day: int = 0) -> Iterator[Entry]:
    """Yield the way of a submission whose picture is released."""
    for kind in (Kind.ADMIT, Kind.GENERATED, Kind.EXAMINED, Kind.RELEASE):
        yield step(submission, kind, tenant, subject, day)


def entries() -> Iterator[Entry]:
    """Yield everything after the genesis, over three days."""
    yield from way(RELEASED, HARBOUR, ANN)
    yield step(REFUSED, Kind.HALTED, HARBOUR, ANN, code="CSE.TEXT", action="block_and_escalate")
    yield from way(SEIZED, HARBOUR, ANN)
    yield Entry(UUID(int=201), Kind.MEDIA, DAY, {"submission": str(SEIZED), "tenant": HARBOUR})
    yield from way(ESCALATED, HARBOUR, ANN)
    yield from way(SEEN_WORSE, HARBOUR, ANN)
    yield from way(BOBS, HARBOUR, BOB, 1)
    yield from way(OTHERS, QUAY, ANN, 1)
    yield step(HELD, Kind.HELD, HARBOUR, BOB, 1, cause="incapacity", code="UNKNOWN")
    for number, code in ((DRY, "OK"), (DRY_REFUSED, "CSE.TEXT")):
        said: dict[str, Json] = {"tenant": HARBOUR, "action": "allow", "code": code}
        yield Entry(number, Kind.DRY_RUN, DAY + timedelta(days=1), said, {"subject": ANN})
    for ordinal, (submission, event, code) in enumerate(CASES, 202):
        about: dict[str, Json] = {"submission": str(submission), "tenant": HARBOUR, "event": event}
        about |= {"code": code} if code else {}
        yield Entry(UUID(int=ordinal), Kind.CASE, DAY, about, {"person": "Ada of the staff"})
    yield Entry(
        uuid5(RELEASED, "ruling"), Kind.RULING, DAY + timedelta(days=2),
        {"submission": str(RELEASED), "tenant": HARBOUR, "outcome": "approved"},
        {"person": "Ada of the staff", "reason": "a reviewer's own words"},
    )  # fmt: skip
    erased = entry_id(BOBS, Kind.GENERATED)
    yield Entry(UUID(int=301), Kind.ERASE, DAY + timedelta(days=2), {"entries": [str(erased)]})


def made(folder: Path, more: Iterable[Entry] = ()) -> World:
    """Write the log."""
    world = World(folder / "log.db", signer_of("exports"), DetailKeys("k1", {"k1": bytes(32)}))
    asyncio.run(_append(world, [*entries(), *more]))
    return world


def scope(profile: Profile, **more: Any) -> Scope:
    """Return a scope with what its profile needs."""
    needed: Mapping[Profile, Mapping[str, Any]] = {
        Profile.LAW_ENFORCEMENT: {"submissions": (str(BOBS),), "authority": "court 7 of 2026"},
        Profile.DATA_SUBJECT: {"tenant": HARBOUR, "subject": ANN},
        Profile.AUDITOR: {"sample": 1_000_000},
    }
    return replace(Scope(profile, NONCE), **{**needed.get(profile, {}), **more})


async def _append(world: World, given: Iterable[Entry]) -> None:
    log = await opened_log(world)
    for entry in given:
        await log.append(entry)
    await log.close()

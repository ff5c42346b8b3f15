"""Filing: once, whatever becomes of a call, of an answer, or of the process."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast
from uuid import uuid5

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import Connection
from typing_extensions import override

from audit.entry import Entry, Kind, Receipt
from pipeline.duties.reports.client import Answered, Ispws
from pipeline.duties.reports.errors import (
    BrokenRuleError,
    NotReportableError,
    RefusedError,
    UnansweredError,
)
from pipeline.duties.reports.filing import KEPT, Filing
from pipeline.errors import ConflictError
from pipeline.quarantine import Quarantine, open_with
from pipeline.store.api_keys import ApiKey
from pipeline.store.replicas import GONE
from pipeline.store.reports import READY, Report, Reports, Standing
from pipeline.store.store import Store
from tests.postgres_server import OWNER, Server
from tests.unit.pipeline.duties.reports.cases import (
    Fuse,
    Killed,
    Pause,
    agreed,
    approved,
    case_of,
    composed,
    escalated,
)
from tests.unit.pipeline.duties.reports.documents import REPORT, SUMMARY
from tests.unit.pipeline.duties.reports.ispws import PASSWORD, USER, StandIn
from tests.unit.pipeline.world import NOON, TENANT, World

pytestmark = pytest.mark.enable_socket
T = TypeVar("T")
SHORT = 0.3
"""Seconds until a client gives up of whom nothing will be heard."""
COMPOSED = composed()


async def at_once(_: float) -> None:
    """Wait for nothing."""


def quarantine(house: World) -> Quarantine:
    return Quarantine(house.folder / "quarantine", house.team_key.public_key(), os.urandom)


@pytest.fixture
def filing(house: World) -> Filing:
    return Filing(house.store, house.log, quarantine(house), house.clock, at_once, "gateway-1")


@pytest.fixture
def real(client: Ispws) -> Ispws:
    """The service, as if it were the one in production."""
    return replace(client, is_test=False)


async def events(house: World, case: Report) -> list[str]:
    """What the log says of a case, from its filing on."""
    leaves = await house.leaves(case.submission)
    return [str(leaf.public["event"]) for leaf in leaves if leaf.kind is Kind.REPORT]


async def test_what_two_people_approved_is_filed(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """With its files, a number, a receipt, and a hold for a year."""
    case = await approved(house)

    filed = await filing.file(case.id, COMPOSED, real, "person-1")

    assert (filed.standing, filed.receipt, filed.is_test) == (Standing.FILED, "finish", False)
    assert service.finished == [filed.number]
    report = service.reports[str(filed.number)]
    assert [*report.files.values()] == [each.data for each in COMPOSED.files]
    assert len(report.details) == 2
    assert filed.keep_until == house.clock() + KEPT
    assert await house.store.legal_holds.covers(case.tenant, case.submission, None)
    assert await events(house, case) == ["report.opening", "report.finishing", "report.filed"]


async def test_what_is_filed_stays_filed(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """Whoever asks for it again is told that it is."""
    case = await approved(house)
    filed = await filing.file(case.id, COMPOSED, real, "person-1")

    assert await filing.file(case.id, COMPOSED, real, "person-1") == filed
    assert await filing.recover(case.id, real) == filed

    assert len(service.reports) == 1


async def test_the_service_s_test_files_nothing(
    house: World, filing: Filing, client: Ispws, real: Ispws, service: StandIn
) -> None:
    """It throws everything away: the case still waits, and nothing is held for it."""
    case = await approved(house)

    tried = await filing.file(case.id, COMPOSED, client, "person-1")

    assert (tried.standing, tried.is_test) == (Standing.TRIED, True)
    assert tried in await house.store.reports.open()
    assert not await house.store.legal_holds.covers(case.tenant, case.submission, None)

    filed = await filing.file(case.id, COMPOSED, real, "person-1")
    assert filed.standing is Standing.FILED
    assert len(service.finished) == 2


async def test_what_nobody_approved_is_not_filed(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """Not even opened."""
    case = await escalated(house)

    with pytest.raises(NotReportableError):
        await filing.file(case.id, COMPOSED, real, "person-1")
    await house.store.reports.move(case, Standing.DRAFTED, NOON)
    with pytest.raises(NotReportableError):
        await filing.file(case.id, COMPOSED, real, "person-1")
    with pytest.raises(NotReportableError):
        await filing.recover(uuid5(case.id, "another"), real)

    assert service.asked == []


CALLS = ("submit", "upload", "fileinfo", "finish")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "how", ["cut_before", "cut_after", "hangs_after", "half", "500", "busy", "garbage", "endless"]
)
async def test_a_call_of_which_nobody_knows(
    house: World,
    filing: Filing,
    real: Ispws,
    http: httpx.AsyncClient,
    service: StandIn,
    call: str,
    how: str,
) -> None:
    """It is taken back and begun anew, or turns out to be filed: once, in the same run."""
    case = await approved(house)
    service.breaks(call, how)
    http.timeout = SHORT if how == "hangs_after" else http.timeout

    filed = await filing.file(case.id, COMPOSED, real, "person-1")

    assert filed.standing is Standing.FILED
    assert service.finished == [filed.number]
    lost = call == "finish" and how in {"cut_after", "hangs_after", "half"}
    assert filed.receipt == ("reconciled" if lost else "finish")


@pytest.mark.parametrize("call", ["upload", "fileinfo"])
async def test_a_report_that_the_service_dropped_is_begun_anew(
    house: World, filing: Filing, real: Ispws, service: StandIn, call: str
) -> None:
    """It drops what is not finished within a day."""
    case = await approved(house)

    service.expires_at = call

    filed = await filing.file(case.id, COMPOSED, real, "person-1")

    assert service.finished == [filed.number]
    assert filed.attempt == 2


async def test_a_file_that_arrived_as_another_is_not_filed(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """What they say that they have is not what was sent."""
    case = await approved(house)
    service.breaks("upload", "wrong_hash")

    filed = await filing.file(case.id, COMPOSED, real, "person-1")

    assert service.finished == [filed.number]
    assert "retract" in service.asked


async def test_a_service_that_is_down_is_asked_again_later(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """The run ends, the case waits as it is, and the same again files it."""
    case = await approved(house)
    for _ in range(3):
        service.breaks("submit", "500")

    waits = await filing.file(case.id, COMPOSED, real, "person-1")

    assert waits.standing is Standing.APPROVED
    filed = await filing.file(case.id, COMPOSED, real, "person-1")
    assert service.finished == [filed.number]


async def test_what_cannot_be_taken_back_stands_as_it_is(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """Nothing is opened beside it until somebody knows."""
    case = await approved(house)
    service.breaks("finish", "cut_after")
    for _ in range(3):
        service.breaks("retract", "500")

    with pytest.raises(UnansweredError):
        await filing.file(case.id, COMPOSED, real, "person-1")

    assert (await case_of(house, case.id)).standing is Standing.FINISHING
    assert service.asked.count("submit") == 1
    found = await filing.recover(case.id, real)
    assert (found.standing, found.receipt) == (Standing.FILED, "reconciled")
    assert await house.store.legal_holds.covers(case.tenant, case.submission, None)


async def test_what_is_not_taken_as_it_is_goes_to_a_person(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """It is taken back, and drafted anew."""
    case = await approved(house)
    service.breaks("fileinfo", "invalid")

    wrong = await filing.file(case.id, COMPOSED, real, "person-1")

    assert wrong.standing is Standing.NEEDS_FIX
    assert [each.state for each in service.reports.values()] == ["retracted"]


@pytest.mark.parametrize("how", ["401", "not_ours"])
@pytest.mark.parametrize("call", CALLS)
async def test_credentials_that_are_not_taken_stop_it(
    house: World, filing: Filing, real: Ispws, service: StandIn, call: str, how: str
) -> None:
    """It waits as approved until somebody has looked, and is filed then."""
    case = await approved(house)
    service.breaks(call, how)

    with pytest.raises(RefusedError) as caught:
        await filing.file(case.id, COMPOSED, real, "person-1")

    assert PASSWORD not in str(caught.value)
    assert (await case_of(house, case.id)).standing is Standing.APPROVED
    filed = await filing.file(case.id, COMPOSED, real, "person-1")
    assert service.finished == [filed.number]


async def test_what_breaks_a_rule_is_not_sent(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """Also what only today's schema does not know: no report is opened for it."""
    case = await approved(house)
    late = replace(SUMMARY, incident_date_time=house.clock() + timedelta(seconds=1))

    with pytest.raises(BrokenRuleError, match="R2"):
        await filing.file(
            case.id, composed(report=replace(REPORT, incident_summary=late)), real, "person-1"
        )

    assert service.asked == []
    case = await case_of(house, case.id)
    assert case.standing is Standing.NEEDS_FIX


async def test_a_flag_that_the_schema_of_today_does_not_know(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """The schema is fetched each time: they change it."""
    case = await approved(house)
    service.without = {"generativeAi"}

    with pytest.raises(BrokenRuleError, match="R16 generativeAi"):
        await filing.file(case.id, COMPOSED, real, "person-1")

    assert service.reports == {}


async def test_what_was_begun_in_production_is_not_looked_for_in_the_test(
    house: World, filing: Filing, client: Ispws, real: Ispws, service: StandIn
) -> None:
    """There nobody knows it, and it would be filed a second time."""
    case = await approved(house)
    service.breaks("finish", "cut_after")
    for _ in range(3):
        service.breaks("retract", "cut_before")
    with pytest.raises(UnansweredError):
        await filing.file(case.id, COMPOSED, real, "person-1")

    with pytest.raises(NotReportableError, match="production"):
        await filing.file(case.id, COMPOSED, client, "person-1")


async def test_two_at_once_are_one(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """Whoever comes second is told so."""
    case = await approved(house)
    filing.busy.add(case.id)

    with pytest.raises(NotReportableError, match="under way"):
        await filing.file(case.id, COMPOSED, real, "person-1")

    assert service.asked == []


async def test_a_case_that_the_log_says_is_filed_is_not_filed_again(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """Though app.db, put back from a copy, does not know of it."""
    case = await approved(house)
    filed = Entry(uuid5(case.id, "filed/0"), Kind.REPORT, NOON, {"event": "report.filed"})
    await house.log.append(filed)

    with pytest.raises(NotReportableError, match="log"):
        await filing.file(case.id, COMPOSED, real, "person-1")

    assert service.asked == []


async def test_what_was_said_lies_sealed_and_nowhere_else(
    house: World, filing: Filing, real: Ispws
) -> None:
    """Each request and each answer, for the team; in app.db and the log only codes and ids."""
    case = await approved(house)
    await filing.file(case.id, COMPOSED, real, "person-1")

    calls = await house.store.reports.calls(case.id)
    assert [each.call for each in calls] == ["submit", *["upload", "fileinfo"] * 2, "finish"]
    assert {(each.status, each.code, each.credential) for each in calls} == {(200, 0, USER)}
    assert all(each.request_id and each.ended_at for each in calls)
    sealed = (house.folder / "quarantine" / f"{calls[0].id}.sealed").read_bytes()
    assert b"<report>" in _sent(open_with(house.team_key, sealed).data)
    for place in ("app.db", "app.db-wal", "log.db", "log.db-wal"):
        path = house.folder / place
        assert not path.exists() or b"192.0.2.44" not in path.read_bytes()
        assert not path.exists() or PASSWORD.encode() not in path.read_bytes()


def _sent(data: bytes) -> bytes:
    return base64.b64decode(json.loads(data)["sent"])


class FusedTransact:
    """A database before each of whose transactions the process may die.

    To die after one is to die before whatever comes next.
    """

    def __init__(self, house: World, fuse: Fuse) -> None:
        self.house, self.fuse = house, fuse

    async def __call__(self, work: Callable[[Connection], T], /) -> T:
        await self.fuse.burn()
        return await self.house.store.writer(work)


class FusedLog:
    """A log, likewise."""

    def __init__(self, house: World, fuse: Fuse) -> None:
        self.house, self.fuse = house, fuse

    async def append(self, entry: Entry) -> Receipt:
        """Append, or die before."""
        await self.fuse.burn()
        return await self.house.log.append(entry)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.house.log, name)


class FusedIspws(Ispws):
    """A service, likewise."""

    fuse: Fuse

    @override
    async def _asked(self, request: httpx.Request) -> Answered:
        await self.fuse.burn()
        return await super()._asked(request)


class FusedQuarantine(Quarantine):
    """A quarantine, likewise."""

    fuse: Fuse

    @override
    async def put(self, data: bytes, facts: Any, object_id: Any) -> None:
        await self.fuse.burn()
        await super().put(data, facts, object_id)


def fused(house: World, fuse: Fuse) -> Filing:
    """Our side of it, which dies at a place of the fuse."""
    transact = cast("Any", FusedTransact(house, fuse))
    store = replace(house.store, writer=transact, reports=Reports(transact))
    sealing = FusedQuarantine(house.folder / "quarantine", house.team_key.public_key(), os.urandom)
    object.__setattr__(sealing, "fuse", fuse)
    return Filing(
        store, cast("Any", FusedLog(house, fuse)), sealing, house.clock, at_once, "gateway-0"
    )


@pytest.mark.parametrize("trouble", ["", "finish"])
async def test_killed_anywhere_it_is_filed_once(
    house: World,
    filing: Filing,
    real: Ispws,
    http: httpx.AsyncClient,
    service: StandIn,
    trouble: str,
) -> None:
    """At every place of the first run, also of one that is being taken back; then run again."""
    places, one_file = 0, composed(files=COMPOSED.files[:1])
    while True:
        case = await agreed(house)
        fuse, before = Fuse(places), {*service.finished}
        if trouble:
            service.breaks(trouble, "cut_after")
        dies = FusedIspws(http, service.address, USER, SecretStr(PASSWORD), is_test=False)
        object.__setattr__(dies, "fuse", fuse)
        done = True
        try:
            await fused(house, fuse).file(case.id, one_file, dies, "person-1")
        except Killed:
            done = False
            service.faults.clear()
            await filing.file(case.id, one_file, real, "person-1")
        case = await case_of(house, case.id)
        assert case.standing is Standing.FILED
        assert [*{*service.finished} - before] == [case.number]
        assert await house.store.legal_holds.covers(case.tenant, case.submission, None)
        assert await house.log.receipt(uuid5(case.id, "filed/0")) is not None
        if done:
            break
        places += 1
    assert places > 25


async def test_one_that_was_taken_for_dead_files_nothing_after_another_did(
    house: World, filing: Filing, real: Ispws, http: httpx.AsyncClient, service: StandIn
) -> None:
    """It stands still at each place of its run, another files, and it wakes up: one is filed."""
    places, one_file = 0, composed(files=COMPOSED.files[:1])
    while True:
        case, before = await agreed(house), {*service.finished}
        file = partial(filing.file, case.id, one_file, real, "person-2")
        pause = Pause(places, meanwhile=file)
        wakes = FusedIspws(http, service.address, USER, SecretStr(PASSWORD), is_test=False)
        object.__setattr__(wakes, "fuse", pause)
        with suppress(NotReportableError, ConflictError):
            await fused(house, pause).file(case.id, one_file, wakes, "person-1")

        case = await case_of(house, case.id)
        assert case.standing is Standing.FILED
        assert [*{*service.finished} - before] == [case.number]
        assert len(service.reports[str(case.number)].files) == 1
        if pause.burned <= places:
            break
        places += 1
    assert places > 25


@pytest.fixture
async def both(postgres: Server) -> AsyncIterator[list[Store]]:
    """The store of two gateways: one database."""
    url = postgres.url(postgres.create_database(), OWNER)
    stores = [await Store.connect(url) for _ in range(2)]
    yield stores
    for store in stores:
        await store.close()


async def test_two_gateways_on_one_database_file_once(
    house: World, both: list[Store], real: Ispws, service: StandIn
) -> None:
    """Whoever comes second is told so, for as long as the first one lives."""
    shared = replace(house, store=both[0])
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    await shared.store.tenants.add(tenant)
    await shared.store.api_keys.add(ApiKey(house.key_id, TENANT, "first", (), NOON), "1" * 64)
    filings = [
        Filing(store, house.log, quarantine(house), house.clock, at_once, f"gateway-{number}")
        for number, store in enumerate(both)
    ]
    for filing in filings:
        await filing.store.replicas.join(filing.owner, house.clock())

    for round_ in range(1, 6):
        case = await agreed(shared)
        ends = await asyncio.gather(
            *(each.file(case.id, COMPOSED, real, "person-1") for each in filings),
            return_exceptions=True,
        )
        assert (await case_of(shared, case.id)).standing is Standing.FILED
        assert len(service.finished) == round_
        refused = [each for each in ends if isinstance(each, BaseException)]
        assert all(isinstance(each, NotReportableError) for each in refused)
    assert len(service.reports) == len(service.finished)


async def test_who_lives_keeps_the_turn_and_who_is_gone_has_lost_it(
    house: World, filing: Filing, real: Ispws, service: StandIn
) -> None:
    """A gateway that has said nothing for long is gone."""
    case = await approved(house)
    await house.store.replicas.join("gateway-2", house.clock())
    assert await house.store.reports.take_turn(case.id, "gateway-2", house.clock())

    with pytest.raises(NotReportableError, match="under way"):
        await filing.file(case.id, COMPOSED, real, "person-1")
    assert service.asked == []

    house.clock.passes(seconds=GONE.total_seconds())
    filed = await filing.file(case.id, COMPOSED, real, "person-1")
    assert service.finished == [filed.number]


def test_a_case_is_ready_only_once_two_people_agreed() -> None:
    """Nothing else may be opened with the service."""
    assert {Standing.APPROVED, Standing.TRIED} == READY

"""Notices on the console: whoever may decide does, once; and the bank of the tenant has it then."""

from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from audit.entry import Kind
from classifiers.hash_bank_changes import create
from classifiers.hash_bank_store import SealedBanks
from pipeline.console import takedown_pages
from pipeline.console.roles import Role
from pipeline.duties.takedown.intake import NEEDED, Intake
from pipeline.jobs.bank_desk import BankDesk
from pipeline.jobs.notice_bank import NoticeBank, NoticeDesk
from pipeline.store.takedowns import NoticeKind, Takedown, Taken
from pipeline.store.tenants import Tenant
from pipeline.store.webhooks import Target
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.world import NOON, TENANT, World

HASH = ("sha256", "ab" * 32)
KIND = NoticeKind.TAKE_IT_DOWN


@contextmanager
def notices_of(house: World) -> Generator[NoticeDesk]:
    """What people do with notices, over banks of their own."""
    create(house.folder / "banks", bytes(32))
    banks = SealedBanks(house.folder / "banks", bytes(32), house.clock)
    parts = house.gate.judge, house.store, house.vault, house.log, house.clock, uuid4
    desk = BankDesk(banks, *parts, frozenset())
    try:
        yield NoticeDesk(
            Intake(house.store, house.log, house.clock, uuid4),
            NoticeBank(house.store, desk, house.clock),
        )
    finally:
        banks.close()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A console with the pages of notices."""
    async with open_desk(tmp_path) as opened:
        with notices_of(opened.house) as notices:
            opened.serve(opened.frame, takedown_pages.routes(opened.frame, notices))
            yield opened


async def sent(desk: Desk, tenant: str = TENANT, *, whole: bool = True) -> Takedown:
    """A notice that came to a platform."""
    intake = Intake(desk.house.store, desk.house.log, desk.clock, uuid4)
    return await intake.take(tenant, KIND, NEEDED[KIND] if whole else frozenset(), [HASH], "key/1")


async def decide(
    desk: Desk, browser: httpx.AsyncClient, known_as: UUID, **typed: str
) -> httpx.Response:
    form = {"form": (await desk.session(browser)).form, **typed}
    return await browser.post(f"/takedowns/{known_as}/decision", data=form)


async def test_a_senior_decides_once_and_its_hashes_are_in_force(desk: Desk) -> None:
    """With a reason; the platform is told, and the log has it."""
    await desk.house.store.webhooks.aim(Target(TENANT, "https://platform.example/", b"s", NOON))
    notice, rest = await sent(desk), await sent(desk, whole=False)
    desk.clock.passes(hours=47)
    async with await desk.signed_in("senior") as browser:
        listed = (await browser.get("/takedowns")).text
        page = (await browser.get(f"/takedowns/{notice.id}")).text
        silent = await decide(desk, browser, notice.id, taken="down", reason=" ")
        done = await decide(desk, browser, notice.id, taken="down", reason="it is hers")
        again = await decide(desk, browser, notice.id, taken="down", reason="it is hers")
        other = await decide(desk, browser, notice.id, taken="not", reason="it is not")
        after = (await browser.get(f"/takedowns/{notice.id}")).text

    assert listed.index(str(notice.id)) < listed.index(str(rest.id))
    assert "no clock yet" in listed
    assert "0 d 0 h." in page
    assert HASH[1] not in listed + page + after
    assert [silent.status_code, other.status_code] == [400, 400]
    assert done.headers["location"] == "/console/takedowns?done=down"
    assert again.status_code == 303
    assert "taken down, on" in after
    found = await desk.house.store.takedowns.get(notice.id)
    assert found is not None
    assert found.taken is Taken.DOWN
    told = [x for x in await desk.house.store.webhooks.all() if x.kind == "takedown.decided"]
    assert [x.body for x in told] == [{"notice": str(notice.id), "taken": "down"}]
    banks = [x for x in await desk.house.leaves() if x.kind is Kind.BANK]
    assert banks
    assert (await desk.events()).count("takedown.decided") == 1


async def test_who_reads_sees_and_does_not_decide(desk: Desk) -> None:
    """What is late says so."""
    notice = await sent(desk)
    desk.clock.passes(seconds=timedelta(hours=49).total_seconds())
    async with await desk.signed_in("auditor") as browser:
        page = (await browser.get(f"/takedowns/{notice.id}")).text
        refused = await decide(desk, browser, notice.id, taken="not", reason="because")

    assert "<form" not in page.partition("<main")[2]
    assert 'class="late"' in page
    assert refused.status_code == 403


async def test_another_tenants_notice_is_not_there(desk: Desk) -> None:
    """Neither to see nor to decide."""
    await desk.house.store.tenants.add(Tenant("meadow", "Meadow", NOON))
    notice = await sent(desk)
    await desk.add("noor", Role.SENIOR, "meadow")
    async with await desk.signed_in("noor") as browser:
        listed = (await browser.get("/takedowns")).text
        page = await browser.get(f"/takedowns/{notice.id}")
        posted = await decide(desk, browser, notice.id, taken="not", reason="because")

    assert str(notice.id) not in listed
    assert [page.status_code, posted.status_code] == [404, 404]

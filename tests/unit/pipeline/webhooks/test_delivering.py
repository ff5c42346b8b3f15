"""What a tenant is told arrives, whatever its receiver does meanwhile, or a person hears of it."""

import base64
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from pipeline.store.store import Store
from pipeline.store.tenants import Tenant
from pipeline.store.webhooks import Delivery, Target, Webhook
from pipeline.webhooks.delivering import WAITS, Delivering
from pipeline.webhooks.posting import Posting, connecting, resolve
from pipeline.webhooks.signing import Sealer, new_secret
from tests.unit.pipeline.webhooks.receiver import Receiver, receiving
from tests.unit.pipeline.world import NOON, Clock

pytestmark = pytest.mark.enable_socket  # to this machine alone
ROOT = Path(__file__).parents[4]
ID = UUID(int=5)
SEALER = Sealer(b"k" * 32, os.urandom)
SECRET = new_secret(os.urandom)


@dataclass
class Post:
    """A house of webhooks alone."""

    store: Store
    clock: Clock
    http: httpx.AsyncClient
    delivering: Delivering

    async def tell(self, receiver: Receiver, tenant: str = "harbour", known_as: UUID = ID) -> None:
        """Have a tenant told at a receiver."""
        await self.store.tenants.add(Tenant(tenant, tenant, NOON))
        sealed = SEALER.seal(tenant, SECRET)
        await self.store.webhooks.aim(Target(tenant, receiver.url, sealed, NOON))
        body = {"generation": "g-1", "state": "released"}
        await self.store.webhooks.enqueue(known_as, tenant, "generation.ended", body, NOON)

    async def round(self) -> Webhook:
        """Try what is due, and return how the first stands."""
        await self.delivering.round()
        found = {each.id: each for each in await self.store.webhooks.all()}
        return found[ID]

    def reopened(self, **more: Any) -> Delivering:
        """Return what another process would run on the same table."""
        post = Posting(self.http, resolve, loopback=True, **more)
        return Delivering(self.store.webhooks, SEALER, post, self.clock, lambda: 1.0)


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    """What delivers, on a table of its own."""
    async with AsyncExitStack() as closing:
        store = Store.open(tmp_path / "app.db")
        closing.push_async_callback(store.close)
        http = await closing.enter_async_context(connecting())
        clock = Clock()
        sending = Posting(http, resolve, loopback=True, seconds=0.5)
        yield Post(
            store, clock, http, Delivering(store.webhooks, SEALER, sending, clock, lambda: 1.0)
        )


async def test_the_recipe_of_the_docs_knows_that_it_is_us(post: Post) -> None:
    """What receivers copy from the page has to work, and to refuse what is not ours."""
    page = (ROOT / "docs" / "jobs.md").read_text("utf-8")
    (recipe,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(recipe, names)  # noqa: S102 - our own page
    async with receiving("200") as receiver:
        await post.tell(receiver)
        assert (await post.round()).state is Delivery.DELIVERED

    (got,) = receiver.got
    now, key = NOON.timestamp(), SECRET.get_secret_value()
    assert got.line == "POST /hooks HTTP/1.1"
    assert names["is_ours"](key, got.headers, got.body, now)
    assert not names["is_ours"](key, got.headers, got.body + b" ", now)
    assert not names["is_ours"](key, got.headers, got.body, now + 301)
    other = "whsec_" + base64.b64encode(b"o" * 32).decode()
    assert not names["is_ours"](other, got.headers, got.body, now)
    assert json.loads(got.body) == {
        "id": str(ID),
        "kind": "generation.ended",
        "tenant": "harbour",
        "at": NOON.isoformat(),
        "data": {"generation": "g-1", "state": "released"},
    }


async def test_one_that_fails_first_is_tried_again_later_with_the_same_words(post: Post) -> None:
    """A receiver that is restarted loses nothing, and knows a repeat by its id."""
    async with receiving("500", "cut", "200") as receiver:
        await post.tell(receiver)
        first = await post.round()
        assert (first.state, first.answer) == (Delivery.PENDING, "500")
        assert first.next_try == NOON + WAITS[0] * 1.5

        assert (await post.round()).tries == 1  # not before its time
        post.clock.passes(minutes=1)
        assert (await post.round()).answer == "RemoteProtocolError"
        post.clock.passes(minutes=1)
        assert (await post.round()).state is Delivery.DELIVERED

    assert len({got.body for got in receiver.got}) == 1
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert len({got.headers["webhook-signature"] for got in receiver.got}) == 3  # each its own time


@pytest.mark.parametrize(
    ("answer", "told"), [("hang", "TimeoutError"), ("inside", "302"), ("404", "404")]
)
async def test_what_is_no_yes_is_a_no(post: Post, answer: str, told: str) -> None:
    """It ends in time, and goes nowhere that the answer names."""
    async with receiving(answer) as receiver:
        await post.tell(receiver)
        failed = await post.round()

    assert (failed.state, failed.answer) == (Delivery.PENDING, told)
    assert len(receiver.got) == 1


async def test_one_that_never_answers_keeps_no_other_waiting(post: Post) -> None:
    """Tenants do not pay for each other."""
    async with receiving("hang") as deaf, receiving("200") as well:
        await post.tell(deaf)
        await post.tell(well, "meadow", UUID(int=6))
        await post.round()

    (other,) = await post.store.webhooks.all("meadow")
    assert other.state is Delivery.DELIVERED


async def test_after_a_day_it_is_dead_until_a_person_has_it_tried_again(post: Post) -> None:
    """Nothing is tried for ever, and nothing is dropped in silence."""
    async with receiving(*["500"] * (len(WAITS) + 1), "200") as receiver:
        await post.tell(receiver)
        for _ in WAITS:
            assert (await post.round()).state is Delivery.PENDING
            post.clock.passes(days=1)
        assert (await post.round()).state is Delivery.DEAD
        assert len(receiver.got) == len(WAITS) + 1 == (await post.round()).tries

        assert await post.store.webhooks.retry(post.clock(), ID) == 1
        assert (await post.round()).state is Delivery.DELIVERED


async def test_killed_between_the_answer_and_its_note_it_is_told_again(post: Post) -> None:
    """At least once: the receiver drops the second by its id."""
    async with receiving("200") as receiver:
        await post.tell(receiver)
        (due,) = await post.store.webhooks.due(NOON, 1)
        target = await post.store.webhooks.target("harbour")
        assert target is not None
        await post.delivering.post(target.url, {}, b"{}")  # and the power goes

        await post.reopened().round()

    assert len(receiver.got) == 2
    assert receiver.got[1].headers["webhook-id"] == str(due.id)
    assert [each.state for each in await post.store.webhooks.all()] == [Delivery.DELIVERED]


async def test_an_address_that_leads_inside_now_is_not_called(post: Post) -> None:
    """It was looked at when it was set; names change."""
    async with receiving("200") as receiver:
        await post.tell(receiver)
        closed = Posting(post.http, resolve, loopback=False)
        await Delivering(post.store.webhooks, SEALER, closed, post.clock, lambda: 0.0).round()
        (refused,) = await post.store.webhooks.all()

    assert (refused.state, refused.answer) == (Delivery.PENDING, "AddressError")
    assert refused.next_try - NOON == WAITS[0]
    assert not receiver.got


async def test_a_secret_that_does_not_open_signs_nothing(post: Post) -> None:
    """After the wrong key was restored nobody is told with a signature of no worth."""
    async with receiving("200") as receiver:
        await post.tell(receiver)
        other = Sealer(b"o" * 32, os.urandom)
        failing = post.reopened()
        await Delivering(failing.table, other, failing.post, failing.now, failing.random).round()
        (refused,) = await post.store.webhooks.all()

    assert refused.answer == "AddressError"
    assert not receiver.got
    assert timedelta(0) < refused.next_try - NOON

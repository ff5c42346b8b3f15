"""A queue that is full: what would be held is refused, but for the worst."""

import base64
from dataclasses import replace

import pytest

from pipeline.errors import StoreUnavailableError
from pipeline.items import Cause, Examined, Halted, Held, PublicCode, Released, Stage
from pipeline.stages.capacity import QUEUE_FULL, Capacity
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import HELD, NEARLY, TENANT, World, png


async def declare(house: World, reviews_a_day: int | None) -> None:
    """Say how much the tenant's people can rule on."""
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    profile = tenant.profile.model_copy(update={"reviews_a_day": reviews_a_day})
    await house.store.tenants.change(replace(tenant, profile=profile))


async def test_a_request_is_refused_before_anything_is_paid(house: World) -> None:
    """Whoever would wait for nobody is told so at once."""
    await declare(house, 1)
    first, second = await house.end("holdme"), await house.end("holdme once more")

    assert isinstance(first, Held)
    assert isinstance(second, Halted)
    assert (second.reason, second.stage) == (QUEUE_FULL, Stage.SCREEN)
    assert second.code is PublicCode.CONTENT_NOT_ALLOWED
    assert second.retry_after_seconds is None, "an SDK would ask again, and again"
    assert house.upstream.calls == []
    halted = [leaf for leaf in await house.leaves() if leaf.kind.value == "halted"]
    assert [leaf.public["reason"] for leaf in halted] == [QUEUE_FULL]
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    assert tenant.anlas_spent == 5, "the one that is held is charged, the refused one is not"


async def test_an_uploads_hold_is_refused_as_a_texts_is(house: World) -> None:
    """What a request carries is looked at before it is paid for."""
    await declare(house, 1)
    await house.end("holdme")
    uploaded = base64.b64encode(png(HELD)).decode()
    refused = await house.end("a harbour", image=uploaded, strength=0.5)
    assert isinstance(refused, Halted)
    assert refused.reason == QUEUE_FULL
    assert house.upstream.calls == []


async def test_a_picture_is_withheld_and_its_siblings_are_not(house: World) -> None:
    """What nobody minds leaves as before."""
    await declare(house, 1)
    await house.end("holdme")
    house.upstream.colours = [WHITE, HELD]

    outcome = await house.end(samples=2)

    assert isinstance(outcome, Released)
    assert outcome.withheld == 1
    assert len(await house.store.holds.waiting()) == 1


async def test_the_worst_is_held_however_long_the_queue_is(house: World) -> None:
    """A refusal would let nobody see what may be a crime against somebody."""
    await declare(house, 1)
    await house.end("holdme")
    house.upstream.colours = [NEARLY]

    outcome = await house.end("a harbour")

    assert isinstance(outcome, Examined)
    (held,) = outcome.outcomes
    assert isinstance(held, Held)
    assert held.judged is not None
    assert held.judged.decision.code.family in {"CSE", "NCII"}


async def test_a_tenant_that_declared_nothing_has_no_bound(house: World) -> None:
    """Nor does one have another's."""
    await declare(house, 1)
    assert not await Capacity(house.store, house.clock).is_full(TENANT)
    await house.end("holdme")
    assert await Capacity(house.store, house.clock).is_full(TENANT)
    assert not await Capacity(house.store, house.clock).is_full("meadow")
    await declare(house, None)
    assert not await Capacity(house.store, house.clock).is_full(TENANT)


async def test_where_nobody_knows_nothing_goes_on(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that does not answer lets nothing through."""

    async def broken(*_: object) -> bool:
        raise StoreUnavailableError("app.db", "an answer", "none")

    monkeypatch.setattr(Capacity, "is_full", broken)
    outcome = await house.end("holdme")

    assert isinstance(outcome, Halted)
    assert house.upstream.calls == []
    house.upstream.colours = [HELD]
    pictures = await house.end("a harbour")
    assert isinstance(pictures, Examined)
    assert [type(each) for each in pictures.outcomes] == [Held]
    assert pictures.outcomes[0].cause is Cause.INCAPACITY  # type: ignore[union-attr] # it is held

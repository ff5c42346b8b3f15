"""Lineage: what a picture was made from is known when it comes back, as it was or nearly."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from classifiers import canonical
from classifiers.content import Image, Purpose
from classifiers.signals import Field, Signal, SignalName
from pipeline.cli.demo.drawings import HEIGHT, WIDTH, landscape, resaved_and_flipped
from pipeline.errors import StoreUnavailableError
from pipeline.items import Halted, Released
from pipeline.lineage import KEPT, SOURCE, Lineage
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant
from policies.policy import Moment
from tests.unit.pipeline.world import TENANT, WORDS, World

DRAWN = landscape(5)
CONTEXT = {SignalName.TEXT_MINOR_CONTEXT: 0.6}
"""Weak evidence: alone it lets a request pass."""
ACT = {SignalName.TEXT_SEXUAL_ACT: 0.9}
FAINT = {SignalName.TEXT_GORE: 0.09}


@pytest.fixture
def drawing(house: World) -> World:
    """A house whose upstream draws a landscape, and whose reader knows one more word."""
    own: Any = house.reader.own
    own.knows = {**WORDS, "contextword": CONTEXT, "actword": ACT, "shoutword": FAINT}
    house.upstream.pictures = [DRAWN]
    return house


async def made(house: World, prompt: str) -> bytes:
    """A picture of this prompt, as it left."""
    outcome = await house.end(prompt, width=WIDTH, height=HEIGHT)
    assert isinstance(outcome, Released), outcome
    return outcome.pictures[0].data


async def asked(house: World, prompt: str, picture: bytes) -> Any:
    """How it ends to go on from a picture."""
    held = base64.b64encode(picture).decode()
    return await house.end(prompt, width=WIDTH, height=HEIGHT, image=held, strength=0.5)


async def told(house: World, picture: bytes, tenant: str = TENANT) -> dict[str, float]:
    """What is known of where a picture comes from."""
    read = canonical.read(Image("parameters.image", 0, Purpose.SOURCE, picture))
    found = await house.lineage.evidence(tenant, [read])
    return {each.name: each.score for each in found if isinstance(each, Signal)}


async def test_what_may_not_be_asked_in_one_may_not_be_asked_in_two(drawing: World) -> None:
    """The second request alone would ask for an age claim; with where it comes from, more."""
    back = await made(drawing, "contextword")
    fresh = await asked(drawing, "actword", landscape(6))

    outcome = await asked(drawing, "actword", back)

    assert isinstance(outcome, Halted)
    assert outcome.judged is not None
    assert fresh.judged is not None
    assert outcome.judged.decision.codes - fresh.judged.decision.codes
    (joined,) = [each for each in outcome.judged.findings if each.source == SOURCE]
    assert (joined.name, joined.where) == (
        SignalName.TEXT_MINOR_CONTEXT,
        Field("parameters.image[0].origin"),
    )


async def test_a_near_copy_is_known_as_well(drawing: World) -> None:
    """Saved anew, and in a mirror."""
    await made(drawing, "contextword")

    assert await told(drawing, resaved_and_flipped(DRAWN)) == {SignalName.TEXT_MINOR_CONTEXT: 0.6}
    assert await told(drawing, landscape(6)) == {}


async def test_it_goes_on_over_generations(drawing: World) -> None:
    """What was made from what was made from it is known too."""
    first = await made(drawing, "contextword")
    drawing.upstream.pictures = [landscape(7)]
    second = await asked(drawing, "a harbour", first)
    assert isinstance(second, Released)

    assert await told(drawing, landscape(7)) == {SignalName.TEXT_MINOR_CONTEXT: 0.6}


async def test_of_what_tells_nothing_nothing_is_kept(drawing: World) -> None:
    """Most pictures: there is no need to remember them."""
    await made(drawing, "a harbour")
    await made(drawing, "shoutword")

    assert await drawing.store.origins.hashes(TENANT, 0) == ()


async def test_it_is_forgotten_in_time(drawing: World) -> None:
    """Nothing is kept for ever."""
    await made(drawing, "contextword")
    drawing.clock.passes(seconds=(KEPT - timedelta(hours=1)).total_seconds())
    await drawing.upkeep.round()
    before = await told(drawing, DRAWN)
    drawing.clock.passes(hours=2)
    await drawing.upkeep.round()

    assert before
    assert await told(drawing, DRAWN) == {}


async def test_tenants_are_apart(drawing: World) -> None:
    """What one tenant's users asked for is nothing that another's learn by a refusal."""
    await drawing.store.tenants.add(Tenant("other", "Other", drawing.clock(), anlas_budget=1))
    await made(drawing, "contextword")

    assert await told(drawing, DRAWN, "other") == {}
    assert await told(drawing, DRAWN)


async def test_without_the_store_nothing_leaves_and_nothing_is_asked(
    drawing: World, tmp_path: Path
) -> None:
    """Nobody could say where it comes from, or would when it comes back."""
    submission = await drawing.submission("contextword")
    judged = await drawing.judge.judge(
        submission.contents, submission.policy, Moment.REQUEST, submission.subject.facts
    )
    picture = canonical.read(Image("parameters.image", 0, Purpose.SOURCE, DRAWN))
    store = Store.open(tmp_path / "lost.db")
    await store.close()
    lineage = Lineage(store.origins, drawing.judge.run, drawing.clock)

    with pytest.raises(StoreUnavailableError):
        await lineage.keep(submission, DRAWN, judged.findings)
    with pytest.raises(StoreUnavailableError):
        await lineage.evidence(TENANT, [picture])

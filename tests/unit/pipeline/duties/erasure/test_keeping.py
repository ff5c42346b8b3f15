"""Who erases is alone: no legal hold comes in between, in this gateway or another."""

import asyncio

import pytest

from pipeline.duties.erasure.keeping import Keeping
from pipeline.errors import StoreLockedError, StoreUnavailableError
from pipeline.store.store import Store
from tests.postgres_server import OWNER, Server
from tests.unit.pipeline.world import World


def keeping(house: World, store: Store) -> Keeping:
    """What keeps things back, in a gateway with this store."""
    return Keeping(store, house.log, house.gate.subject_key)


async def test_of_two_in_one_gateway_one_acts_at_a_time(house: World) -> None:
    """A look and what follows from it belong together."""
    ours, order = keeping(house, house.store), list[str]()

    async def act(name: str) -> None:
        async with ours.alone():
            order.append(f"{name} in")
            await asyncio.sleep(0)
            order.append(f"{name} out")

    await asyncio.gather(act("a"), act("b"))

    assert order == ["a in", "a out", "b in", "b out"]


async def test_of_two_gateways_the_one_that_keeps_house_acts(
    house: World, postgres: Server
) -> None:
    """The other says whom to ask; and takes it over once the first is gone."""
    url = postgres.url(postgres.create_database(), OWNER)
    one, other = await Store.connect(url), await Store.connect(url)
    async with keeping(house, one).alone():
        with pytest.raises(StoreLockedError, match="ask that one"):
            async with keeping(house, other).alone():
                raise AssertionError("two at once")
    await one.close()
    async with keeping(house, other).alone():
        pass
    await other.close()

    with pytest.raises(StoreUnavailableError):
        async with keeping(house, other).alone():
            raise AssertionError("nobody knows who keeps house")

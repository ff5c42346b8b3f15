"""The shelf: released pictures only, for their tenant only, with an entry each time."""

from dataclasses import replace
from typing import Any

import pytest

from audit.entry import Kind
from audit.errors import NotDurableError
from pipeline.errors import MissingObjectError
from pipeline.items import Released
from pipeline.store.pictures import Picture, PictureState
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import BLOCK, HELD, TENANT, World, as_it_leaves, png


async def picture_of(house: World, *colours: Any) -> Picture:
    house.upstream.colours = colours
    outcome = await house.end(samples=len(colours))
    known_as = (
        outcome.submission.id
        if isinstance(outcome, Released)
        else outcome.generated.screened.submission.id
    )
    found = await house.gate.shelf.find(TENANT, known_as, 0)
    assert found is not None
    return found


async def test_a_released_picture_opens_with_an_entry_each_time(house: World) -> None:
    """Every look is recorded."""
    picture = await picture_of(house, WHITE)

    opened = [await house.gate.shelf.open(picture) for _ in range(2)]

    assert [each.picture.data for each in opened if each] == [as_it_leaves(png(WHITE))] * 2
    leaves = await house.leaves(picture.submission)
    assert [leaf.kind for leaf in leaves].count(Kind.ACCESS) == 2


@pytest.mark.parametrize("colour", [HELD, BLOCK])
async def test_nothing_else_opens(house: World, colour: Any) -> None:
    """What is held or withheld stays shut."""
    picture = await picture_of(house, colour)

    assert await house.gate.shelf.open(picture) is None


@pytest.mark.parametrize("colour", [HELD, BLOCK])
async def test_app_db_alone_opens_nothing(house: World, colour: Any) -> None:
    """Whoever can write to it still needs the log's release entry."""
    forged = replace(await picture_of(house, colour), state=PictureState.RELEASED)

    assert await house.gate.shelf.open(forged) is None


async def test_without_its_entry_nothing_is_given(house: World) -> None:
    """No entry, no look."""
    picture = await picture_of(house, WHITE)
    house.log.refuses = frozenset({Kind.ACCESS})

    with pytest.raises(NotDurableError):
        await house.gate.shelf.open(picture)


async def test_a_destroyed_picture_is_gone(house: World) -> None:
    """Expired pictures cannot be had again, and no entry claims that they were."""
    picture = await picture_of(house, WHITE)
    await house.vault.destroy(picture.vault_id)

    with pytest.raises(MissingObjectError):
        await house.gate.shelf.open(picture)


async def test_another_tenants_picture_is_not_there(house: World) -> None:
    """Tenants are apart."""
    picture = await picture_of(house, WHITE)

    assert await house.gate.shelf.find("meadow", picture.submission, 0) is None
    assert await house.gate.shelf.find(TENANT, picture.submission, 1) is None

"""What a case is like: of its words, of its picture, and of neither where nobody could look."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from pipeline.console.ordinary import Ordinary
from pipeline.console.resembling import Resembling
from pipeline.store.holds import End
from tests.unit.pipeline.console.desks import Desk, open_desk
from tests.unit.pipeline.world import HELD


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk for one test."""
    async with open_desk(tmp_path) as opened:
        yield opened


def drawn(seed: int, shade: int = 0) -> bytes:
    """A picture with something on it, of the colour that is held where it is looked at."""
    draw = np.random.default_rng(seed)
    small = draw.integers(0, 200, (8, 8, 3), np.uint8) + np.uint8(shade)
    whole = Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC)
    whole.putpixel((0, 0), HELD)
    out = io.BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()


async def test_one_colour_is_like_nothing_and_its_words_are(desk: Desk) -> None:
    """Of a picture with nothing on it no hash means anything."""
    hold = await desk.held()
    resembling = Resembling(desk.store, desk.house.vault)

    await resembling.look(Ordinary(hold), desk.clock())

    like = await desk.store.precedents.of(hold.id)
    assert like is not None
    assert like.pdq == 0
    assert like.likeness != 0


async def test_a_picture_is_known_again_though_its_words_are_others(desk: Desk) -> None:
    """A shade lighter, for a request that says something else."""
    hold = await desk.held()
    house, resembling = desk.house, Resembling(desk.store, desk.house.vault)
    cases = []
    for picture in (drawn(1), drawn(1, 8), drawn(2)):
        sealed = await house.vault.put(picture, uuid4(), "picture")
        case = replace(hold, id=uuid4(), vault_id=sealed)
        await desk.store.holds.open(case)
        await resembling.look(Ordinary(case), desk.clock())
        cases.append(case)
    await desk.store.holds.close(cases[0], End.REJECTED, desk.clock(), "person-a", "as drawn")

    found = [await resembling.precedents(Ordinary(case)) for case in cases[1:]]

    assert [[each.picture is not None for each in some or ()] for some in found] == [
        [True],
        [False],
    ]


async def test_what_cannot_be_opened_is_not_compared(desk: Desk) -> None:
    """That is told, and is not as if nothing were like it."""
    hold = replace(await desk.held(), vault_id="0" * 32)
    resembling = Resembling(desk.store, desk.house.vault)

    await resembling.look(Ordinary(hold), desk.clock())

    assert await resembling.precedents(Ordinary(hold)) is None

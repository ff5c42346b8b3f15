"""LoRAs come in by two people, with what they were trained on, and go by one."""

from uuid import uuid4

import pytest

from audit.entry import Kind
from pipeline.changes.door import Door
from pipeline.changes.loras import Loras
from pipeline.engines.engine import Lora
from pipeline.errors import ChangeError
from pipeline.store.changes import ChangeKind
from tests.unit.pipeline.world import World

MODEL = ChangeKind.MODEL
DIGEST = "a" * 64
MANIFEST = f"""\
tenant: harbour
name: lighthouse
sha256: "{DIGEST}"
depicts: object
pictures: 12
pictures_sha256: "{"b" * 64}"
sources: our own photographs of one lighthouse
trained_by: the harbour master
trained_at: "2031-05-01T10:00:00+00:00"
looked_at_by: ana
no_minor_in_any: true
no_real_person_in_any: true
"""


def door(house: World) -> tuple[Door, Loras]:
    """Open the door as a process that starts does."""
    loras = Loras()
    return Door(house.store.changes, house.log, house.clock, uuid4, {MODEL: loras}), loras


async def test_prompts_may_name_it_once_a_second_person_has_said_so(house: World) -> None:
    """Not before, not by the same person, and still after a restart."""
    opened, loras = door(house)
    await opened.begin()
    change = await opened.propose(MODEL, MANIFEST, "ticket 12", "ana")
    assert not loras.standing()
    with pytest.raises(ChangeError, match="second person"):
        await opened.activate(change.id, "Ana")

    await opened.activate(change.id, "ben")

    known = [Lora("harbour", "lighthouse", DIGEST)]
    assert list(loras.standing()) == known
    again, restarted = door(house)
    await again.begin()
    assert list(restarted.standing()) == known
    leaves = [each for each in await house.leaves() if each.kind is Kind.MODEL]
    assert [each.public["event"] for each in leaves] == ["model.proposed", "model.activated"]
    assert [each.public["name"] for each in leaves] == ["harbour/lighthouse"] * 2
    assert "photographs" not in str([each.public for each in leaves])


async def test_one_person_takes_it_away_and_two_bring_another_version_back(house: World) -> None:
    """Less is stricter at once."""
    opened, loras = door(house)
    await opened.begin()
    first = await opened.propose(MODEL, MANIFEST, "ticket 12", "ana")
    await opened.activate(first.id, "ben")
    other = MANIFEST.replace(DIGEST, "c" * 64)
    second = await opened.propose(MODEL, other, "ticket 13", "ana")
    await opened.activate(second.id, "ben")

    back = await opened.roll_back(MODEL, "harbour/lighthouse", "worse", "ana")
    assert [each.sha256 for each in loras.standing()] == ["c" * 64]
    await opened.activate(back.id, "ben")
    assert [each.sha256 for each in loras.standing()] == [DIGEST]


async def test_what_was_not_there_before_goes_at_once(house: World) -> None:
    """Its sources turned out to be disputed."""
    opened, loras = door(house)
    await opened.begin()
    change = await opened.propose(MODEL, MANIFEST, "ticket 12", "ana")
    await opened.activate(change.id, "ben")

    await opened.roll_back(MODEL, "harbour/lighthouse", "disputed", "ana")

    assert not loras.standing()


@pytest.mark.parametrize(
    ("line", "instead", "names"),
    [
        ("no_minor_in_any: true", "no_minor_in_any: false", "no_minor_in_any"),
        ("no_real_person_in_any: true", "", "no_real_person_in_any"),
        ("looked_at_by: ana", 'looked_at_by: ""', "looked_at_by"),
        ("depicts: object", "depicts: real_person", "depicts"),
        ("pictures: 12", "pictures: 0", "pictures"),
        ("name: lighthouse", "name: 'a b'", "name"),
        ("name: lighthouse", "name: lighthouse\nmore: 1", "more"),
        (f'sha256: "{DIGEST}"', "sha256: short", "sha256"),
        ("tenant: harbour", "- tenant", "manifest"),
    ],
)
async def test_a_manifest_that_lacks_something_is_not_proposed(
    house: World, line: str, instead: str, names: str
) -> None:
    """It says what, and never what stands there."""
    opened, _ = door(house)
    await opened.begin()
    with pytest.raises(ChangeError, match=names):
        await opened.propose(MODEL, MANIFEST.replace(line, instead, 1), "ticket 12", "ana")

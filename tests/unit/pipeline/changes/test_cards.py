"""A pulled model looks only with the card that two people activated last."""

import io
import json
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from audit.entry import Kind
from classifiers.canonical import Canonical, read
from classifiers.content import Image as Received
from classifiers.content import Purpose
from classifiers.errors import ModelError
from classifiers.pins import CARD
from classifiers.pulled import Pulled
from classifiers.rater import Rater
from pipeline.changes.cards import Cards, Guarded
from pipeline.changes.door import Door
from pipeline.errors import ChangeError
from pipeline.store.changes import ChangeKind
from tests.unit.classifiers.raters import NAME, classifier, write_rater
from tests.unit.pipeline.world import World

THRESHOLDS = ChangeKind.THRESHOLDS


def door(house: World, folder: Path) -> tuple[Door, Cards]:
    """Open the door as a process that starts does."""
    cards = Cards.of(Pulled(raters=(folder,)))
    return Door(house.store.changes, house.log, house.clock, uuid4, {THRESHOLDS: cards}), cards


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return write_rater(tmp_path, classifier([0.0, 0.0, 0.0]))


def grey() -> Canonical:
    """A plain square."""
    out = io.BytesIO()
    Image.new("RGB", (40, 40), (128, 128, 128)).save(out, "PNG")
    return read(Received("parameters.image", 0, Purpose.SOURCE, out.getvalue()))


def another(folder: Path) -> str:
    """The card of the same files, which says something else of the labels."""
    card = json.loads((folder / CARD).read_bytes())
    card["signals"] = {"image.sexual.nudity": {"nsfw": 0.5}}
    return json.dumps(card)


async def test_another_graph_of_the_same_weights_is_another_model(
    house: World, tmp_path: Path
) -> None:
    """What two people put in force is what was compared, not what it was made of alone."""
    folder = write_rater(tmp_path, classifier((0.0, 0.0, 1.0)), weights=b"weights")
    opened, _ = door(house, folder)
    await opened.begin()
    card = json.loads((folder / CARD).read_bytes())
    card["exported"]["sha256"] = "0" * 64

    change = await opened.propose(THRESHOLDS, json.dumps(card), "ticket 12", "ana")

    assert change.report["changed"] == ["model"]


async def test_another_card_stops_the_model_until_it_is_the_one_that_is_opened(
    house: World, folder: Path
) -> None:
    """Before anybody activated one the installed card holds; then nothing but the activated."""
    opened, cards = door(house, folder)
    await opened.begin()
    looks = cards.guarded(Rater.opened(folder))
    assert looks.classify(grey())
    card = another(folder)
    change = await opened.propose(THRESHOLDS, card, "ticket 12", "ana")
    assert change.report["changed"] == ["label_map"]
    with pytest.raises(ChangeError, match="second person"):
        await opened.activate(change.id, "Ana")
    assert looks.classify(grey())

    await opened.activate(change.id, "ben")

    with pytest.raises(ModelError, match="activated"):
        looks.classify(grey())
    again, restarted = door(house, folder)
    await again.begin()
    with pytest.raises(ModelError, match="activated"):
        restarted.check(NAME)
    (folder / CARD).write_text(card, "utf-8")
    last, renewed = door(house, folder)
    await last.begin()
    assert renewed.guarded(Rater.opened(folder)).classify(grey())
    leaves = [each for each in await house.leaves() if each.kind is Kind.MODEL]
    told = ["thresholds.proposed", "thresholds.activated"]
    assert [each.public["event"] for each in leaves] == told


async def test_the_card_before_is_still_loaded_when_two_people_go_back(
    house: World, folder: Path
) -> None:
    """One command, a second person, no restart."""
    opened, cards = door(house, folder)
    await opened.begin()
    change = await opened.propose(THRESHOLDS, another(folder), "ticket 12", "ana")
    await opened.activate(change.id, "ben")

    back = await opened.roll_back(THRESHOLDS, NAME, "it misses half", "ana")
    with pytest.raises(ModelError):
        cards.check(NAME)
    await opened.activate(back.id, "ben")

    cards.check(NAME)


async def test_an_activation_that_the_log_does_not_know_stops_the_model(folder: Path) -> None:
    """Who can write into app.db alone brings nothing in force."""
    cards = Cards.of(Pulled(raters=(folder,)))
    cards.take([], frozenset({NAME}))

    with pytest.raises(ModelError, match="the log has no entry"):
        cards.check(NAME)


@pytest.mark.parametrize("wrong", ["", "{}", "[]", "x" * (1 << 19)])
async def test_what_is_no_card_is_not_proposed(house: World, folder: Path, wrong: str) -> None:
    """Nothing is written of it."""
    opened, _ = door(house, folder)
    await opened.begin()
    with pytest.raises(ChangeError, match="a card"):
        await opened.propose(THRESHOLDS, wrong, "ticket 12", "ana")


async def test_a_card_that_is_not_wholly_pinned_is_not_proposed(house: World, folder: Path) -> None:
    """Nobody could say of what files it is."""
    opened, _ = door(house, folder)
    await opened.begin()
    card = json.loads((folder / CARD).read_bytes()) | {"revision": None}
    with pytest.raises(ChangeError, match="revision"):
        await opened.propose(THRESHOLDS, json.dumps(card), "ticket 12", "ana")


def test_what_ships_is_not_guarded(folder: Path) -> None:
    """It comes with the program, and its digest with that."""
    rater = Rater.opened(folder)
    assert Cards({}).guarded(rater) is rater
    assert isinstance(Cards.of(Pulled(raters=(folder,))).guarded(rater), Guarded)

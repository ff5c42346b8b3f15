"""Term packs come through the door: tried on what was asked last, activated by two, and back."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from audit.entry import Kind
from classifiers import normalise
from classifiers.classifier import Classifier
from classifiers.content import Grammar, Prompt, Text
from classifiers.normalise import Reading
from classifiers.signals import SignalName
from pipeline.changes.door import Door
from pipeline.changes.term_versions import TermVersions
from pipeline.errors import ChangeError
from pipeline.store.changes import Change, ChangeKind
from pipeline.term_packs import seal
from tests.unit.pipeline.world import World

TERMS, KEY = ChangeKind.TERMS, b"k" * 32
ONE = b"id,list,mode,text\n7,gore,word,zonkwort\n"
TWO = ONE + b"8,hate,word,quaxwort\n"
SEEN = [
    normalise.read(Prompt((Text("input", text),), Grammar.V4))
    for text in ("a harbour, zonkwort", "quaxwort by the sea", "seven kites")
]


def sealed(data: bytes) -> bytes:
    return seal("partner", data, KEY, lambda size: b"n" * size)


def proposal(data: bytes, name: str = "partner") -> str:
    return json.dumps({"name": name, "sealed": base64.b64encode(sealed(data)).decode()})


@dataclass(slots=True)
class Desk:
    """The door, and the search that is in force behind it."""

    house: World
    named: dict[str, bytes] = field(default_factory=dict[str, bytes])
    search: Classifier[Reading] | None = None

    def door(self) -> Door:
        """Open the door as a process that starts does."""

        async def recent() -> Sequence[Reading]:
            return SEEN

        def use(new: Classifier[Reading]) -> None:
            self.search = new

        kind = TermVersions(self.named, lambda: KEY, recent, use)
        table, house = self.house.store.changes, self.house
        return Door(table, house.log, house.clock, uuid4, {TERMS: kind})

    async def activated(self, data: bytes) -> Change:
        """Have two people put a pack in force."""
        door = self.door()
        await door.begin()
        change = await door.propose(TERMS, proposal(data), "ticket 12", "ana")
        return await door.activate(change.id, "ben")

    def found(self, name: SignalName) -> list[bool]:
        """Say in which texts the search that is in force finds something."""
        assert self.search is not None
        return [
            any(each.name is name and getattr(each, "score", 0) for each in self.search.classify(r))
            for r in SEEN
        ]


@pytest.fixture
def desk(house: World) -> Desk:
    """No pack is named in the settings."""
    return Desk(house)


async def test_a_pack_is_tried_on_recent_texts_and_looked_for_when_two_have_said_so(
    desk: Desk,
) -> None:
    """No restart; and the log names who, what, and how much it turns."""
    change = await desk.activated(TWO)

    assert (change.report["decided"], change.report["turned"], change.report["holds"]) == (3, 2, 2)
    assert desk.found(SignalName.TEXT_GORE) == [True, False, False]
    assert desk.found(SignalName.TEXT_HATE) == [False, True, False]
    leaves = [each for each in await desk.house.leaves() if each.kind is Kind.MODEL]
    assert [each.public["event"] for each in leaves] == ["terms.proposed", "terms.activated"]
    assert "zonkwort" not in str([each.public for each in leaves])


async def test_what_was_activated_is_looked_for_after_a_restart_whatever_the_settings_name(
    desk: Desk,
) -> None:
    """A file that somebody put back would be one person, and unrecorded."""
    await desk.activated(TWO)
    desk.named, desk.search = {"partner": sealed(ONE)}, None
    await desk.door().begin()
    assert desk.found(SignalName.TEXT_HATE) == [False, True, False]


async def test_a_way_back_that_loses_terms_takes_two_and_any_other_one(desk: Desk) -> None:
    """Fewer terms stop less."""
    await desk.activated(ONE)
    await desk.activated(TWO)
    door = desk.door()
    await door.begin()

    back = await door.roll_back(TERMS, "partner", "too much", "ana")
    assert (back.activated_by, back.milder, back.report["milder"]) == (None, True, 1)
    assert desk.found(SignalName.TEXT_HATE) == [False, True, False]
    await door.activate(back.id, "ben")
    assert desk.found(SignalName.TEXT_HATE) == [False, False, False]

    again = await door.roll_back(TERMS, "partner", "it was right", "ana")
    assert again.activated_by == "ana"
    assert desk.found(SignalName.TEXT_HATE) == [False, True, False]


async def test_a_pack_of_the_settings_is_stood_for_and_gone_back_to(desk: Desk) -> None:
    """The first change of a name begins with what is there."""
    desk.named = {"partner": sealed(ONE)}
    change = await desk.activated(TWO)
    assert (change.report["turned"], change.milder, change.before is None) == (1, False, False)
    door = desk.door()
    await door.begin()
    other = await door.propose(TERMS, proposal(TWO, "other"), "ticket 13", "ana")
    assert (await door.shadow(other.id, "ben"))["turned"] == 0


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "{}", json.dumps({"name": "partner"}), proposal(ONE, "Partner"),
        json.dumps({"name": "partner", "sealed": "%"}),
        json.dumps({"name": "partner", "sealed": None}),
        json.dumps({"name": "partner", "sealed": base64.b64encode(b"IMPT\x01junk").decode()}),
        " " * (1 << 21),
    ],
)  # fmt: skip
async def test_what_is_no_pack_is_not_proposed(desk: Desk, body: str) -> None:
    """And what is wrong is told without a word of it."""
    with pytest.raises(ChangeError):
        await desk.door().propose(TERMS, body, "ticket 12", "ana")
    assert await desk.door().pending() == []


async def test_what_is_in_force_is_not_proposed_again(desk: Desk) -> None:
    """It would change nothing."""
    await desk.activated(ONE)
    door = desk.door()
    await door.begin()
    with pytest.raises(ChangeError, match="in force already"):
        await door.propose(TERMS, proposal(ONE), "ticket 12", "ana")

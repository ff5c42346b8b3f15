"""The door: one person proposes, a second one activates; it holds everywhere, and goes back."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Never
from uuid import uuid4

import pytest

import policies
from audit.entry import Kind
from audit.leaf import Leaf
from classifiers.signals import SignalName
from pipeline.changes.door import Door
from pipeline.changes.policy_sets import PolicySets
from pipeline.errors import ChangeError, StoreUnavailableError
from pipeline.history.decided import Decided
from pipeline.items import Held, Released
from pipeline.store.changes import Change, ChangeKind, ChangeTable, changes
from pipeline.store.tenants import Tenant
from pipeline.tenancy import Tenancy, digest_of
from policies.errors import PolicyError
from policies.layers import PolicySet
from tests.unit.pipeline.world import KEEP_FOR, TENANT, World, policy_set

MEADOW = "meadow"
FIRST = """
set: meadow
layer: tenant
rules:
  - rule: gore
    on: [text]
    when: {signal: text.gore, at_least: 0.9}
    action: hold
    code: VIO.GORE
    unknown: allow
"""
STRICTER = (
    FIRST
    + """
  - rule: hate
    on: [text]
    when: {signal: text.hate, at_least: 0.2}
    action: block
    code: HATE.SYMBOL
    unknown: allow
"""
)
OTHER = FIRST.replace("0.9", "0.5")
ON_TOP = STRICTER.replace("set: meadow", "set: everybody")
POLICY = ChangeKind.POLICY


class Disk:
    """What lies on the disk: the shipped sets, and a file of the tenant's that can be edited."""

    def __init__(self) -> None:
        self.text = FIRST

    def __call__(self, name: str) -> PolicySet:
        if name == "meadow.yaml":
            return policies.load(self.text, name)
        return policy_set(name)


def digest(text: str) -> str:
    return digest_of(policies.load(text, "text"))


Start = Callable[[], tuple[Door, Tenancy]]


@pytest.fixture
def disk() -> Disk:
    """The disk."""
    return Disk()


@pytest.fixture
async def start(house: World, disk: Disk) -> Start:
    """Build the door as a process that starts does; the tenants are there."""
    await house.store.tenants.add(
        Tenant(MEADOW, "Meadow", house.clock(), policy_sets=("meadow.yaml",))
    )

    def started() -> tuple[Door, Tenancy]:
        sets = [policy_set("floor"), policy_set("default")]
        tenancy = Tenancy(house.store, sets, disk, KEEP_FOR)
        decided = Decided(house.log, house.clock, uuid4)
        kind = PolicySets(tenancy, decided, house.judge.installed, house.clock)
        door = Door(house.store.changes, house.log, house.clock, uuid4, {POLICY: kind})
        return door, tenancy

    return started


async def proposed(door: Door, text: str = STRICTER, person: str = "ana") -> Change:
    return await door.propose(POLICY, text, "ticket 12", person)


async def activated(door: Door, text: str = STRICTER) -> Change:
    return await door.activate((await proposed(door, text)).id, "ben")


async def in_force(tenancy: Tenancy, tenant: str = MEADOW) -> dict[str, str]:
    policy = await tenancy.policy_of(tenant)
    return {each.name: digest_of(each) for each in policy.sets}


class TestPuttingInForce:
    async def test_takes_a_second_person_and_is_at_once(self, start: Start) -> None:
        """The version on the disk stands until then."""
        door, tenancy = start()
        change = await proposed(door)
        assert (change.before, change.after) == (digest(FIRST), digest(STRICTER))
        assert (await in_force(tenancy))["meadow"] == digest(FIRST)

        done = await door.activate(change.id, "ben")

        assert (done.activated_by, done.place) == ("ben", 1)
        assert (await in_force(tenancy))["meadow"] == digest(STRICTER)
        assert await door.pending() == []

    @pytest.mark.parametrize("person", ["ana", " Ana ", "ANA", " "])
    async def test_is_not_done_by_one(self, start: Start, person: str) -> None:
        """However they spell their name; and nobody is nobody."""
        door, tenancy = start()
        change = await proposed(door)

        with pytest.raises(ChangeError):
            await door.activate(change.id, person)

        assert (await in_force(tenancy))["meadow"] == digest(FIRST)

    async def test_survives_a_restart_and_reaches_other_processes(self, start: Start) -> None:
        """Who looks again has it; who starts has it before anything is served."""
        door, _ = start()
        beside, seen_beside = start()
        await beside.begin()
        await activated(door)

        await beside.refresh()
        restarted, seen_after = start()
        await restarted.begin()

        assert (await in_force(seen_beside))["meadow"] == digest(STRICTER)
        assert (await in_force(seen_after))["meadow"] == digest(STRICTER)

    async def test_is_looked_for_again_and_again(self, start: Start) -> None:
        """By itself, in every process; a store that fails for a moment does not end it."""
        door, _ = start()
        beside, seen = start()
        await beside.begin()
        good, looked = beside.table, asyncio.Event()

        async def failing(_: object) -> Never:
            looked.set()
            raise StoreUnavailableError("app.db", "an answer", "none")

        beside.table = ChangeTable(failing)
        watch = asyncio.create_task(beside.run(0))
        try:
            await activated(door)
            await looked.wait()
            beside.table = good
            async with asyncio.timeout(10):
                while (await in_force(seen))["meadow"] != digest(STRICTER):  # noqa: ASYNC110 - it has no event
                    await asyncio.sleep(0)
        finally:
            watch.cancel()

    async def test_lays_a_name_that_nobody_has_on_top_for_all(self, start: Start) -> None:
        """And takes it away again by two people, since that is milder."""
        door, tenancy = start()
        change = await activated(door, ON_TOP)
        assert change.everywhere
        assert (await in_force(tenancy, TENANT))["everybody"] == digest(ON_TOP)
        assert "everybody" in await in_force(tenancy)

        back = await door.roll_back(POLICY, "everybody", "too strict", "ana")

        assert (back.activated_at, back.milder) == (None, True)
        await door.activate(back.id, "ben")
        assert "everybody" not in await in_force(tenancy, TENANT)

    async def test_decides_requests_from_then_on(self, house: World) -> None:
        """What it is for: the next request is judged by it."""
        decided = Decided(house.log, house.clock, uuid4)
        kind = PolicySets(house.tenancy, decided, house.judge.installed, house.clock)
        door = Door(house.store.changes, house.log, house.clock, uuid4, {POLICY: kind})
        assert isinstance(await house.end("a harbour"), Released)
        strict = ON_TOP.replace("at_least: 0.2", "at_least: 0.0").replace("block", "hold")
        change = await proposed(door, strict)
        assert (change.report["turned"], change.report["stricter"]) == (2, 2)

        await door.activate(change.id, "ben")

        assert isinstance(await house.end("a harbour"), Held)

    async def test_is_shadowed_before_without_any_effect(self, house: World) -> None:
        """What came since it was proposed is decided by both; only one of them counts."""
        decided = Decided(house.log, house.clock, uuid4)
        kind = PolicySets(house.tenancy, decided, house.judge.installed, house.clock)
        door = Door(house.store.changes, house.log, house.clock, uuid4, {POLICY: kind})
        await house.end("a harbour")
        house.clock.passes(minutes=1)
        strict = ON_TOP.replace("at_least: 0.2", "at_least: 0.0").replace("block", "hold")
        change = await proposed(door, strict)
        house.clock.passes(minutes=1)
        before = await door.shadow(change.id, "ana")

        assert isinstance(await house.end("a boat"), Released)
        after = await door.shadow(change.id, "ana")

        assert (before["decided"], after["decided"]) == (0, 2)
        assert (after["turned"], after["holds"], after["milder"]) == (2, 2, 0)
        await door.activate(change.id, "ben")
        with pytest.raises(ChangeError, match="no such proposal"):
            await door.shadow(change.id, "ana")


class TestAProposal:
    async def test_carries_what_it_would_turn(self, house: World, start: Start) -> None:
        """A second person has numbers to look at, and so has an auditor."""
        await house.end("a harbour")
        door, _ = start()

        change = await proposed(door)

        assert change.report["decided"] >= 1
        assert {"turned", "stricter", "milder", "holds", "not_decided"} <= change.report.keys()

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("set: x\n", "'layer' is missing"),
            (FIRST, "in force already"),
            (FIRST.replace("layer: tenant", "layer: jurisdiction"), "expected the same layer"),
            (FIRST.replace("set: meadow", "set: floor"), "expected the same layer"),
            ("# " + "x" * (1 << 20), "at most"),
        ],
    )
    async def test_that_cannot_be_used_is_none(self, start: Start, text: str, why: str) -> None:
        """It is checked before anything else; nothing is left behind."""
        door, _ = start()

        with pytest.raises((ChangeError, PolicyError), match=why):
            await proposed(door, text)

        assert await door.pending() == []

    async def test_never_changes_the_floor(self, start: Start) -> None:
        """Not even to a stricter one: it comes with the program."""
        door, tenancy = start()
        floor = (Path(policies.__file__).parent / "sets" / "floor.yaml").read_text("utf-8")

        with pytest.raises(ChangeError, match="floor"):
            await proposed(door, floor)
        await activated(door)

        assert (await tenancy.policy_of(MEADOW)).sets[0] == policy_set("floor")

    async def test_that_leaves_somebody_unserved_is_refused(self, start: Start) -> None:
        """It would be told by their requests."""
        door, _ = start()
        read = {name for each in ("floor", "default") for name in policy_set(each).reads()}
        unread = next(name for name in SignalName if name not in read)
        requires = f"requires: {{general: [{unread}]}}\nrules:"

        with pytest.raises(ChangeError, match="would not be served"):
            await proposed(door, ON_TOP.replace("rules:", requires))

    async def test_that_was_tried_against_something_else_is_stale(self, start: Start) -> None:
        """Its numbers say nothing of today."""
        door, _ = start()
        stale = await proposed(door, OTHER)
        await activated(door, ON_TOP)

        with pytest.raises(ChangeError, match="propose it again"):
            await door.activate(stale.id, "ben")
        assert await door.pending() == []

    async def test_of_another_kind_has_no_door_yet(self, start: Start) -> None:
        """It is said, not passed by."""
        door, _ = start()

        with pytest.raises(ChangeError, match="no bank comes through"):
            await door.propose(ChangeKind.BANK, "", "why", "ana")

    async def test_is_activated_once(self, start: Start) -> None:
        """An id that is used up, or that nobody has, is told."""
        door, _ = start()
        done = await activated(door)

        for change in (done.id, uuid4()):
            with pytest.raises(ChangeError, match="no such proposal"):
                await door.activate(change, "cem")


class TestGoingBack:
    async def test_to_what_is_nowhere_milder_takes_one(self, start: Start) -> None:
        """The version before is there: at once, without a restart."""
        door, tenancy = start()
        await activated(door, STRICTER)
        await activated(door, FIRST)

        back = await door.roll_back(POLICY, MEADOW, "incident", "ana")

        assert (back.activated_by, back.milder) == ("ana", False)
        assert (await in_force(tenancy))["meadow"] == digest(STRICTER)

    async def test_to_what_may_be_milder_takes_two(self, start: Start) -> None:
        """One person alone never opens anything."""
        door, tenancy = start()
        await activated(door)

        back = await door.roll_back(POLICY, MEADOW, "holds doubled", "ana")
        assert (back.activated_at, back.milder) == (None, True)
        assert (await in_force(tenancy))["meadow"] == digest(STRICTER)
        with pytest.raises(ChangeError, match="second person"):
            await door.activate(back.id, "ana")
        await door.activate(back.id, "ben")

        assert (await in_force(tenancy))["meadow"] == digest(FIRST)
        restarted, after = start()
        await restarted.begin()
        assert (await in_force(after))["meadow"] == digest(FIRST)

    async def test_of_what_was_never_changed_is_refused(self, start: Start) -> None:
        """There is nothing before it."""
        door, _ = start()

        with pytest.raises(ChangeError, match="nothing of the name"):
            await door.roll_back(POLICY, MEADOW, "why", "ana")

    async def test_works_whatever_lies_on_the_disk_by_then(self, start: Start, disk: Disk) -> None:
        """Whoever brings the file up to date must not lose the way back."""
        door, _ = start()
        await activated(door)
        disk.text = STRICTER
        restarted, tenancy = start()
        await restarted.begin()

        back = await restarted.roll_back(POLICY, MEADOW, "why", "ana")
        await restarted.activate(back.id, "ben")

        assert (await in_force(tenancy))["meadow"] == digest(FIRST)


class TestAFileThatIsEdited:
    async def test_does_not_come_in_force(self, start: Start, disk: Disk) -> None:
        """Not while it is served, and at the next start its tenant is refused, and told why."""
        door, tenancy = start()
        await activated(door)
        disk.text = OTHER
        assert (await in_force(tenancy))["meadow"] == digest(STRICTER)

        restarted, after = start()
        await restarted.begin()

        with pytest.raises(PolicyError, match="past change control"):
            await after.policy_of(MEADOW)
        assert "past change control" in str((await after.standings())[MEADOW])
        assert (await after.standings())[TENANT] is None

    async def test_comes_in_force_through_the_door(self, start: Start, disk: Disk) -> None:
        """The way out of it is to propose it."""
        door, _ = start()
        await activated(door)
        disk.text = OTHER
        restarted, after = start()
        await restarted.begin()

        await activated(restarted, OTHER)

        assert (await in_force(after))["meadow"] == digest(OTHER)

    async def test_may_be_the_version_that_is_in_force(self, start: Start, disk: Disk) -> None:
        """Whoever keeps the file up to date breaks nothing."""
        door, _ = start()
        await activated(door)
        disk.text = STRICTER
        restarted, after = start()
        await restarted.begin()

        assert (await in_force(after))["meadow"] == digest(STRICTER)


class TestWhatIsRemembered:
    @pytest.mark.parametrize("edited", [{"body": OTHER}, {"body": "nonsense"}])
    async def test_counts_only_if_it_is_what_was_activated(
        self, house: World, start: Start, edited: dict[str, Any]
    ) -> None:
        """Whoever writes into app.db changes what is remembered, and not what is judged by."""
        door, _ = start()
        await activated(door)
        await house.store.writer(lambda sql: sql.execute(changes.update().values(edited)))
        restarted, after = start()
        await restarted.begin()

        with pytest.raises(PolicyError, match=r"app\.db"):
            await after.policy_of(MEADOW)

    async def test_counts_only_if_the_log_has_it(self, house: World, start: Start) -> None:
        """A version and its digest can both be made up; an entry cannot."""
        door, _ = start()
        await activated(door)
        forged = {"body": OTHER, "after": digest(OTHER)}
        await house.store.writer(lambda sql: sql.execute(changes.update().values(forged)))
        restarted, after = start()
        await restarted.begin()

        with pytest.raises(PolicyError, match=r"app\.db"):
            await after.policy_of(MEADOW)

    async def test_is_not_in_force_for_having_been_tried(self, house: World, start: Start) -> None:
        """A proposal that somebody moves into force in app.db was composed once, to try it."""
        door, tenancy = start()
        await proposed(door)
        await house.store.writer(lambda sql: sql.execute(changes.update().values(place=1)))

        await door.refresh()

        with pytest.raises(PolicyError, match=r"app\.db"):
            await tenancy.policy_of(MEADOW)

    async def test_is_no_way_back_to_what_was_made_up(self, house: World, start: Start) -> None:
        """What is kept for the way back is held against the digest as well."""
        door, _ = start()
        await activated(door)
        forged = {"before_body": OTHER}
        await house.store.writer(lambda sql: sql.execute(changes.update().values(forged)))

        with pytest.raises(ChangeError, match=r"app\.db"):
            await door.roll_back(POLICY, MEADOW, "why", "ana")

    async def test_is_finished_after_a_crash(self, house: World, start: Start) -> None:
        """The entry was written and the row was not: the log is what counts."""
        door, _ = start()
        await activated(door)
        lost = {"place": None, "activated_by": None, "activated_at": None}
        await house.store.writer(lambda sql: sql.execute(changes.update().values(lost)))
        restarted, after = start()

        await restarted.begin()

        assert (await in_force(after))["meadow"] == digest(STRICTER)


async def test_each_step_is_an_entry(house: World, start: Start) -> None:
    """With both digests and how many would turn; who and why in the part that can be erased."""
    door, _ = start()
    await activated(door)
    back = await door.roll_back(POLICY, MEADOW, "holds doubled", "ana")
    await door.activate(back.id, "ben")

    found = [
        each for each in await house.log.tail(100) if Leaf.parse(each.leaf).kind is Kind.POLICY
    ]
    said = [Leaf.parse(each.leaf).public for each in found]
    events = ["policy.proposed", "policy.activated", "policy.proposed", "policy.rolled_back"]
    assert [each["event"] for each in said] == events
    assert [(each["before"], each["after"]) for each in said] == [
        (digest(FIRST), digest(STRICTER)),
        (digest(FIRST), digest(STRICTER)),
        (digest(STRICTER), digest(FIRST)),
        (digest(STRICTER), digest(FIRST)),
    ]
    assert {str(each["name"]) for each in said} == {MEADOW}
    assert "ana" not in str(said)
    opened = await house.log.detail(found[1].entry_id)
    assert opened.personal["person"] == "ben"
    assert opened.detail["proposed_by"] == "ana"
    assert "turned" in str(opened.detail["report"])

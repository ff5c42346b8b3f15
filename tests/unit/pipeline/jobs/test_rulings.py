"""Rulings: what a person was shown is what they approve, and one that was cut off is finished."""

import asyncio
import base64
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from audit.entry import Kind
from classifiers.signals import SignalName
from pipeline.access.permissions import Permission, Person
from pipeline.errors import ForbiddenError
from pipeline.flow import End
from pipeline.items import Examined, Recorded, Released
from pipeline.jobs.errors import RulingError
from pipeline.jobs.rulings import RULED, Ruling, label_of
from pipeline.quarantine import open_with
from pipeline.store.holds import End as HoldEnd
from pipeline.store.holds import Hold
from pipeline.store.pictures import PictureState
from pipeline.store.submissions import State
from pipeline.store.webhooks import Target
from tests.unit.pipeline.jobs.dying import dying_at
from tests.unit.pipeline.lookers import HATE, KNOWN, SELF_HARM, Colour, Mood
from tests.unit.pipeline.world import HELD, NEARLY, TENANT, World, png

PERSON = Person("somebody", frozenset({Permission.REVIEW_RULE}))
APPROVED = Ruling(PERSON, approves=True, reason="looked at it")
NEARLY_NCII: Colour = (10, 90, 90)
REJECTED = Ruling(PERSON, approves=False, reason="looked at it")


async def held(house: World, prompt: str = "holdme", **more: Any) -> Hold:
    """The only open hold, after this request."""
    await house.end(prompt, **more)
    (hold,) = await house.store.holds.waiting()
    return hold


async def picture_held(house: World) -> Hold:
    """A hold on a paid picture."""
    house.upstream.colours = [HELD]
    return await held(house, "a harbour")


async def upload_held(house: World) -> Hold:
    """A hold on a request for what it uploads."""
    own: Any = house.viewer.own
    own.knows = {**own.knows, NEARLY_NCII: {SignalName.HASH_NCII_NEAR: 0.5}}
    uploaded = base64.b64encode(png(HELD)).decode()
    return await held(house, "a harbour", image=uploaded, strength=0.5)


async def known(house: World, hold: Hold) -> Hold:
    found = await house.store.holds.get(TENANT, hold.id)
    assert found is not None
    return found


def also_shows(house: World, what: Any, scores: dict[SignalName, float]) -> None:
    """From now on the classifiers see more in what they know."""
    for looker in (house.reader, house.viewer):
        own: Any = looker.own
        if what in own.knows:
            own.knows = {**own.knows, what: {**own.knows[what], **scores}}


class TestTelling:
    @pytest.mark.parametrize(("ruling", "state"), [(APPROVED, "released"), (REJECTED, "halted")])
    async def test_a_tenant_is_told_once_what_became_of_what_was_held(
        self, house: World, ruling: Ruling, state: str
    ) -> None:
        """Whoever asked was told to wait, and asks nobody again and again."""
        table = house.store.webhooks
        await table.aim(Target(TENANT, "https://harbour.example/", b"sealed", house.clock()))
        hold = await held(house)
        await house.rulings.rule(hold, ruling)

        told = [each for each in await table.all() if each.kind == RULED]

        assert [(each.body["generation"], each.body["state"]) for each in told] == [
            (str(hold.submission), state)
        ]
        assert {*told[0].body} == {"generation", "state", "code", "label"}
        assert told[0].body["label"] is None

    async def test_a_label_is_told_to_the_tenant_and_stands_in_the_log(self, house: World) -> None:
        """What is released so is to be shown as that, by whoever shows it."""
        table = house.store.webhooks
        await table.aim(Target(TENANT, "https://harbour.example/", b"sealed", house.clock()))
        hold = await held(house)
        await house.rulings.rule(hold, replace(APPROVED, code="VIO.GORE", labels=True))

        (told,) = [each for each in await table.all() if each.kind == RULED]

        assert (told.body["state"], told.body["label"]) == ("released", "VIO.GORE")
        (ruling,) = [
            each for each in await house.leaves(hold.submission) if each.kind is Kind.RULING
        ]
        assert (ruling.public["action"], ruling.public["outcome"]) == ("label", "approved")
        assert await label_of(house.log, await known(house, hold)) == "VIO.GORE"

    @pytest.mark.parametrize(
        "ruling",
        [
            replace(APPROVED, labels=True),
            replace(APPROVED, labels=True, code="OK"),
            replace(APPROVED, labels=True, code="a word"),
            replace(APPROVED, labels=True, code="CSE.DRAWN"),
            replace(REJECTED, labels=True, code="VIO.GORE"),
        ],
        ids=["none", "nothing", "no code", "of the team", "rejected"],
    )
    async def test_a_label_that_says_nothing_is_no_ruling(
        self, house: World, ruling: Ruling
    ) -> None:
        """Nothing is released as what nobody can show, and nothing is written."""
        hold = await held(house)

        with pytest.raises(RulingError, match="a label needs"):
            await house.rulings.rule(hold, ruling)
        assert (await known(house, hold)).end is None


class TestAnApproval:
    async def test_of_a_request_covers_only_the_rules_that_held_it(self, house: World) -> None:
        """What another rule holds by now, nobody was asked about."""
        hold = await upload_held(house)
        also_shows(house, HELD, {SignalName.HASH_NCII_NEAR: 0.5})

        assert await house.rulings.rule(hold, APPROVED) is None

        assert house.upstream.calls == []
        last = (await house.leaves(hold.submission))[-1]
        assert (last.kind, last.public["reason"]) == (Kind.HALTED, "policy_forbids")

    async def test_of_a_picture_covers_only_the_rules_that_held_it(self, house: World) -> None:
        """The picture waits once more, for somebody who is shown the new rule."""
        hold = await picture_held(house)
        also_shows(house, HELD, {SignalName.HASH_NCII_NEAR: 0.5})

        end = await house.rulings.rule(hold, APPROVED)

        assert end is not None
        assert isinstance(end.outcome, Examined)
        (again,) = await house.store.holds.waiting()
        assert "release" not in await house.kinds(hold.submission)
        assert await house.rulings.rule(again, APPROVED) is not None
        assert (await house.kinds(hold.submission))[-1] == "release"

    async def test_covers_what_it_was_shown(self, house: World) -> None:
        """Or nothing that is held could ever be released."""
        hold = await picture_held(house)

        end = await house.rulings.rule(hold, APPROVED)

        assert end is not None
        assert isinstance(end.outcome, Released)
        assert (await known(house, hold)).end is HoldEnd.APPROVED

    async def test_of_a_request_reaches_no_picture_that_shows_more(self, house: World) -> None:
        """The person saw the facts of a request, not of a picture that did not exist."""
        hold = await held(house)
        house.upstream.colours = [HELD]

        end = await house.rulings.rule(hold, APPROVED)

        assert end is not None
        assert isinstance(end.outcome, Examined)
        (again,) = await house.store.holds.waiting()
        assert (again.stage, again.index) == ("examine", 0)

    async def test_of_a_picture_covers_nothing_new_in_its_request(self, house: World) -> None:
        """Nobody was asked about the request: a word of it came onto a list since."""
        hold = await picture_held(house)
        own: Any = house.reader.own
        own.knows = {**own.knows, "harbour": HATE}

        assert await house.rulings.rule(hold, APPROVED) is None

        assert "release" not in await house.kinds(hold.submission)
        assert (await house.row(hold.submission)).state is State.WITHHELD

    @pytest.mark.parametrize("new", [False, True])
    async def test_of_a_request_still_covers_it_when_its_picture_is_ruled_on(
        self, house: World, new: bool
    ) -> None:
        """What was approved once is not asked about again; and nothing more was."""
        house.upstream.colours = [NEARLY_NCII]
        await house.rulings.rule(await upload_held(house), APPROVED)
        (hold,) = await house.store.holds.waiting()
        if new:
            also_shows(house, HELD, {SignalName.HASH_NCII_NEAR: 0.5})

        await house.rulings.rule(hold, APPROVED)

        expected = State.WITHHELD if new else State.RELEASED
        assert (await house.row(hold.submission)).state is expected

    @pytest.mark.parametrize("prompt", ["holdme", "a harbour"])
    async def test_waits_until_everybody_can_look_again(self, house: World, prompt: str) -> None:
        """A look that failed is no reason to withhold for good what a person approved."""
        house.upstream.colours = [HELD]
        hold = await held(house, prompt)
        house.reader.mood = Mood.POISONED  # on this request only: nobody is sick
        with pytest.raises(RulingError, match="machine"):
            await house.rulings.rule(hold, APPROVED)
        assert not house.judge.faults()
        assert (await known(house, hold)).end is None
        assert "ruling" not in await house.kinds(hold.submission)

        house.reader.mood = Mood.WELL

        assert await house.rulings.rule(hold, APPROVED) is not None

    async def test_of_what_is_blocked_by_now_withholds_it_whoever_cannot_look(
        self, house: World
    ) -> None:
        """What was seen is enough to refuse."""
        hold = await held(house)
        also_shows(house, "holdme", dict(SELF_HARM))

        assert await house.rulings.rule(hold, APPROVED) is None

        assert (await house.row(hold.submission)).state is State.HALTED

    async def test_of_what_is_of_the_worst_kind_by_now_has_it_seized(self, house: World) -> None:
        """A list that grew told what the upload is: it is evidence, and nobody's to destroy."""
        hold = await upload_held(house)
        own: Any = house.viewer.own
        own.knows = {**own.knows, HELD: KNOWN}

        assert await house.rulings.rule(hold, APPROVED) is None
        await house.gate.seizure.run()

        (path,) = (house.folder / "quarantine").glob("*.sealed")
        facts = open_with(house.team_key, path.read_bytes()).facts
        assert (facts["submission"], facts["code"]) == (str(hold.submission), "CSE.KNOWN")
        assert house.upstream.calls == []

    async def test_needs_the_permission(self, house: World) -> None:
        """Nothing is recorded of somebody who may not rule."""
        hold = await held(house)

        with pytest.raises(ForbiddenError):
            await house.rulings.rule(hold, replace(APPROVED, person=Person("x", frozenset())))

        assert "ruling" not in await house.kinds(hold.submission)


async def cut_off(house: World, hold: Hold, ruling: Ruling, kind: Kind, *, before: bool) -> None:
    """Have a ruling die at an entry, and start again."""
    with dying_at(house, kind, before=before):
        await house.rulings.rule(hold, ruling)
    await house.recovery.run()
    await house.upkeep.round()


async def ruled_again(house: World, hold: Hold, ruling: Ruling) -> End | None:
    """Rule as the person does who still sees the hold; None if nothing is left to be done."""
    for left in await house.store.holds.of(TENANT, hold.submission):
        if left.end is None:
            with suppress(RulingError):
                return await house.rulings.rule(left, ruling)
    return None


class TestARulingThatWasCutOff:
    @pytest.mark.parametrize(
        ("kind", "before"),
        [
            (Kind.RULING, True),
            (Kind.RULING, False),
            (Kind.ADMIT, True),
            (Kind.ADMIT, False),
        ],
    )
    async def test_before_the_payment_is_made_again(
        self, house: World, kind: Kind, before: bool
    ) -> None:
        """The hold stays open, so the person sees that nothing came of it, and rules again."""
        hold = await held(house)
        await cut_off(house, hold, APPROVED, kind, before=before)
        assert (await house.row(hold.submission)).state is State.HELD

        end = await ruled_again(house, hold, APPROVED)

        assert end is not None
        assert isinstance(end.outcome, Released)
        assert len(house.upstream.calls) == 1
        assert (await house.kinds(hold.submission)).count("ruling") == 1
        assert (await known(house, hold)).end is HoldEnd.APPROVED

    @pytest.mark.parametrize(
        ("kind", "before"),
        [
            (Kind.GENERATED, False),
            (Kind.EXAMINED, True),
            (Kind.EXAMINED, False),
            (Kind.RELEASE, True),
            (Kind.RELEASE, False),
        ],
    )
    async def test_after_the_payment_is_finished_by_the_next_start(
        self, house: World, kind: Kind, before: bool
    ) -> None:
        """Paid once, released once, and the hold is not ruled on in vain for ever."""
        hold = await held(house)
        await cut_off(house, hold, APPROVED, kind, before=before)

        await ruled_again(house, hold, APPROVED)

        row = await house.row(hold.submission)
        kinds = await house.kinds(hold.submission)
        assert row.state is State.RELEASED
        assert len(house.upstream.calls) == 1
        assert "halted" not in kinds
        assert kinds.count("ruling") == 1
        assert kinds[-1] == "release"
        assert not await house.store.holds.waiting()
        assert not await house.log.open_submissions()

    @pytest.mark.parametrize("before", [True, False])
    @pytest.mark.parametrize("kind", [Kind.RULING, Kind.EXAMINED, Kind.RELEASE])
    async def test_on_a_picture_is_made_again(self, house: World, kind: Kind, before: bool) -> None:
        """Nothing is paid for again, and no picture is lost."""
        hold = await picture_held(house)
        await cut_off(house, hold, APPROVED, kind, before=before)

        await ruled_again(house, hold, APPROVED)

        (picture,) = await house.store.pictures.of(TENANT, hold.submission)
        assert picture.state is PictureState.RELEASED
        assert await house.gate.shelf.open(picture)
        assert len(house.upstream.calls) == 1
        kinds = await house.kinds(hold.submission)
        assert kinds.count("ruling") == 1
        assert "withhold" not in kinds
        assert not await house.store.holds.waiting()

    @pytest.mark.parametrize("before", [True, False])
    @pytest.mark.parametrize("kind", [Kind.RULING, Kind.HALTED])
    async def test_that_rejects_a_request_is_made_again(
        self, house: World, kind: Kind, before: bool
    ) -> None:
        """What was rejected does not stay open, and its charge is given back once."""
        hold = await held(house)
        await cut_off(house, hold, REJECTED, kind, before=before)

        await ruled_again(house, hold, REJECTED)

        assert (await house.row(hold.submission)).state is State.HALTED
        assert (await house.kinds(hold.submission)).count("halted") == 1
        tenant = await house.store.tenants.get(TENANT)
        assert tenant is not None
        assert tenant.anlas_spent == 0
        assert (await known(house, hold)).end is HoldEnd.REJECTED

    @pytest.mark.parametrize("before", [True, False])
    @pytest.mark.parametrize("kind", [Kind.RULING, Kind.WITHHOLD])
    async def test_that_rejects_a_picture_is_made_again(
        self, house: World, kind: Kind, before: bool
    ) -> None:
        """It is withheld once, and for good."""
        hold = await picture_held(house)
        await cut_off(house, hold, REJECTED, kind, before=before)

        await ruled_again(house, hold, REJECTED)

        (picture,) = await house.store.pictures.of(TENANT, hold.submission)
        assert picture.state is PictureState.WITHHELD
        assert (await house.kinds(hold.submission)).count("withhold") == 1
        assert (await house.row(hold.submission)).state is State.WITHHELD

    async def test_cannot_be_made_again_the_other_way(self, house: World) -> None:
        """What is on record is what was ruled."""
        hold = await held(house)
        await cut_off(house, hold, REJECTED, Kind.RULING, before=False)

        with pytest.raises(RulingError):
            await house.rulings.rule(await known(house, hold), APPROVED)

        assert house.upstream.calls == []

    @pytest.mark.parametrize("before", [True, False])
    @pytest.mark.parametrize("kind", [Kind.RULING, Kind.GENERATED, Kind.RELEASE])
    async def test_leaves_nothing_open_when_nobody_rules_again(
        self, house: World, kind: Kind, before: bool
    ) -> None:
        """Its hold expires like any other: to withheld, or to what the next start finished."""
        hold = await held(house)
        await cut_off(house, hold, APPROVED, kind, before=before)
        house.clock.at = hold.expires_at

        await house.upkeep.round()

        assert not await house.store.holds.waiting()
        assert not await house.log.open_submissions()
        kinds = await house.kinds(hold.submission)
        assert ("release" in kinds) is not ("halted" in kinds)

    @pytest.mark.parametrize("kind", [Kind.RULING, Kind.EXAMINED, Kind.RELEASE])
    async def test_on_a_picture_expires_when_nobody_rules_again(
        self, house: World, kind: Kind
    ) -> None:
        """It was on its way out, and nobody knows how far it came: it is withheld, on record."""
        hold = await picture_held(house)
        await cut_off(house, hold, APPROVED, kind, before=True)
        house.clock.at = hold.expires_at

        await house.upkeep.round()

        assert not await house.store.holds.waiting()
        assert not await house.log.open_submissions()
        assert (await house.kinds(hold.submission))[-1] == "withhold"
        assert (await house.row(hold.submission)).state is State.WITHHELD

    @pytest.mark.parametrize("picture", [True, False])
    async def test_that_rejects_is_followed_when_nobody_rules_again(
        self, house: World, picture: bool
    ) -> None:
        """What is in the log is done: given back, and seized if it is of the worst kind."""
        house.upstream.colours = [NEARLY]
        hold = await held(house, "a harbour" if picture else "holdme")
        kind = Kind.WITHHOLD if picture else Kind.HALTED
        await cut_off(house, hold, REJECTED, kind, before=False)
        house.clock.at = hold.expires_at

        await house.upkeep.round()

        kinds = await house.kinds(hold.submission)
        assert kinds.count(kind.value) == 1
        state = (await house.row(hold.submission)).state
        assert state is (State.WITHHELD if picture else State.HALTED)
        assert len([*(house.folder / "quarantine").glob("*")]) == int(picture)
        tenant = await house.store.tenants.get(TENANT)
        assert tenant is not None
        assert (tenant.anlas_spent == 0) is not picture

    async def test_after_everything_but_its_hold_withdraws_nothing(self, house: World) -> None:
        """What was released stays released, whoever rules on the hold that is left over."""
        hold = await picture_held(house)
        await house.rulings.rule(hold, APPROVED)
        await house.store.writer(
            lambda sql: sql.exec_driver_sql("UPDATE holds SET end = NULL, ended_at = NULL")
        )

        for ruling in (APPROVED, REJECTED):
            with pytest.raises(RulingError):
                await house.rulings.rule(hold, ruling)

        (picture,) = await house.store.pictures.of(TENANT, hold.submission)
        assert picture.state is PictureState.RELEASED
        assert (await known(house, hold)).end is HoldEnd.APPROVED


class TestAtOnce:
    async def test_of_two_rulings_one_is_made(self, house: World) -> None:
        """Two people opened the same hold."""
        hold = await held(house)

        said = await asyncio.gather(
            house.rulings.rule(hold, APPROVED),
            house.rulings.rule(hold, REJECTED),
            return_exceptions=True,
        )

        assert [type(each) for each in said] == [Recorded, RulingError]
        assert "halted" not in await house.kinds(hold.submission)

    async def test_a_ruling_on_what_was_shown_long_ago_comes_too_late(self, house: World) -> None:
        """The hold on the screen is not the hold by now."""
        hold = await held(house)
        await house.rulings.rule(hold, APPROVED)
        size = len(await house.leaves())

        for ruling in (APPROVED, REJECTED):
            with pytest.raises(RulingError):
                await house.rulings.rule(hold, ruling)

        assert len(await house.leaves()) == size

    async def test_a_hold_does_not_expire_while_it_is_ruled_on(self, house: World) -> None:
        """The log would say both: released, and withheld."""
        hold = await picture_held(house)
        house.viewer.mood = Mood.HANGS  # the ruling waits for the look
        ruling = asyncio.create_task(house.rulings.rule(hold, APPROVED))
        await asyncio.sleep(0.1)
        house.clock.at = hold.expires_at

        await asyncio.gather(house.upkeep.round(sweeps=False), self._let_go(house))
        await ruling
        await house.upkeep.round()

        kinds = await house.kinds(hold.submission)
        assert kinds[-1] == "release"
        assert "withhold" not in kinds
        (picture,) = await house.store.pictures.of(TENANT, hold.submission)
        assert picture.state is PictureState.RELEASED
        assert not await house.store.holds.waiting()

    async def _let_go(self, house: World) -> None:
        await asyncio.sleep(0.1)
        house.viewer.mood = Mood.WELL
        house.viewer.let_go.set()


async def test_upkeep_leaves_alone_what_a_ruling_carries(house: World) -> None:
    """An approved request waits in the queue too: closed, it would be paid for and lost."""
    hold = await upload_held(house)
    async with house.accounts.lease():
        ruled = asyncio.create_task(house.rulings.rule(hold, APPROVED))
        await house.in_line()
        house.clock.passes(hours=9)

        await house.upkeep.round()

        assert "halted" not in await house.kinds(hold.submission)
    end = await ruled
    assert end is not None
    assert isinstance(end.outcome, Released)

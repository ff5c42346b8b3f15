"""The house as `app.py` builds it: what it makes once, what it refuses to start with, its end."""

import asyncio
import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from threading import Event
from typing import cast
from uuid import UUID, uuid4

import httpx
import pytest

from audit.anchors import Anchors
from audit.entry import Entry, Kind, entry_id
from audit.errors import UnusableError
from audit.leaf import Leaf
from audit.verify import verify
from classifiers.errors import BankError, ModelError
from classifiers.pins import CARD
from pipeline.access.permissions import Permission, Person
from pipeline.app import House, open_house
from pipeline.changes.cards import Guarded
from pipeline.changes.door import Door
from pipeline.errors import LostFileError, SettingsError, StoreLockedError
from pipeline.gateway import operator, troubles
from pipeline.gateway.health import readiness
from pipeline.items import Released
from pipeline.jobs.anchoring import Anchoring
from pipeline.jobs.closing import Closing
from pipeline.jobs.errors import ClosingError
from pipeline.jobs.resuming import Resuming
from pipeline.jobs.rulings import Ruling
from pipeline.jobs.undoing import Undoing
from pipeline.novelai.accounts_balance import Balances
from pipeline.novelai.accounts_following import Following
from pipeline.novelai.accounts_roster import Roster
from pipeline.settings import Settings, first_start, load
from pipeline.store.changes import ChangeKind
from pipeline.store.tenants import Tenant
from pipeline.unsafe import UnsafeSwitch
from pipeline.webhooks.delivering import Delivering
from pipeline.webhooks.signing import Sealer
from policies import PolicyError
from tests.unit.classifiers.raters import NAME, classifier, write_rater
from tests.unit.pipeline.world import World

SECRET = "pst-" + "c" * 64
ENV: Mapping[str, str] = {
    "IMPRIMATUR_DEVELOPMENT": "true",
    "IMPRIMATUR_NOVELAI_TOKENS": SECRET,
    "IMPRIMATUR_UPSTREAM__BASE_URL": "http://127.0.0.1:9",
}


def settings_in(folder: Path, **more: str) -> Settings:
    data_dir = folder / "data"
    if not data_dir.exists():
        first_start(data_dir, os.urandom)
    return load(data_dir, {**ENV, **more})


async def test_it_begins_with_one_tenant_and_one_key_shown_once(tmp_path: Path) -> None:
    """A second start shows nothing: whoever lost the key makes another."""
    settings = settings_in(tmp_path)

    async with open_house(settings) as first:
        assert [each.id for each in await first.gate.store.tenants.all()] == ["default"]
        key = first.notices[0].rpartition(" ")[2]
    async with open_house(settings) as second:
        assert key.startswith("pst-")
        assert not any(key in notice for notice in second.notices)
        assert len(await second.gate.store.tenants.all()) == 1


async def test_its_log_keeps_its_key_over_restarts(tmp_path: Path) -> None:
    """One key, one history: what the first process wrote verifies after the second."""
    settings = settings_in(tmp_path)
    async with open_house(settings) as first:
        checkpoint = first.gate.log.checkpoint
    async with open_house(settings) as second:
        genesis = Leaf.parse((await second.gate.log.tail(1))[0].leaf)

    vkey = (settings.keys_dir / "log.vkey").read_text().strip()
    report = verify(settings.data_dir / "log.db", vkey, known_checkpoints=[checkpoint])
    assert report.ok, report.problems
    assert genesis.kind.value == "genesis"


async def test_no_secret_is_in_its_repr_or_readable_by_others(tmp_path: Path) -> None:
    """Reprs end up in logs; key files are for their owner alone."""
    settings = settings_in(tmp_path)

    async with open_house(settings) as house:
        assert SECRET not in repr(settings)
        assert SECRET not in repr(house.gate.accounts)
        assert repr(house.gate.subject_key) not in repr(house.gate)
    for path in settings.keys_dir.iterdir():
        if path.suffix not in {".vkey", ".pub"}:
            assert path.stat().st_mode & 0o077 == 0, path.name


async def test_two_processes_never_share_a_data_directory(tmp_path: Path) -> None:
    """Two writers would make two histories."""
    settings = settings_in(tmp_path)

    async with open_house(settings):
        with pytest.raises((StoreLockedError, UnusableError)):
            async with open_house(settings):
                pass
    async with open_house(settings) as again:
        assert isinstance(again, House)


async def test_it_does_not_start_with_a_broken_policy(tmp_path: Path) -> None:
    """Half a policy judges nobody."""
    settings = settings_in(tmp_path)
    broken = tmp_path / "broken.yaml"
    broken.write_text("set: broken\nlayer: nowhere\nrules: []\n", "utf-8")
    with_it = settings.model_copy(update={"policies": ("floor", str(broken))})

    with pytest.raises(PolicyError):
        async with open_house(with_it):
            pass


async def test_it_says_at_its_start_which_tenant_it_cannot_serve(tmp_path: Path) -> None:
    """Not at that tenant's first request; and the others are served."""
    settings = settings_in(tmp_path)
    gone = tmp_path / "meadow.yaml"
    async with open_house(settings) as house:
        at = house.gate.now()
        tenant = Tenant("meadow", "Meadow", at, policy_sets=(str(gone),))
        await house.gate.store.tenants.add(tenant)

    async with open_house(settings) as again:
        (notice,) = again.notices
        assert (await again.readiness())["ready"] is True

    assert "'meadow' is not served" in notice
    assert str(gone) in notice
    assert "\n" not in notice


async def test_it_does_not_start_beside_the_log_of_a_lost_app_db(tmp_path: Path) -> None:
    """Unless that is what the operator says; then it begins with a tenant and a key again."""
    settings = settings_in(tmp_path)
    async with open_house(settings) as house:
        public = {"submission": str(UUID(int=7))}
        entry = Entry(entry_id(UUID(int=7), Kind.ADMIT), Kind.ADMIT, house.gate.now(), public)
        await house.gate.log.append(entry)
    for lost in settings.data_dir.glob("app.db*"):
        lost.unlink()

    with pytest.raises(LostFileError, match=r"restore app\.db"):
        async with open_house(settings):
            pass
    async with open_house(settings, without_app_db=True) as anew:
        assert any("first API key" in notice for notice in anew.notices)
    async with open_house(settings) as again:
        assert (await again.readiness())["store"] == "ok"


async def test_it_does_not_start_with_half_a_bank(tmp_path: Path) -> None:
    """A list that does not parse is not an empty list."""
    settings_in(tmp_path)
    bank = tmp_path / "data" / "bank.csv"
    bank.write_text("no header that anybody knows\n1,2,3\n", "utf-8")
    banks = '[{"source": "partner", "kind": "blocked", "file": "bank.csv"}]'

    with pytest.raises(BankError):
        async with open_house(settings_in(tmp_path, IMPRIMATUR_BANKS=banks)):
            pass


async def test_nothing_stays_locked_after_a_failed_start(tmp_path: Path) -> None:
    """Whatever was opened is given back, in the opposite order."""
    settings = settings_in(tmp_path)
    bad = settings.model_copy(update={"policies": ("floor", str(tmp_path / "missing.yaml"))})

    with pytest.raises(OSError, match="missing"):
        async with open_house(bad):
            pass
    async with open_house(settings) as house:
        assert (await house.readiness())["store"] == "ok"


async def test_switches_are_built_only_where_a_folder_for_them_is_named(tmp_path: Path) -> None:
    """And settings refuse that outside development."""
    settings = settings_in(tmp_path)
    async with open_house(settings) as house:
        watched = house.gate.judge._watched()
        assert not any(isinstance(each.classifier, UnsafeSwitch) for each in watched)

    with pytest.raises(SettingsError):
        load(
            settings.data_dir,
            {**ENV, "IMPRIMATUR_DEVELOPMENT": "false", "IMPRIMATUR_FAULTS_DIR": "faults"},
        )


async def test_with_embedded_models_the_general_rating_is_served(tmp_path: Path) -> None:
    """And it says what is missing for the other: nothing is paid for only to be held."""
    async with open_house(settings_in(tmp_path)) as house:
        said = await house.readiness()

    assert said["ready"] is True
    assert "image.minor.drawn@drawing" in repr(said["serves"])


async def test_a_pulled_model_looks_only_with_the_card_that_two_people_activated(
    tmp_path: Path,
) -> None:
    """At once, where it serves, and again after a restart."""
    folder = write_rater(tmp_path, classifier([0.0, 0.0, 0.0]))
    settings = settings_in(tmp_path, IMPRIMATUR_RATERS=json.dumps([str(folder)]))
    card = json.loads((folder / CARD).read_bytes()) | {"published": "elsewhere"}
    async with open_house(settings) as first:
        (rater,) = [each for each in first.gate.judge._watched() if NAME in each.classifier.id]
        change = await first.door.propose(ChangeKind.THRESHOLDS, json.dumps(card), "why", "ana")
        await first.door.activate(change.id, "ben")
        with pytest.raises(ModelError, match="activated"):
            cast("Guarded[object]", rater.classifier).classify(object())
    async with open_house(settings) as second:
        (rater,) = [each for each in second.gate.judge._watched() if NAME in each.classifier.id]
        with pytest.raises(ModelError, match="activated"):
            cast("Guarded[object]", rater.classifier).classify(object())


async def _nobody(_: str, __: Mapping[str, str], ___: bytes) -> int:
    """Tell nobody: no tenant here has an address."""
    return 404


async def _keeps() -> bool:
    """Keep house: there is one gateway."""
    return True


def built(house: World) -> House:
    """The same parts, joined as `open_house` joins them."""
    balances = Balances("http://upstream", httpx.AsyncClient())
    roster = Roster(
        house.accounts,
        house.store.accounts,
        house.log,
        house.reckoning(house.accounts, balances),
        house.clock,
        uuid4,
        None,
        declares=True,
    )
    return House(
        public=house.public,
        operator=operator.create(house.operator),
        gate=house.gate,
        undoing=Undoing(
            house.rulings,
            house.store,
            house.log,
            house.clock,
            uuid4,
            lambda: troubles.is_closed(house.gate),
        ),
        upkeep=house.upkeep,
        anchoring=Anchoring(
            house.log, Anchors(house.folder / "anchors.db"), (), house.gate.now, guarded=False
        ),
        door=Door(house.store.changes, house.log, house.gate.now, uuid4, {}),
        following=Following(roster, _keeps),
        delivering=Delivering(
            house.store.webhooks,
            Sealer(os.urandom(32), os.urandom),
            _nobody,
            house.clock,
            lambda: 0.0,
        ),
        resuming=Resuming(house.gate.desk, house.restore),
        closing=Closing(house.store, partial(readiness, house.gate), house.clock),
        notices=(),
    )


class TestDraining:
    """The end of a server: nobody new is let in, and nobody who is in is forgotten."""

    async def test_is_told_by_readiness_at_once(self, house: World) -> None:
        """A load balancer stops sending while what is in flight is finished."""
        serving = built(house)
        assert (await serving.readiness())["ready"] is True

        with house.gate.desk.entering():
            draining = asyncio.create_task(serving.drain(5))
            await asyncio.sleep(0)
            report = await serving.readiness()
            async with house.client(serving.public) as client:
                ready = await client.get("/ready")

        assert (report["ready"], report["admission"]) == (False, "closed")
        assert (ready.status_code, ready.json()["admission"]) == (503, "closed")
        assert await draining == 0

    async def test_waits_for_a_request_that_is_still_being_admitted(self, house: World) -> None:
        """It was let in before the end began: its picture is paid for, and it gets it."""
        busy = Event()
        threads = [asyncio.create_task(house.judge.run(busy.wait)) for _ in range(2)]
        await asyncio.sleep(0.05)
        admitting = asyncio.create_task(house.submit("a harbour, " * 100))  # read in a thread
        await asyncio.sleep(0.05)
        assert not admitting.done()

        draining = asyncio.create_task(built(house).drain(10))
        await asyncio.sleep(0.1)
        waited = not draining.done()
        busy.set()
        ticket = await admitting

        assert waited
        assert await draining == 0
        assert ticket.end is not None
        assert ticket.end.done()
        assert isinstance(ticket.end.result().outcome, Released)
        with pytest.raises(ClosingError):
            await house.submit()
        await asyncio.gather(*threads)

    async def test_counts_who_is_not_even_admitted_when_its_time_is_over(
        self, house: World
    ) -> None:
        """A client that sends slowly keeps no server from its end."""
        with house.gate.desk.entering():
            assert await built(house).drain(0.1) == 1

    async def test_waits_for_what_a_ruling_carries_on(self, house: World) -> None:
        """A person approved it, and it is being paid for."""
        await house.end("holdme")
        (hold,) = await house.store.holds.waiting()
        async with house.accounts.lease():  # another generation holds the account
            person = Person("somebody", frozenset({Permission.REVIEW_RULE}))
            ruling = asyncio.create_task(
                house.rulings.rule(hold, Ruling(person, approves=True, reason="looked at it"))
            )
            await asyncio.sleep(0.1)

            draining = asyncio.create_task(built(house).drain(10))
            await asyncio.sleep(0.1)
            waited = not draining.done()
        end = await ruling

        assert waited
        assert await draining == 0
        assert end is not None
        assert isinstance(end.outcome, Released)

    async def test_takes_no_more_rulings(self, house: World) -> None:
        """What it approves would be cut off: the hold stays open for the next start."""
        await house.end("holdme")
        (hold,) = await house.store.holds.waiting()
        serving = built(house)
        await serving.drain(1)

        async with house.client(serving.operator) as desk:
            body = {"person": "somebody", "approves": True, "reason": "looked at it"}
            answer = await desk.post(f"/holds/{hold.id}/ruling", json=body)

        assert answer.status_code == 503
        assert "ruling" not in await house.kinds(hold.submission)
        assert await house.store.holds.waiting() == (hold,)

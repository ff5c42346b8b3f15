"""Builds every object by hand, in the order in which they need each other; no logic.

Only here are the clock, randomness, threads and connections made.
"""

import asyncio
import base64
import os
import random
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import APIRouter, FastAPI

import policies
from audit.anchors import Anchors
from audit.cosignature import WitnessKey
from audit.guard import FileGuard
from audit.log import Log
from audit.periods import PeriodKeys
from audit.sharding import Sharding
from audit.signer import Ed25519Signer
from audit.turning import Turning
from audit.witness import Witness
from classifiers.classifier import Classifier
from classifiers.errors import BankError
from classifiers.hash_bank_lookup import Banks
from classifiers.hash_bank_store import SealedBanks
from classifiers.normalise import Reading
from classifiers.readers import embedded_readers
from classifiers.viewers import embedded_viewers
from pipeline import remote_lists, term_packs
from pipeline.access.callers import Callers
from pipeline.access.keys import ApiKeys
from pipeline.access.tokens import SubjectTokens
from pipeline.banks import open_banks, standing, take_named
from pipeline.changes.bank_versions import BankVersions
from pipeline.changes.cards import Cards
from pipeline.changes.door import Changeable, Door
from pipeline.changes.loras import Loras
from pipeline.changes.policy_sets import PolicySets
from pipeline.changes.term_versions import TermVersions
from pipeline.console import (
    appeal_pages,
    building,
    case_pages,
    check_pages,
    day_pages,
    export_pages,
    figures,
    operating,
    operation,
    queue_pages,
    report_pages,
    standing_pages,
    takedown_pages,
    together_pages,
)
from pipeline.console import server as console
from pipeline.console.appeals import AppealDesk
from pipeline.console.cases import Cases
from pipeline.console.checks import Checks
from pipeline.console.deciding import Deciding
from pipeline.console.doors import Doors
from pipeline.console.exporting import Exports
from pipeline.console.figures import Dashboards
from pipeline.console.frame import Frame
from pipeline.console.reclassifying import Reclassifying
from pipeline.console.reports import ReportDesk
from pipeline.console.resembling import Resembling
from pipeline.duties.appeals.appeals import Appeals
from pipeline.duties.appeals.notices import Notices
from pipeline.duties.appeals.templates import Templates
from pipeline.duties.enforcement.enforcing import Enforcing
from pipeline.duties.enforcement.ladder import Ladder
from pipeline.duties.erasure.dropping import Dropping
from pipeline.duties.erasure.ending import Ending
from pipeline.duties.erasure.erasing import Erasing
from pipeline.duties.erasure.holding import Holding
from pipeline.duties.erasure.keeping import Keeping
from pipeline.duties.erasure.retaining import Class, Retaining
from pipeline.duties.quality import golden
from pipeline.duties.quality.drawing import Drawing
from pipeline.duties.quality.golden import Golden
from pipeline.duties.reports.client import SECONDS as REPORTING_SECONDS
from pipeline.duties.reports.filing import Filing
from pipeline.duties.reports.opening import opened
from pipeline.duties.reports.reporting import Reports
from pipeline.duties.takedown.intake import Intake
from pipeline.encodings import Mintage
from pipeline.engines.opening import opened as opened_engines
from pipeline.engines.opening import routing
from pipeline.engines.standings import Standings
from pipeline.errors import SettingsError, StoreError
from pipeline.flow import Flow
from pipeline.gateway import accounts as accounts_routes
from pipeline.gateway import (
    banks,
    changing,
    choosing,
    decisions,
    enforcing,
    erasing,
    halting,
    memory,
    operator,
    quality,
    reporting,
    server,
    takedowns,
    troubles,
    webhooks,
)
from pipeline.gateway.beat import BEAT_SECONDS
from pipeline.gateway.erasing import Archive
from pipeline.gateway.gate import Gate
from pipeline.gateway.health import readiness
from pipeline.gateway.operator import Operator
from pipeline.gateway.texts import Texts
from pipeline.gathering import Gathering
from pipeline.halts import Halts
from pipeline.history.decided import Decided
from pipeline.jobs.anchoring import Anchoring, Outsider, posting, stamped, witnessed
from pipeline.jobs.bank_desk import BankDesk
from pipeline.jobs.closing import Closing
from pipeline.jobs.desk import Desk
from pipeline.jobs.housekeeping import Housekeeping
from pipeline.jobs.notice_bank import NoticeBank, NoticeDesk
from pipeline.jobs.overdue import Overdue
from pipeline.jobs.paging import Paging
from pipeline.jobs.recent_texts import RecentTexts
from pipeline.jobs.recovery import Recovery
from pipeline.jobs.report_files import ReportFiles
from pipeline.jobs.report_filing import Filer
from pipeline.jobs.restore import Restore
from pipeline.jobs.resuming import Resuming
from pipeline.jobs.rotation import Rotation, signers, write_vkeys
from pipeline.jobs.rulings import Rulings
from pipeline.jobs.second_look import SecondLook
from pipeline.jobs.shelf import Shelf
from pipeline.jobs.uncovered import Uncovered
from pipeline.jobs.undoing import Undoing
from pipeline.jobs.upkeep import Upkeep
from pipeline.judge import Judge
from pipeline.lineage import Lineage
from pipeline.marking.opening import opened as opened_signer
from pipeline.novelai.accounts import Accounts, Token
from pipeline.novelai.accounts_alarms import Alarms
from pipeline.novelai.accounts_balance import Balances
from pipeline.novelai.accounts_following import Following
from pipeline.novelai.accounts_leases import Leases
from pipeline.novelai.accounts_ledger import Reckoning
from pipeline.novelai.accounts_misses import Misses
from pipeline.novelai.accounts_roster import Roster
from pipeline.novelai.client import Client
from pipeline.novelai.limits import Limits
from pipeline.novelai.price import Plan
from pipeline.novelai.tags import Suggesting
from pipeline.novelai.transport import of_accounts
from pipeline.novelai.turns import Turns
from pipeline.novelai.uploaded import texts_in
from pipeline.openid import opening
from pipeline.openid.journey import Provider
from pipeline.projection import Projection
from pipeline.quarantine import Quarantine, create_key_pair, read_public_key
from pipeline.record import Record
from pipeline.repeats import Repeats
from pipeline.seizure import Seizure
from pipeline.settings import Settings, read_key
from pipeline.settings.queues import ReviewQueue
from pipeline.stages.capacity import BoundedExamine, BoundedScreen, Capacity
from pipeline.stages.examine import Examine
from pipeline.stages.generate import Generate
from pipeline.stages.mint import Mint
from pipeline.stages.prepare import Prepare
from pipeline.stages.release import Release
from pipeline.stages.screen import Screen
from pipeline.store.changes import ChangeKind
from pipeline.store.store import Store
from pipeline.store.tenants import Tenant
from pipeline.telemetry import Metrics
from pipeline.tenancy import Tenancy
from pipeline.unsafe import UnsafeSwitch
from pipeline.vault import DirectoryVault, Vault
from pipeline.webhooks.aiming import Aiming
from pipeline.webhooks.delivering import Delivering
from pipeline.webhooks.posting import Posting, connecting, resolve
from pipeline.webhooks.signing import Sealer
from pipeline.workers import Workers
from policies.layers import PolicySet

SHIPPED = Path(policies.__file__).parent / "sets"
TEXTS = Path(__file__).parent / "gateway" / "texts.yaml"
FIRST_TENANT = "default"
FIRST_BUDGET = 100_000
UPKEEP_SECONDS = 1.0
SETTLE_SECONDS = 60.0
"""How long another process may still write what it sealed under a key that is to be destroyed."""
OUTSIDER_SECONDS = 10.0
"""How long a witness or a time-stamp authority may take to answer."""
DRAIN_LOOK_SECONDS = 0.05
"""How often a server that stops looks whether anything is left."""


@dataclass(frozen=True, slots=True, repr=False)  # it holds everything, keys among it
class House:
    """Everything that serves, built and joined."""

    public: FastAPI
    operator: FastAPI
    gate: Gate
    undoing: Undoing
    upkeep: Upkeep
    anchoring: Anchoring
    door: Door
    delivering: Delivering
    resuming: Resuming
    closing: Closing
    following: Following
    notices: tuple[str, ...]
    """Lines to print at start: what was made, and what was found unfinished."""

    async def readiness(self) -> Mapping[str, object]:
        """Return what can be served now."""
        return await readiness(self.gate)

    async def keep_up(self) -> None:
        """Do what has to happen without anybody asking, until cancelled."""
        gate = self.gate
        house = Housekeeping(gate.store, gate.halts, gate.desk.owner, now, self._keep_house)
        await asyncio.gather(
            self.door.run(UPKEEP_SECONDS),
            self.following.run(UPKEEP_SECONDS),
            self.resuming.run(UPKEEP_SECONDS),
            house.run(),
        )

    async def _keep_house(self) -> None:
        await asyncio.gather(
            self.upkeep.run(UPKEEP_SECONDS),
            self.anchoring.run(UPKEEP_SECONDS),
            self.undoing.run(UPKEEP_SECONDS),
            self.delivering.run(UPKEEP_SECONDS),
            self.closing.run(),
        )

    async def drain(self, seconds: float) -> int:
        """Admit nothing more and finish what is in flight; return how many were cut off.

        From its first moment on `/ready` says so. What is still being admitted, and what a
        person's ruling carries on, is in flight too.
        """
        troubles.close(self.gate)
        until, cut = time.monotonic() + seconds, 0
        while True:
            left = max(until - time.monotonic(), 0)
            cut += await self.gate.desk.drain(left)
            rest = self.gate.desk.in_flight + self.undoing.rulings.in_progress
            if not rest or not left:
                return cut + rest
            await asyncio.sleep(min(left, DRAIN_LOOK_SECONDS))


def now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)  # noqa: TID251 - the one place


@asynccontextmanager
async def open_house(settings: Settings, *, without_app_db: bool = False) -> AsyncGenerator[House]:
    """Build the house, finish what an earlier process left, and take it down at the end.

    `without_app_db` says that the loss of app.db is known, and that it is to begin anew.

    Raises:
        SettingsError, StoreError, AuditError, ClassifierError, PolicyError: it must not serve.
    """
    async with AsyncExitStack() as closing:
        metrics = Metrics.create()
        keys = settings.keys_dir
        log = await _log(
            settings, signers(keys, settings.log_origin), details := PeriodKeys(keys, now())
        )
        closing.push_async_callback(log.close)
        write_vkeys(keys, await log.keys())
        anchoring = _anchoring(settings, log, await closing.enter_async_context(_outsiders_http()))
        store, owner = await _store(settings), uuid4().hex
        closing.push_async_callback(_leave, store, owner)
        vault = DirectoryVault(settings.data_dir / "vault", read_key(keys, "vault"), os.urandom)
        known = open_banks(settings.data_dir, keys, now, os.urandom, settings.banks)
        closing.callback(known.close)
        imported = take_named(known, settings.banks, await store.changes.names(ChangeKind.BANK))
        judge = _judge(settings, known, cards := Cards.of(settings.pulled))
        closing.callback(judge.close)
        tenancy = _tenancy(settings, store)
        bank_desk = BankDesk(
            known, judge, store, vault, log, now, uuid4, frozenset(settings.child_safety_people)
        )
        door, loras = await _door(
            settings, tenancy, log, judge, bank_desk, RecentTexts(store, vault), cards
        )
        accounts = _accounts(settings, store, owner)
        http = await closing.enter_async_context(
            httpx.AsyncClient(transport=of_accounts(), trust_env=False, follow_redirects=False)
        )
        engines = opened_engines(
            settings.engines,
            _novelai(settings, accounts, http),
            http,
            loras.standing,
            os.urandom,
        )
        roster, misses, warned = await _roster(settings, store, log, accounts, http, owner)
        hold_for = timedelta(hours=settings.hold_hours)
        record = Record(
            log,
            Projection(store, now, tenancy),
            metrics,
            now,
            partial(_versions, judge, known),
            Gathering(lambda: judge.queued),
        )
        lineage = Lineage(store.origins, judge.run, now)
        mintage = Mintage(store.encodings, now)
        prepare = Prepare(judge, lineage, mintage, engines.check)
        release = Release(vault, lineage, tenancy, opened_signer(settings))
        seizure = Seizure(vault, _quarantine(settings), store.seizures, log, now)
        halts = Halts(store.halts, log, now, uuid4, read_key(keys, "subjects"), engines.models)
        await halts.load()
        flow = Flow(
            screen=BoundedScreen(
                Screen(judge, now, hold_for, Repeats(store.taints, judge, now)),
                Capacity(store, now),
            ),
            generate=Generate(engines, judge, vault, misses),
            examine=BoundedExamine(
                Examine(judge, vault, _verify_key(settings), now, hold_for), Capacity(store, now)
            ),
            mint=Mint(mintage),
            release=release,
            record=record,
            metrics=metrics,
            now=now,
            hold_for=hold_for,
            halted=halts.stops,
        )
        limits = Limits()
        restore = Restore(judge, prepare, vault, log, tenancy, limits)
        gate = Gate(
            desk=Desk(
                flow=flow,
                prepare=prepare,
                vault=vault,
                store=store,
                tenancy=tenancy,
                now=now,
                new_id=uuid4,
                owner=owner,
                limit=settings.queue_limit + len(settings.upstream.tokens),
                refusals_a_day=settings.refusals_per_day,
                turns=Turns(len(settings.upstream.tokens)),
                accounts=len(settings.upstream.tokens),
            ),
            shelf=Shelf(release, store, log, now, uuid4),
            judge=judge,
            store=store,
            log=log,
            callers=Callers(store, now),
            tokens=SubjectTokens(store, now, os.urandom),
            accounts=accounts,
            tenancy=tenancy,
            texts=Texts.read(TEXTS),
            limits=limits,
            plan=Plan(),
            now=now,
            new_id=uuid4,
            banks=partial(standing, known),
            subject_key=read_key(keys, "subjects"),
            refusals_a_day=settings.refusals_per_day,
            seizure=seizure,
            halts=halts,
            appeals=_appeals(store, log),
            enforcing=_enforcing(settings, store, log),
            reports=Reports(
                store,
                log,
                seizure.quarantine,
                {each.tenant: each for each in settings.reporting},
                now,
                uuid4,
            ),
            suggest=Suggesting(settings.upstream.base_url, accounts, http),
            routing=routing(settings.routes, engines),
            outside=anchoring.standings,
            engines=Standings(engines.own, time.monotonic),
        )
        api_keys = ApiKeys(store, now, os.urandom)
        begins, left = (
            not await store.tenants.all(),
            await Recovery(flow, restore, store, log, owner, now, without_app_db).run(),
        )
        second_look = SecondLook(flow, restore, store, gate.desk, now)
        archive = _archive(settings, store, log, vault, lineage, details)
        await archive.begin(app_db_is_new=without_app_db)
        uncovered = Uncovered(store, log, now, uuid4)
        undoing = Undoing(
            Rulings(flow, restore, store, log, now, halts),
            store,
            log,
            now,
            uuid4,
            lambda: troubles.is_closed(gate),
        )
        upkeep = Upkeep(
            flow,
            judge,
            restore,
            store,
            vault,
            seizure,
            now,
            second_look,
            owner=owner,
            chores=(
                *archive.chores,
                uncovered.expire,
                undoing.purge,
                misses.watch,
                roster.reckoning.look,
                Alarms(store, now).look,
                Paging(store, now).look,
                Overdue(gate.reports, now).look,
                _drawing(settings, store, log, tenancy).follow,
            ),
            follow=gate.enforcing.follow,
        )
        desk = operator.create(Operator(gate, api_keys, undoing.rulings, settings))
        delivering, aiming = _webhooks(
            settings, store, log, await closing.enter_async_context(connecting())
        )
        public = server.create(gate, metrics, BEAT_SECONDS)
        ways_in = _console(
            public,
            gate,
            vault,
            undoing,
            uncovered,
            read_key(keys, "vault"),
            await opening.opened(settings, closing, now),
            items := golden.read(settings.data_dir / golden.FILE),
            settings.review_queues,
            notices := NoticeDesk(
                Intake(store, log, now, uuid4), NoticeBank(store, bank_desk, now)
            ),
        )
        for routes in (
            operating.routes(ways_in.accounts),
            memory.routes(anchoring, Rotation(log, keys, now)),
            banks.routes(bank_desk),
            takedowns.routes(notices),
            accounts_routes.routes(roster),
            erasing.routes(archive),
            choosing.routes(gate),
            decisions.routes(gate),
            quality.routes(store, settings.checked_share, golden.answers(items), now),
            changing.routes(door),
            webhooks.routes(aiming),
            reporting.routes(
                Filer(
                    gate.reports,
                    ReportFiles(store, vault, limits),
                    Filing(store, log, seizure.quarantine, now, asyncio.sleep, owner),
                    partial(opened, await closing.enter_async_context(_reporting_http())),
                )
            ),
            enforcing.routes(gate.enforcing),
            halting.routes(halts, store, lambda: public.openapi()["paths"]),
        ):
            desk.include_router(routes)
        yield House(
            public=public,
            operator=desk,
            gate=gate,
            undoing=undoing,
            upkeep=upkeep,
            anchoring=anchoring,
            door=door,
            delivering=delivering,
            resuming=Resuming(gate.desk, restore),
            closing=Closing(store, partial(readiness, gate), now),
            following=Following(roster, store.writer.keeps),
            notices=(
                *await _first_tenant(store, api_keys, begins=begins),
                *imported,
                *_unfinished(left),
                *_unserved(await tenancy.standings()),
                *warned,
            ),
        )


async def _store(settings: Settings) -> Store:
    """Open the store where it lies; as the log, it does not move."""
    path = settings.data_dir / "app.db"
    if settings.store_database is None:
        return Store.open(path)
    if path.exists():
        told = "app.db is here: what it knows is not in the database: take the setting back"
        raise SettingsError([f"store_database: {told}"])
    try:
        return await Store.connect(settings.store_database.get_secret_value())
    except ModuleNotFoundError:
        told = "needs what `pip install -e '.[postgres]'` installs"
        raise SettingsError([f"store_database: {told}"]) from None


async def _log(settings: Settings, held: Sequence[Ed25519Signer], keys: PeriodKeys) -> Log:
    """Open the log where it lies. One that has begun in a file is not begun again elsewhere."""
    path, origin = settings.data_dir / "log.db", settings.log_origin
    signer, *more = held
    outside = settings.outside
    guard = None if outside.fork_guard is None else FileGuard(outside.fork_guard)
    known = [
        each.read_text(encoding="utf-8", errors="replace") for each in outside.known_checkpoints
    ]
    if settings.log_database is None:
        return await Log.open(
            path,
            origin=origin,
            signer=signer,
            more_signers=more,
            keys=keys,
            now=now,
            guard=guard,
            known_checkpoints=known,
        )
    if path.exists():
        told = "log.db is here: a log that has begun does not move: take the setting back"
        raise SettingsError([f"log_database: {told}"])
    if origin != signer.vkey.name:
        raise SettingsError([f"log_origin: {origin!r}, but the key is {signer.vkey.name!r}"])
    try:
        from audit.postgres.opening import open_postgres  # noqa: PLC0415 - it comes with an extra
    except ModuleNotFoundError:
        told = "needs what `pip install -e '.[postgres]'` installs"
        raise SettingsError([f"log_database: {told}"]) from None
    url = settings.log_database.get_secret_value()
    store = await open_postgres(
        url, signer=signer, more_signers=more, now=now, guard=guard, known_checkpoints=known
    )
    return Log(store, keys)


def _console(
    public: FastAPI,
    gate: Gate,
    vault: Vault,
    undoing: Undoing,
    uncovered: Uncovered,
    wrapping: bytes,
    provider: Provider | None,
    golden_items: Sequence[Golden],
    queues: Sequence[ReviewQueue],
    notices: NoticeDesk,
) -> Doors:
    """Mount the pages of those who review, and return the ways in."""
    store, log, now = gate.store, gate.log, gate.now
    frame, ways_in = building.build(
        building.Parts(store, log, now, uuid4, os.urandom, wrapping, provider=provider),
        [
            queue_pages.LINK,
            together_pages.LINK,
            day_pages.LINK,
            appeal_pages.LINK,
            takedown_pages.LINK,
            report_pages.LINK,
            check_pages.LINK,
            figures.LINK,
            export_pages.LINK,
            standing_pages.LINK,
            operation.LINK,
        ],
    )
    resembling, stands = Resembling(store, vault), gate.enforcing.of
    cases = Cases(store, log, vault, uncovered, resembling, stands, now, uuid4, queues)
    deciding, rulings = Deciding(cases, undoing), undoing.rulings
    again = SecondLook(rulings.flow, rulings.restore, store, gate.desk, now)
    pages = [
        queue_pages.routes(frame, cases),
        case_pages.routes(frame, cases, deciding, Reclassifying(cases, again)),
        together_pages.routes(frame, cases, deciding),
        day_pages.routes(frame, cases),
        appeal_pages.routes(frame, AppealDesk(gate.appeals)),
        takedown_pages.routes(frame, notices),
        export_pages.routes(frame, Exports(log, store, now, uuid4)),
        report_pages.routes(frame, ReportDesk(gate.reports)),
        standing_pages.routes(frame, gate.enforcing),
        operation.routes(frame, _standing(gate)),
        *_quality(frame, gate, vault, uncovered, golden_items),
    ]
    console.mount(public, console.create(frame, ways_in, pages))
    return ways_in


def _quality(
    frame: Frame, gate: Gate, vault: Vault, uncovered: Uncovered, items: Sequence[Golden]
) -> list[APIRouter]:
    """Return the pages of blind checks, and of the figures that they lead to."""
    store, record = gate.store, gate.desk.flow.record
    checks = Checks(store, gate.log, vault, uncovered, record, items, gate.now)
    dashboards = Dashboards(store, golden.answers(items), gate.now)
    return [check_pages.routes(frame, checks), figures.routes(frame, dashboards)]


def _appeals(store: Store, log: Log) -> Appeals:
    return Appeals(Notices(store, log, Templates.read(), now, uuid4), store, log, now)


def _enforcing(settings: Settings, store: Store, log: Log) -> Enforcing:
    ladder = Ladder.read(settings.enforcement_file)
    own = {tenant: Ladder.read(path) for tenant, path in settings.enforcement_files.items()}
    key = read_key(settings.keys_dir, "subjects")
    return Enforcing(store, log, ladder, Templates.read(), now, key, own)


def _standing(gate: Gate) -> operation.Standing:
    """Return who tells the console's page how the installation stands."""
    ready, held = partial(readiness, gate), gate.store.holds.count
    return operation.Standing(ready, held, lambda: gate.log.checkpoint)


def _reporting_http() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=REPORTING_SECONDS)


def _outsiders_http() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=OUTSIDER_SECONDS)


def _anchoring(settings: Settings, log: Log, http: httpx.AsyncClient) -> Anchoring:
    """Join the log with those who remember it outside."""
    outside, post = settings.outside, posting(http)
    every = timedelta(seconds=outside.witness_seconds)
    asked: list[Outsider] = [
        witnessed(log, Witness(each.url, WitnessKey.parse(each.vkey), post), every)
        for each in outside.witnesses
    ]
    if outside.time_stamp_url is not None and outside.time_stamp_certificates is not None:
        from audit.time_stamper import TimeStamper  # noqa: PLC0415 - it loads a second OpenSSL

        host = httpx.URL(outside.time_stamp_url).host
        certificates = outside.time_stamp_certificates.read_bytes()
        stamper = TimeStamper(host, outside.time_stamp_url, certificates, post)
        asked.append(stamped(log, stamper, timedelta(seconds=outside.time_stamp_seconds)))
    anchors = Anchors(settings.data_dir / "anchors.db")
    return Anchoring(log, anchors, asked, now, guarded=outside.fork_guard is not None)


def _webhooks(
    settings: Settings, store: Store, log: Log, http: httpx.AsyncClient
) -> tuple[Delivering, Aiming]:
    """Join what tells tenants, and what says where."""
    sealer = Sealer(read_key(settings.keys_dir, "vault"), os.urandom)
    to_this_machine = settings.development
    post = Posting(http, resolve, to_this_machine)
    delivering = Delivering(store.webhooks, sealer, post, now, random.SystemRandom().random)
    return delivering, Aiming(store.webhooks, log, sealer, now, uuid4, to_this_machine)


def _archive(
    settings: Settings,
    store: Store,
    log: Log,
    vault: DirectoryVault,
    lineage: Lineage,
    keys: PeriodKeys,
) -> Archive:
    """Join what erases and what keeps."""
    keeping = Keeping(store, log, read_key(settings.keys_dir, "subjects"))
    kept_for = settings.retention
    terms = {
        Class.ALLOWED: timedelta(days=kept_for.allowed_days),
        Class.REFUSED: timedelta(days=kept_for.refused_days),
        Class.DECISIONS: timedelta(days=kept_for.decisions_days),
        Class.RECORDS: timedelta(days=kept_for.records_days),
    }
    alone = settings.log_database is None
    settle = partial(asyncio.sleep, 0 if alone else SETTLE_SECONDS)
    turning = Turning(log, keys, now, uuid4, settle)
    return Archive(
        store,
        Holding(keeping, now, uuid4),
        Erasing(keeping, vault, lineage, now, uuid4),
        Retaining(keeping, terms, now, uuid4),
        Ending(turning, store.erasures, now, timedelta(days=kept_for.period_days)),
        Dropping(
            keeping,
            Sharding(log, now, timedelta(days=kept_for.shard_days), kept_for.log_days),
            now,
        ),
    )


def _drawing(settings: Settings, store: Store, log: Log, tenancy: Tenancy) -> Drawing:
    key, share = read_key(settings.keys_dir, "subjects"), settings.checked_share
    return Drawing(store, log, key, share, tenancy.policy_of, now)


def _tenancy(settings: Settings, store: Store) -> Tenancy:
    sets = [_policy_set(name) for name in settings.policies]
    keep_for = timedelta(hours=settings.released_hours)
    return Tenancy(store, sets, _policy_set, keep_for, settings.released_metadata)


async def _door(
    settings: Settings,
    tenancy: Tenancy,
    log: Log,
    judge: Judge,
    bank_desk: BankDesk,
    recent: RecentTexts,
    cards: Cards,
) -> tuple[Door, Loras]:
    """Open the door through which changes come, and put in force what came through it."""
    loras = Loras()
    faults = settings.faults_dir
    packs = TermVersions(
        {pack.name: pack.file.read_bytes() for pack in settings.term_packs},
        partial(read_key, settings.keys_dir, term_packs.KEY_NAME),
        recent,
        lambda new: judge.exchange(new if faults is None else UnsafeSwitch(new, faults)),
    )
    kinds: dict[ChangeKind, Changeable] = {
        ChangeKind.POLICY: PolicySets(tenancy, Decided(log, now, uuid4), judge.installed, now),
        ChangeKind.BANK: BankVersions(bank_desk.banks, bank_desk.recent),
        ChangeKind.TERMS: packs,
        ChangeKind.MODEL: loras,
        ChangeKind.THRESHOLDS: cards,
    }
    door = Door(recent.store.changes, log, now, uuid4, kinds)
    await door.begin()
    return door, loras


def _novelai(settings: Settings, accounts: Accounts, http: httpx.AsyncClient) -> Client:
    """Return NovelAI as an engine."""
    return Client(
        settings.upstream.base_url,
        accounts,
        http,
        now=now,
        sleep=asyncio.sleep,
        random=random.SystemRandom().random,
    )


def _judge(settings: Settings, banks: Banks, cards: Cards) -> Judge:
    """Open every classifier and have it look once: what is not fit does not serve."""
    packs = term_packs.opened(settings.term_packs, settings.keys_dir)
    text: list[Classifier[Reading]] = embedded_readers(packs, settings.device)
    pinned = [detector.pinned for detector in settings.detectors]
    viewers = embedded_viewers(banks, settings.pulled, pinned, settings.device)
    picture = [cards.guarded(each) for each in viewers]
    picture += remote_lists.opened(settings.remote_lists)
    for reader in text:
        reader.warm()
    for viewer in picture:
        viewer.warm()
    if settings.faults_dir is not None:
        faults = settings.faults_dir
        text = [UnsafeSwitch(classifier, faults) for classifier in text]
        picture = [UnsafeSwitch(classifier, faults) for classifier in picture]
    workers = Workers(settings.workers, settings.deadline_seconds)
    return Judge(text, picture, workers, texts_in, lambda: now().date())


def _versions(judge: Judge, banks: SealedBanks) -> dict[str, list[str]]:
    """Return what looks now, as the public part of a leaf has it: digests only.

    Lost banks are none here; the findings of that time say that nobody could look.
    """
    lists: list[str] = []
    with suppress(BankError):
        lists = [version.rpartition("@")[2] for version in banks.opened().versions]
    return {
        "models": [_digest(source) for source in judge.sources()],
        "banks": lists,
    }


@lru_cache(256)  # each entry names the same dozen
def _digest(source: str) -> str:
    return sha256(source.encode()).hexdigest()


def _policy_set(name: str) -> PolicySet:
    """Load a set that comes with the program, or a file."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else SHIPPED / f"{name}.yaml"
    return policies.load(path.read_text(encoding="utf-8"), path.name)


async def _leave(store: Store, owner: str) -> None:
    """Let the other gateways take up at once what this one left."""
    if store.writer.is_shared:
        with suppress(StoreError):  # they find out in seconds
            await store.replicas.leave(owner)
    await store.close()


def _accounts(settings: Settings, store: Store, owner: str) -> Accounts:
    upstream = settings.upstream
    longest = timedelta(seconds=upstream.longest_seconds)
    spacing = timedelta(seconds=upstream.spacing_seconds)
    leases = Leases(store.replicas, owner, now, longest, spacing)
    return Accounts(
        [
            Token(f"account-{number}", token.get_secret_value())
            for number, token in enumerate(settings.upstream.tokens, 1)
        ],
        monotonic=time.monotonic,
        sleep=asyncio.sleep,
        spacing_seconds=settings.upstream.spacing_seconds,
        most_waiting=settings.queue_limit,
        leases=leases if store.writer.is_shared else None,
    )


async def _roster(
    settings: Settings,
    store: Store,
    log: Log,
    accounts: Accounts,
    http: httpx.AsyncClient,
    owner: str,
) -> tuple[Roster, Misses, tuple[str, ...]]:
    """Take the accounts over as they were left, before anything is begun; return lines to print."""
    if store.writer.is_shared:
        await store.replicas.join(owner, now())  # from now on what is ours is nobody else's
    upstream = settings.upstream
    balances, declares = Balances(upstream.base_url, http), not settings.development
    reckoning = Reckoning(accounts, balances, store.ledgers, log, now, uuid4)
    roster = Roster(
        accounts, store.accounts, log, reckoning, now, uuid4, upstream.tokens_file, declares
    )
    longest, others = timedelta(seconds=upstream.longest_seconds), await store.others(owner, now())
    told = await roster.begin(owner, longest, others)
    often = settings.refusals_per_day
    return roster, Misses(accounts, store, log, balances, now, uuid4, often), told


def _verify_key(settings: Settings) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(settings.upstream.verify_key))


def _quarantine(settings: Settings) -> Quarantine:
    """Seal to the team's key; development makes a pair of its own."""
    path = settings.child_safety_public_key
    if path is None:
        path = settings.keys_dir / "development-child-safety.pub"
        if not path.exists():
            create_key_pair(path.with_suffix(".key"), path, os.urandom)
    public = read_public_key(path.read_bytes())
    return Quarantine(settings.data_dir / "quarantine", public, os.urandom)


async def _first_tenant(store: Store, api_keys: ApiKeys, *, begins: bool) -> list[str]:
    """Begin with one tenant and one key, whose secret is shown once."""
    if not begins:
        return []
    first = Tenant(FIRST_TENANT, "First tenant", now(), anlas_budget=FIRST_BUDGET)
    if not await store.tenants.change(first):  # it is there already where cases were restored
        await store.tenants.add(first)
    made = await api_keys.create(FIRST_TENANT, "first")
    return [
        f"first API key of tenant {FIRST_TENANT!r}, shown once: {made.secret.get_secret_value()}"
    ]


def _unfinished(left: int) -> list[str]:
    return [f"finished or closed {left} requests that an earlier process left"] if left else []


def _unserved(tenants: Mapping[str, str | None]) -> list[str]:
    return [
        f"tenant {tenant!r} is not served until its policy set is put back: {why}"
        for tenant, why in tenants.items()
        if why is not None
    ]

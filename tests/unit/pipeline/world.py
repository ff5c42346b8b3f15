"""A whole house in a folder: every part is real but for the classifiers and NovelAI itself.

`app.py` builds the same parts with the models and connections of an installation.
"""

import asyncio
import base64
import io
import json
import os
import zipfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from fastapi import FastAPI
from PIL import Image
from typing_extensions import override

import policies
from audit.connection import Connect, connect_sqlite
from audit.entry import Entry, Kind, Receipt
from audit.errors import NotDurableError
from audit.leaf import Leaf
from audit.log import Log
from audit.seal import DetailKeys, Sealing
from audit.signer import Ed25519Signer
from classifiers.canonical import Canonical
from classifiers.normalise import Reading
from pipeline.access.callers import Callers
from pipeline.access.keys import ApiKeys
from pipeline.access.tokens import SubjectTokens
from pipeline.app import SHIPPED, TEXTS
from pipeline.duties.appeals.appeals import Appeals
from pipeline.duties.appeals.notices import Notices
from pipeline.duties.appeals.templates import Templates
from pipeline.duties.enforcement.enforcing import Enforcing
from pipeline.duties.enforcement.ladder import Ladder
from pipeline.duties.reports.reporting import Reports
from pipeline.encodings import Mintage
from pipeline.engines.engine import Engines, SelfHosted
from pipeline.flow import Flow
from pipeline.gateway import server
from pipeline.gateway.gate import Gate
from pipeline.gateway.operator import Operator
from pipeline.gateway.texts import Texts
from pipeline.gathering import Gathering
from pipeline.halts import Halts
from pipeline.items import (
    Generated,
    Recorded,
    ReleasedMetadata,
    Screened,
    Sealed,
    Subject,
    Submission,
)
from pipeline.jobs.desk import Desk, Ticket
from pipeline.jobs.received import Received
from pipeline.jobs.recovery import Recovery
from pipeline.jobs.restore import Restore
from pipeline.jobs.rulings import Rulings
from pipeline.jobs.second_look import SecondLook
from pipeline.jobs.shelf import Shelf
from pipeline.jobs.upkeep import Upkeep
from pipeline.judge import Judge
from pipeline.lineage import Lineage
from pipeline.marking.leaving import leaving
from pipeline.novelai.accounts import Accounts, Token
from pipeline.novelai.accounts_balance import Balances
from pipeline.novelai.accounts_ledger import Reckoning
from pipeline.novelai.accounts_misses import Misses
from pipeline.novelai.client import Client
from pipeline.novelai.limits import Limits
from pipeline.novelai.price import Plan
from pipeline.novelai.tags import PATH as SUGGEST
from pipeline.novelai.tags import Suggesting
from pipeline.novelai.uploaded import texts_in
from pipeline.projection import Projection
from pipeline.quarantine import Quarantine
from pipeline.record import Record
from pipeline.repeats import Repeats
from pipeline.seizure import Seizure
from pipeline.stages.capacity import BoundedExamine, BoundedScreen, Capacity
from pipeline.stages.examine import Examine
from pipeline.stages.generate import Generate
from pipeline.stages.mint import Mint
from pipeline.stages.prepare import Prepare
from pipeline.stages.release import Release
from pipeline.stages.screen import Screen
from pipeline.store.profile import Profile, Role
from pipeline.store.store import Store
from pipeline.store.submissions import State, SubmissionRow
from pipeline.store.tenants import Tenant
from pipeline.telemetry import Metrics
from pipeline.tenancy import Tenancy
from pipeline.vault import DirectoryVault
from pipeline.workers import Workers
from policies.policy import Moment
from tests.unit.pipeline.lookers import (
    BLOCKED,
    CANARY,
    DOUBTFUL,
    GORE,
    GRAVE,
    HATE,
    IN_DISGUISE,
    INTIMATE,
    KNOWN,
    NEARLY_KNOWN,
    SELF_HARM,
    SUGGESTIVE,
    WHITE,
    Colour,
    Moody,
    Reader,
    Scores,
    Viewer,
)

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
TENANT = "harbour"
HOLD_FOR = timedelta(hours=72)
REFUSALS_A_DAY = 3
KEEP_FOR = timedelta(hours=24)
PROFILE = Profile(
    role=Role.HOSTING,
    territories=("DE",),
    age_provider="Age Provider",
    reporting="national",
    lists=(),
    languages=("en",),
    reviews_a_day=200,
    on_call="the harbour master",
)
"""A tenant's that is complete: adults are served."""
SIDE = 64
_TEXTS = Texts.read(TEXTS)
_TEMPLATES = Templates.read()
_LADDER = Ladder.read()

WORDS: dict[str, Scores] = {
    "holdme": HATE,
    "labelme": GORE,
    "blockme": SELF_HARM,
    "bl0ckme": IN_DISGUISE,
    "graveword": GRAVE,
    "suggestive": SUGGESTIVE,
}
"""What the reader knows: words that nobody would use, and what is done because of them."""
HELD: Colour = (10, 10, 250)
BLOCK: Colour = (250, 10, 10)
TAINTED: Colour = (10, 250, 10)
PRIVATE: Colour = (250, 10, 250)
NEARLY: Colour = (10, 250, 250)
COLOURS: dict[Colour, Scores] = {
    HELD: DOUBTFUL,
    BLOCK: BLOCKED,
    TAINTED: KNOWN,
    PRIVATE: INTIMATE,
    NEARLY: NEARLY_KNOWN,
}


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.at

    def passes(self, **by: float) -> None:
        """Let time pass."""
        self.at += timedelta(**by)


class PickyLog(Log):
    """The real log, but it refuses the kinds that it is told to: as a full disk would."""

    refuses: frozenset[Kind] = frozenset()

    @override
    async def append(self, entry: Entry) -> Receipt:
        """Append, or refuse before anything is written."""
        if entry.kind in self.refuses:
            raise NotDurableError("entry", "the disk is full")
        return await super().append(entry)


def png(colour: Colour, width: int = SIDE, height: int = SIDE) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    pixels = np.full((height, width, 3), colour, np.uint8)
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def as_it_leaves(picture: bytes) -> bytes:
    """The file that becomes of a picture where nobody chose what is to leave."""
    return leaving(picture, ReleasedMetadata.STRIP_TEXT).data


@dataclass
class Upstream:
    """Answers as NovelAI does: pictures of the colours that it is told, the last one repeated."""

    colours: Sequence[Colour] = (WHITE,)
    pictures: Sequence[bytes] = ()
    """What it sends instead of colours, if anything."""
    tags: Sequence[str] = ("harbor", "blockme", "holdme", "hill")
    """What it suggests to whatever is typed."""
    suggests: bytes | None = None
    """What it answers there instead, if anything."""
    encoding: bytes = b""
    """What it sends as an encoding instead of one, if anything."""
    status: int = 200
    says: str = ""
    """What it says with another status, besides something that nobody may repeat."""
    fault: type[httpx.TransportError] | None = None
    calls: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.calls.append(request.content)
        self.paths.append(request.url.path)
        self.before_answer()
        if self.fault is not None:
            raise self.fault(CANARY)
        if self.status != 200:
            return httpx.Response(self.status, json={"message": f"{self.says} {CANARY}"})
        if request.url.path == SUGGEST:
            jp = request.url.params["lang"] == "jp"
            told = [_tag(each, jp=jp) for each in self.tags]
            if self.suggests is not None:
                return httpx.Response(200, content=self.suggests)
            return httpx.Response(200, json=told if jp else {"tags": told})
        if request.url.path == "/ai/encode-vibe":
            return httpx.Response(200, content=self.encoding or encoding_of(request.content))
        samples, width, height = _wanted(request)
        colours = [*self.colours, *[self.colours[-1]] * 8][:samples]
        drawn = self.pictures or [png(each, width, height) for each in colours]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for index, data in enumerate(drawn):
                archive.writestr(f"image_{index}.png", data)
        return httpx.Response(200, content=packed.getvalue())


def _wanted(request: httpx.Request) -> tuple[int, int, int]:
    """How many pictures NovelAI would answer with, and how large."""
    asked = json.loads(request.content)
    match request.url.path:
        case "/ai/augment-image":
            samples = 3 if asked["req_type"] == "bg-removal" else 1
            return samples, asked["width"], asked["height"]
        case "/ai/upscale":
            picture = Image.open(io.BytesIO(base64.b64decode(asked["image"])))
            return 1, picture.width * 2, picture.height * 2
        case _:
            asked = asked["parameters"]
            return asked["n_samples"], asked["width"], asked["height"]


def _tag(tag: str, *, jp: bool) -> dict[str, Any]:
    if jp:
        return {"jp_tag": f"jp {tag}", "en_tag": tag, "power": 7}
    return {"tag": tag, "count": 100, "confidence": 0.5, "brand_new": CANARY}


def encoding_of(content: bytes) -> bytes:
    """What the double makes of a picture that is to be encoded."""
    return b"\x07\xf3" + sha256(content).digest() * 16


def encoding(colour: Colour = WHITE, **more: Any) -> dict[str, Any]:
    """A request to encode a picture, as clients send it."""
    picture = base64.b64encode(png(colour)).decode()
    asked = {"model": "nai-diffusion-4-5-full", "information_extracted": 1}
    return {"image": picture, **asked, **more}


def tool(tool: str = "emotion", colour: Colour = WHITE, **more: Any) -> dict[str, Any]:
    """A request for a director tool, as clients send it."""
    picture = base64.b64encode(png(colour)).decode()
    prompt = {"prompt": "happy;;a harbour"} if tool == "emotion" else {}
    return {"req_type": tool, "width": SIDE, "height": SIDE, "image": picture, **prompt, **more}


def upscaling(colour: Colour = WHITE, **more: Any) -> dict[str, Any]:
    """A request to upscale, as clients send it."""
    picture = base64.b64encode(png(colour)).decode()
    return {"image": picture, "model": "nai-diffusion-5-curated", **more}


def body(
    prompt: str = "a harbour", samples: int = 1, model: str = "nai-diffusion-3", **parameters: Any
) -> dict[str, Any]:
    """A small request, as clients send it: infill with a mask, img2img with an image."""
    return {
        "input": prompt,
        "model": model,
        "action": "infill"
        if "mask" in parameters
        else "img2img"
        if "image" in parameters
        else "generate",
        "parameters": {
            "width": SIDE,
            "height": SIDE,
            "steps": 1,
            "seed": 7,
            "n_samples": samples,
            "negative_prompt": "",
            **parameters,
        },
    }


def _versions() -> dict[str, list[str]]:
    """What looks and what is known here, as leaves have it."""
    return {"models": ["a" * 64, "b" * 64], "banks": []}


def _seeded(seed: int, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"seed": seed, **more}


@dataclass(repr=False)  # asyncio writes out what a task returned, several times a test
class World:
    """Every part, and short ways to use them."""

    folder: Path
    clock: Clock
    log: PickyLog
    store: Store
    vault: DirectoryVault
    reader: Moody[Reading]
    viewer: Moody[Canonical]
    judge: Judge
    tenancy: Tenancy
    upstream: Upstream
    accounts: Accounts
    metrics: Metrics
    record: Record
    flow: Flow
    restore: Restore
    gate: Gate
    operator: Operator
    upkeep: Upkeep
    lineage: Lineage
    team_key: X25519PrivateKey
    """The child-safety team's, which no gateway has."""
    key_id: UUID
    key: str
    made: int = 0
    _served: tuple[Gate, FastAPI] | None = None

    @property
    def public(self) -> FastAPI:
        """The application that tenants reach, built once: that takes a tenth of a second."""
        if self._served is None or self._served[0] is not self.gate:
            self._served = self.gate, server.create(self.gate, self.metrics)
        return self._served[1]

    @property
    def rulings(self) -> Rulings:
        """What takes people's rulings."""
        return self.operator.rulings

    def client(self, app: FastAPI | None = None, /, **headers: str) -> httpx.AsyncClient:
        """Ask an application without a socket, by default the public one with the tenant's key."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app or self.public),
            base_url="http://gate",
            headers={"Authorization": f"Bearer {self.key}"} | headers,
        )

    def received(
        self, asked: Mapping[str, Any] | None = None, subject: Subject | None = None
    ) -> Received:
        """A request as it was received. No two are alike."""
        self.made += 1
        content = json.dumps(asked or body(seed=self.made)).encode()
        return Received("application/json", content, subject or Subject(TENANT))

    async def submit(self, prompt: str = "a harbour", **more: Any) -> Ticket:
        """Submit a request at the desk."""
        received = self.received(body(prompt, **_seeded(self.made + 1, more)))
        desk = self.gate.desk
        with desk.entering():
            return await desk.submit(received, received.work(Limits()), self.key_id, 5, "")

    async def end(self, prompt: str = "a harbour", **more: Any) -> Any:
        """Submit a request at the desk, and return its outcome."""
        ticket = await self.submit(prompt, **more)
        assert ticket.end is not None
        return (await ticket.end).outcome

    async def submission(
        self, prompt: str = "a harbour", subject: Subject | None = None, **more: Any
    ) -> Submission:
        """An admitted submission, as the desk makes it, not yet on its way."""
        received = self.received(body(prompt, **_seeded(self.made + 1, more)), subject)
        work, known_as = received.work(Limits()), uuid4()
        vault_id = await self.vault.put(received.write(), known_as, "request")
        row = SubmissionRow(
            id=known_as,
            tenant=TENANT,
            key_id=self.key_id,
            body_sha256=received.sha256,
            samples=work.samples,
            price=5,
            received_at=self.clock(),
            owner="process-1",
            vault_id=vault_id,
            state=State.ADMITTED,
            code=None,
            changed_at=self.clock(),
        )
        await self.store.admission.admit(row)
        return Submission(
            id=known_as,
            subject=received.subject,
            work=work,
            contents=await self.gate.desk.prepare.work(TENANT, work),
            vault_id=vault_id,
            policy=await self.tenancy.policy_of(TENANT),
            received_at=self.clock(),
            body_sha256=row.body_sha256,
        )

    async def screened(self, prompt: str = "a harbour", **more: Any) -> Recorded[Screened]:
        """A recorded screening."""
        submission = await self.submission(prompt, **more)
        judged = await self.judge.judge(
            submission.contents, submission.policy, Moment.REQUEST, submission.subject.facts
        )
        screened = Screened(submission, judged)
        return Recorded(screened, await self.record.write(submission, screened))

    async def generated(
        self, *colours: Colour, pictures: Sequence[bytes] = (), **more: Any
    ) -> Recorded[Generated]:
        """Recorded pictures of these colours (or these bytes), none of them looked at."""
        drawn = [*pictures, *(png(colour) for colour in colours)]
        screened = await self.screened(samples=len(drawn), **more)
        submission = screened.outcome.submission
        await self.record.calling(submission)
        sealed = [
            await seal(self.vault, submission.id, index, data) for index, data in enumerate(drawn)
        ]
        generated = Generated(screened.outcome, tuple(sealed), 1)
        return Recorded(generated, await self.record.write(submission, generated))

    def reckoning(self, accounts: Accounts, balances: Balances) -> Reckoning:
        """What reckons accounts with an upstream, by this house's ledgers."""
        return Reckoning(accounts, balances, self.store.ledgers, self.log, self.clock, uuid4)

    async def in_line(self) -> None:
        """Return once somebody waits for an account."""
        async with asyncio.timeout(5):
            while not len(self.accounts._line):  # noqa: ASYNC110 - the line has no event
                await asyncio.sleep(0)

    async def row(self, submission: UUID) -> SubmissionRow:
        """What app.db says of a submission."""
        found = await self.store.submissions.get(TENANT, submission)
        assert found is not None
        return found

    async def leaves(self, submission: UUID | None = None) -> list[Leaf]:
        """What the log says, in order: of one submission, or everything."""
        every = [Leaf.parse(each.leaf) for each in await self.log.tail(1000)]
        wanted = str(submission)
        return [
            leaf for leaf in every if submission is None or leaf.public.get("submission") == wanted
        ]

    async def kinds(self, submission: UUID) -> list[str]:
        """The kinds of entries of a submission, in order."""
        return [leaf.kind.value for leaf in await self.leaves(submission)]

    @property
    def recovery(self) -> Recovery:
        """What a process that starts after this one died would run."""
        return Recovery(self.flow, self.restore, self.store, self.log, "process-2", self.clock)


async def seal(vault: DirectoryVault, submission: UUID, index: int, data: bytes) -> Sealed:
    """Seal a picture as Generate does."""
    vault_id = await vault.put(data, submission, f"picture-{index}")
    return Sealed(vault_id, index, sha256(data).hexdigest())


@cache
def policy_set(name: str) -> policies.PolicySet:
    """One of the sets that come with the program."""
    return policies.load((SHIPPED / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")


@cache
def log_keys() -> tuple[Ed25519Signer, DetailKeys]:
    """The log's keys, made once: key files are slow to make."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        signer = Ed25519Signer.create(place / "log.key", "test/log")
        return signer, DetailKeys.create(place / "detail.key", "first")


@asynccontextmanager
async def open_world(
    folder: Path,
    *,
    deadline_seconds: float = 5.0,
    connect: Connect = connect_sqlite,
    keys: Sealing | None = None,
    own: Callable[[httpx.AsyncClient], Sequence[SelfHosted]] = lambda _: (),
) -> AsyncGenerator[World]:
    """Build a world in an empty folder, with one tenant that has one key."""
    async with AsyncExitStack() as closing:
        clock, upstream = Clock(), Upstream()
        signer, static = log_keys()
        log = await PickyLog.open(
            folder / "log.db",
            origin="test/log",
            signer=signer,
            keys=keys or static,
            now=clock,
            connect=connect,
        )
        closing.push_async_callback(log.close)
        assert isinstance(log, PickyLog)
        store = Store.open(folder / "app.db")
        closing.push_async_callback(store.close)
        vault = DirectoryVault(folder / "vault", os.urandom(32), os.urandom)
        reader, viewer = Moody[Reading](Reader(WORDS)), Moody[Canonical](Viewer(COLOURS))
        closing.callback(reader.let_go.set)
        closing.callback(viewer.let_go.set)
        judge = Judge([reader], [viewer], Workers(2, deadline_seconds), texts_in)
        closing.callback(judge.close)
        sets = [policy_set("floor"), policy_set("default")]
        tenancy = Tenancy(store, sets, policy_set, KEEP_FOR)
        accounts = Accounts(
            [Token("account-1", "pst-upstream")],
            monotonic=asyncio.get_running_loop().time,
            sleep=asyncio.sleep,
            spacing_seconds=0,
        )
        http = await closing.enter_async_context(
            httpx.AsyncClient(transport=httpx.MockTransport(upstream))
        )
        client = Client(
            "http://upstream", accounts, http, now=clock, sleep=asyncio.sleep, random=lambda: 0.5
        )
        balances = Balances("http://upstream", http)
        misses = Misses(accounts, store, log, balances, clock, uuid4, REFUSALS_A_DAY)
        metrics = Metrics.create()
        projection = Projection(store, clock, tenancy)
        record = Record(log, projection, metrics, clock, _versions, Gathering(lambda: False))
        lineage = Lineage(store.origins, judge.run, clock)
        mintage = Mintage(store.encodings, clock)
        engines = Engines(client, own(http))
        prepare = Prepare(judge, lineage, mintage, engines.check)
        release = Release(vault, lineage, tenancy)
        team_key = X25519PrivateKey.generate()
        quarantine = Quarantine(folder / "quarantine", team_key.public_key(), os.urandom)
        seizure = Seizure(vault, quarantine, store.seizures, log, clock)
        subject_key = os.urandom(32)
        halts = Halts(store.halts, log, clock, uuid4, subject_key)
        flow = Flow(
            screen=BoundedScreen(
                Screen(judge, clock, HOLD_FOR, Repeats(store.taints, judge, clock)),
                Capacity(store, clock),
            ),
            generate=Generate(engines, judge, vault, misses),
            examine=BoundedExamine(
                Examine(judge, vault, Ed25519PrivateKey.generate().public_key(), clock, HOLD_FOR),
                Capacity(store, clock),
            ),
            mint=Mint(mintage),
            release=release,
            record=record,
            metrics=metrics,
            now=clock,
            hold_for=HOLD_FOR,
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
                now=clock,
                new_id=uuid4,
                owner="process-1",
                limit=8,
                refusals_a_day=REFUSALS_A_DAY,
            ),
            shelf=Shelf(release, store, log, clock, uuid4),
            judge=judge,
            store=store,
            log=log,
            callers=Callers(store, clock),
            tokens=SubjectTokens(store, clock, os.urandom),
            accounts=accounts,
            tenancy=tenancy,
            texts=_TEXTS,
            limits=limits,
            plan=Plan(),
            now=clock,
            new_id=uuid4,
            banks=dict,
            subject_key=subject_key,
            refusals_a_day=REFUSALS_A_DAY,
            seizure=seizure,
            halts=halts,
            appeals=Appeals(Notices(store, log, _TEMPLATES, clock, uuid4), store, log, clock),
            enforcing=Enforcing(store, log, _LADDER, _TEMPLATES, clock, subject_key),
            reports=Reports(store, log, quarantine, {}, clock, uuid4),
            suggest=Suggesting("http://upstream", accounts, http),
        )
        api_keys = ApiKeys(store, clock, os.urandom)
        await store.tenants.add(
            Tenant(TENANT, "Harbour", clock(), anlas_budget=10_000, profile=PROFILE)
        )
        made = await api_keys.create(TENANT, "first")
        second_look = SecondLook(flow, restore, store, gate.desk, clock)
        yield World(
            folder=folder,
            clock=clock,
            log=log,
            store=store,
            vault=vault,
            reader=reader,
            viewer=viewer,
            judge=judge,
            tenancy=tenancy,
            upstream=upstream,
            accounts=accounts,
            metrics=metrics,
            record=record,
            flow=flow,
            restore=restore,
            gate=gate,
            operator=Operator(gate, api_keys, Rulings(flow, restore, store, log, clock, halts)),
            upkeep=Upkeep(flow, judge, restore, store, vault, seizure, clock, second_look),
            lineage=lineage,
            team_key=team_key,
            key_id=made.key.id,
            key=made.secret.get_secret_value(),
        )

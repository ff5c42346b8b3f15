"""Every engine answers the same questions, over HTTP, from a sandbox of its own."""

import asyncio
import base64
import io
import os
import socket
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from structlog.testing import capture_logs

from pipeline.engines.comfyui import ComfyUi
from pipeline.engines.engine import Allowed, Engine, Engines, Lora
from pipeline.engines.standings import EVERY_SECONDS, WELL, Standings
from pipeline.engines.webui import WebUi
from pipeline.engines.wire import Wire
from pipeline.errors import StoreUnavailableError
from pipeline.items import Subject, Work, at_once
from pipeline.jobs.received import Received
from pipeline.novelai.accounts import Accounts, Token
from pipeline.novelai.client import Client
from pipeline.novelai.errors import (
    RequestRefusedError,
    UpstreamAbandonedError,
    UpstreamError,
    UpstreamFailedError,
    UpstreamMalformedError,
    UpstreamUnknownError,
    UpstreamUnreachableError,
)
from pipeline.novelai.limits import Limits
from pipeline.sandbox import app as novelai_sandbox
from pipeline.sandbox import comfyui as comfyui_sandbox
from pipeline.sandbox import webui as webui_sandbox
from pipeline.sandbox.comfyui import ComfyUiSandbox
from pipeline.sandbox.engine import HARBOUR, LORA, EngineFault
from pipeline.sandbox.serve import beside
from pipeline.sandbox.settings import SandboxSettings
from pipeline.sandbox.webui import WebUiSandbox
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import NOON, body, png

TENANT: Final = "harbour"
ACCOUNT: Final = Token("one", "pst-" + "a" * 64)
LORAS: Final = (Lora(TENANT, "lighthouse", LORA),)


@dataclass(frozen=True)
class Bench:
    """One engine, and what stands behind it."""

    model: str
    make: Callable[[str, httpx.AsyncClient], Engine]
    address: str
    http: httpx.AsyncClient
    calls: Callable[[], int]
    own: Any = None
    """A self-hosted engine's sandbox."""

    @property
    def engine(self) -> Engine:
        return self.make(self.address, self.http)

    def work(self, prompt: str = "a harbour", **more: Any) -> Work:
        return work(self.model, prompt, **more)


def work(model: str, prompt: str = "a harbour", **more: Any) -> Work:
    content = httpx.Request("POST", "http://x", json=body(prompt, model=model, **more)).content
    return Received("application/json", content, Subject(TENANT)).work(Limits())


@contextmanager
def served(app: FastAPI) -> Generator[str]:
    """Serve an application on a free port of this machine."""
    listening = socket.create_server(("127.0.0.1", 0))
    with beside(app, listening):
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def novelai(address: str, http: httpx.AsyncClient) -> Engine:
    accounts = Accounts(
        [ACCOUNT],
        monotonic=asyncio.get_running_loop().time,
        sleep=asyncio.sleep,
        spacing_seconds=0,
    )
    return Client(
        address,
        accounts,
        http,
        now=lambda: NOON,
        sleep=asyncio.sleep,
        random=lambda: 0.5,
    )


def webui(address: str, http: httpx.AsyncClient) -> WebUi:
    allowed = Allowed("own", {"harbour": HARBOUR}, lambda: LORAS)
    return WebUi(allowed, Wire(address, http, generation_seconds=1.0))


def comfyui(address: str, http: httpx.AsyncClient) -> ComfyUi:
    allowed = Allowed("own", {"harbour": HARBOUR}, lambda: LORAS, takes_pictures=False)
    return ComfyUi(allowed, Wire(address, http, generation_seconds=1.0), os.urandom)


MAKERS = {"novelai": novelai, "webui": webui, "comfyui": comfyui}
OWN = ("comfyui", "webui")


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


def bench(kind: str, http: httpx.AsyncClient, stands: Any) -> Bench:
    sandbox, address = stands[kind]
    if kind == "novelai":
        told = lambda: int(httpx.get(f"{address}/sandbox/calls").json()["count"])  # noqa: E731
        return Bench("nai-diffusion-3", MAKERS[kind], address, http, told)
    sandbox.calls.clear()
    sandbox.armed.clear()
    return Bench("own/harbour", MAKERS[kind], address, http, lambda: len(sandbox.calls), sandbox)


@pytest.fixture(scope="module")
def stands() -> Iterator[Any]:
    """The sandboxes, served once."""
    own, other = WebUiSandbox(), ComfyUiSandbox()
    with (
        served(novelai_sandbox.create(SandboxSettings())) as first,
        served(webui_sandbox.create(own)) as second,
        served(comfyui_sandbox.create(other)) as third,
    ):
        yield {"novelai": (None, first), "webui": (own, second), "comfyui": (other, third)}


@pytest.fixture(params=sorted(MAKERS))
def any_engine(request: pytest.FixtureRequest, http: httpx.AsyncClient, stands: Any) -> Bench:
    return bench(request.param, http, stands)


@pytest.fixture(params=OWN)
def own(request: pytest.FixtureRequest, http: httpx.AsyncClient, stands: Any) -> Bench:
    return bench(request.param, http, stands)


async def test_as_many_pictures_come_as_were_asked_for(any_engine: Bench) -> None:
    """In their order, in their size, each known by its digest, for one call."""
    before = any_engine.calls()

    answer = await any_engine.engine.generate(any_engine.work(samples=2), {}, at_once, TENANT)

    assert any_engine.calls() == before + 1
    assert [each.index for each in answer.pictures] == [0, 1]
    assert len({each.sha256 for each in answer.pictures}) == 2
    for each in answer.pictures:
        assert Image.open(io.BytesIO(each.data)).size == (64, 64)


async def test_a_picture_to_start_from_goes_along(any_engine: Bench) -> None:
    """The bytes that were judged, in the one carrier there is; or it is refused before."""
    asked = any_engine.work(image=_b64(png(WHITE)), strength=0.5)
    (image,) = asked.images
    engine = any_engine.engine
    if isinstance(engine, ComfyUi):
        with pytest.raises(RequestRefusedError, match="text alone"):
            Engines(engine, [engine]).check(TENANT, asked)
        return

    answer = await engine.generate(asked, {(image.carrier, 0): image.data}, at_once, TENANT)

    assert len(answer.pictures) == 1


async def test_what_is_not_wanted_any_more_is_not_asked_for(any_engine: Bench) -> None:
    """Its client left, or somebody halted it, while it waited."""
    before = any_engine.calls()

    async def begin(_: str) -> str:
        return "client_left"

    with pytest.raises(UpstreamAbandonedError, match="client_left"):
        await any_engine.engine.generate(any_engine.work(), {}, begin, TENANT)

    assert any_engine.calls() == before


async def test_a_call_begins_when_there_is_nothing_more_to_wait_for(any_engine: Bench) -> None:
    """Who dies while they wait has paid nothing; from its note on nobody knows."""
    engine, before, begun = any_engine.engine, any_engine.calls(), list[tuple[int, str]]()

    async def begin(account: str) -> str:
        begun.append((any_engine.calls(), account))
        return ""

    turn: AbstractAsyncContextManager[object]
    if isinstance(engine, Client):
        turn, account = engine._accounts.lease(), ACCOUNT.digest
    else:
        assert isinstance(engine, WebUi | ComfyUi)
        turn, account = engine.turns.taken("other"), ""
    async with turn:
        waiting = asyncio.create_task(engine.generate(any_engine.work(), {}, begin, TENANT))
        for _ in range(20):
            await asyncio.sleep(0)
        early = [*begun]
    await waiting

    assert early == []
    assert begun == [(before, account)]
    assert any_engine.calls() == before + 1


async def test_whoever_is_waited_for_goes_before_a_job(any_engine: Bench) -> None:
    """Of two that wait; and one of another tenant before a second of the same."""
    engine, begun = any_engine.engine, list[str]()

    async def generated(name: str) -> None:
        async def begin(_: str) -> str:
            begun.append(name)
            return "client_left"  # it is the order that is asked for

        tenant, is_job = name.split(maxsplit=1)[0], name.endswith("job")
        with pytest.raises(UpstreamAbandonedError):
            await engine.generate(any_engine.work(), {}, begin, tenant, is_job=is_job)

    turn: AbstractAsyncContextManager[object]
    if isinstance(engine, Client):
        turn = engine._accounts.lease("other")
    else:
        assert isinstance(engine, WebUi | ComfyUi)
        turn = engine.turns.taken("other")
    names = ["harbour job", "harbour first", "harbour second", "meadow first"]
    async with turn:
        waiting = [asyncio.create_task(generated(name)) for name in names]
        for _ in range(20):
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)

    assert begun == ["harbour first", "meadow first", "harbour second", "harbour job"]


async def test_a_call_that_cannot_be_noted_is_not_made(any_engine: Bench) -> None:
    """Else a crash would have it made a second time."""
    before = any_engine.calls()

    async def begin(_: str) -> str:
        raise StoreUnavailableError("store", "a working database", "none")

    with pytest.raises(StoreUnavailableError):
        await any_engine.engine.generate(any_engine.work(), {}, begin, TENANT)

    assert any_engine.calls() == before
    await any_engine.engine.generate(any_engine.work(), {}, at_once, TENANT)


async def test_an_engine_that_is_not_there_costs_nothing(any_engine: Bench) -> None:
    """No byte was sent: whoever asked may ask again."""
    gone = any_engine.make("http://127.0.0.1:9", any_engine.http)

    with pytest.raises(UpstreamUnreachableError):
        await gone.generate(any_engine.work(), {}, at_once, TENANT)


@pytest.mark.parametrize(
    ("fault", "means"),
    [
        (EngineFault.ANOTHERS, UpstreamMalformedError),
        (EngineFault.RELABELLED, UpstreamMalformedError),
        (EngineFault.NONE, UpstreamMalformedError),
        (EngineFault.HTML, UpstreamMalformedError),
        (EngineFault.OTHER_MODEL, UpstreamMalformedError),
        (EngineFault.CORRUPT, UpstreamMalformedError),
        (EngineFault.BROKEN, UpstreamFailedError),
        (EngineFault.SLOW, UpstreamUnknownError),
    ],
)
async def test_an_answer_that_is_not_what_was_approved_is_none(
    own: Bench, fault: EngineFault, means: type[UpstreamError]
) -> None:
    """It was asked once, is not asked again, and nothing of the answer is told."""
    own.own.armed.append(fault)

    with pytest.raises(means) as raised:
        await own.engine.generate(own.work("a harbour at dawn"), {}, at_once, TENANT)

    assert own.calls() == 1
    assert "somebody" not in str(raised.value)
    assert "dawn" not in str(raised.value)


async def test_whoever_runs_an_engine_is_told_what_to_mend(own: Bench) -> None:
    """In the server's log, which holds no content: callers are told that it is not there."""
    asked, engine = own.work("a harbour at dawn"), own.engine
    assert isinstance(engine, WebUi | ComfyUi)
    own.own.loaded.extensions.append("unknown")
    with capture_logs() as told, pytest.raises(UpstreamUnreachableError):
        await Engines(engine, [engine]).generate(asked, {}, at_once, TENANT)
    own.own.loaded.extensions.clear()

    (line,) = told
    assert line["engine"] == "own"
    assert "nobody allowed" in line["said"]
    assert "dawn" not in str(told)


async def test_only_named_fields_go_out(own: Bench) -> None:
    """And of the metadata of what comes back, nothing is handed on."""
    answer = await own.engine.generate(own.work(seed=7), {}, at_once, TENANT)

    assert b"Steps" not in answer.pictures[0].data
    assert "harbour" in str(own.own.calls[0])


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("<lora:unknown:1>", "not registered"),
        ("<hypernet:x:1>", "networks"),
        ("<lora:lighthouse>", "networks"),
        ("<lora:lighthouse:-1>", "networks"),
        ("< lora:lighthouse:1>", "networks"),
        ("__colours__", "wildcards"),
        ("{a|b}", "alternatives"),
        ("embedding:something", "embeddings"),
        ("a # b", "comments"),
    ],
)
def test_what_engines_would_load_is_refused_by_name(prompt: str, says: str) -> None:
    """In whichever field it stands, before anything is sent."""
    allowed = Allowed("own", {"harbour": HARBOUR}, lambda: LORAS)
    with pytest.raises(RequestRefusedError, match=says):
        allowed.networks(TENANT, work("own/harbour", prompt))
    with pytest.raises(RequestRefusedError, match=f"{says}|in input alone"):
        work("own/harbour", "a harbour", negative_prompt=prompt)


@pytest.mark.parametrize(
    "field",
    ["override_settings", "alwayson_scripts", "script_name", "styles", "enable_hr", "n_iter"],
)
def test_a_field_that_is_not_on_the_list_is_refused_by_name(field: str) -> None:
    """What a client names is never passed through."""
    with pytest.raises(RequestRefusedError, match=field):
        work("own/harbour", "a harbour", **{field: {}})


def test_another_tenants_lora_is_not_there() -> None:
    """It is registered for whom it was trained."""
    allowed = Allowed("own", {"harbour": HARBOUR}, lambda: LORAS)
    asked = work("own/harbour", "<lora:lighthouse:0.8> a harbour")

    assert allowed.networks(TENANT, asked) == {"lighthouse": LORA}
    with pytest.raises(RequestRefusedError, match="not registered"):
        allowed.networks("meadow", asked)


@pytest.mark.parametrize("model", ["own/unknown", "other/harbour", "own/", "/harbour"])
async def test_an_engine_or_checkpoint_that_is_not_on_a_list_is_refused(
    own: Bench, model: str
) -> None:
    """There is no default to fall back on."""
    with pytest.raises(RequestRefusedError, match="model"):
        Engines(own.engine, [webui(own.address, own.http)]).check(TENANT, work(model))
    assert own.calls() == 0


@pytest.mark.parametrize("what", ["embeddings", "extensions"])
async def test_what_acts_on_words_unseen_keeps_it_from_being_asked(own: Bench, what: str) -> None:
    """An embedding's name is a word like another: no gate could tell."""
    getattr(own.own.loaded, what).append("unknown")
    try:
        with pytest.raises(UpstreamUnreachableError, match="nobody allowed"):
            await own.engine.generate(own.work(), {}, at_once, TENANT)
    finally:
        getattr(own.own.loaded, what).clear()
    assert own.calls() == 0


@pytest.mark.parametrize("prompt", ["a harbour", "<lora:lighthouse:1> a harbour"])
async def test_a_file_that_was_exchanged_is_not_used(own: Bench, prompt: str) -> None:
    """Its name is the same; its digest is what was allowed."""
    loaded = own.own.loaded
    kept = (loaded.checkpoints, loaded.loras)
    if "lora" in prompt:
        loaded.loras = {"lighthouse": "0" * 64}
    else:
        loaded.checkpoints = {"harbour": "0" * 64}
    try:
        with pytest.raises(UpstreamUnreachableError, match="digest"):
            await own.engine.generate(own.work(prompt), {}, at_once, TENANT)
    finally:
        loaded.checkpoints, loaded.loras = kept
    assert own.calls() == 0


async def test_an_engine_says_itself_whether_it_could_draw(own: Bench) -> None:
    """Before anybody asks it to: with every checkpoint and LoRA on its list."""
    engine, loaded = own.engine, own.own.loaded
    assert isinstance(engine, WebUi | ComfyUi)
    await engine.check()
    for name, other in (
        ("embeddings", ["unknown"]),
        ("extensions", ["unknown"]),
        ("checkpoints", {"harbour": "0" * 64}),
        ("loras", {"lighthouse": "0" * 64}),
    ):
        kept = getattr(loaded, name)
        setattr(loaded, name, other)
        try:
            with pytest.raises(UpstreamUnreachableError, match=r"nobody allowed|digest"):
                await engine.check()
        finally:
            setattr(loaded, name, kept)
    assert own.calls() == 0


async def test_how_engines_stand_is_asked_once_in_a_while(own: Bench) -> None:
    """Whoever asks often keeps no engine from drawing; one that hangs is not well."""
    engine, at, loaded = own.engine, [0.0], own.own.loaded
    assert isinstance(engine, WebUi | ComfyUi)
    silent = socket.create_server(("127.0.0.1", 0))  # it takes a connection, and never answers
    hanging = own.make(f"http://127.0.0.1:{silent.getsockname()[1]}", own.http)
    assert isinstance(hanging, WebUi | ComfyUi)
    second = replace(hanging, allowed=replace(hanging.allowed, name="second"))
    ask = Standings((engine, second), lambda: at[0], answer_seconds=0.5)
    told = [await ask()]
    loaded.embeddings.append("unknown")
    try:
        told += [await ask()]
        at[0] += EVERY_SECONDS
        told += [await ask()]
    finally:
        loaded.embeddings.clear()
        silent.close()

    assert [each["own"] == WELL for each in told] == [True, True, False]
    assert "nobody allowed" in told[-1]["own"]
    assert {each["second"] for each in told} == {"no answer within 0.5 s"}


async def test_a_registered_lora_is_drawn_with(own: Bench) -> None:
    """By the file that has its digest."""
    answer = await own.engine.generate(
        own.work("<lora:lighthouse:0.5> a harbour"), {}, at_once, TENANT
    )

    assert len(answer.pictures) == 1
    assert "lighthouse" in str(own.own.calls[0])


async def test_what_was_taken_off_the_list_meanwhile_is_not_asked_for(own: Bench) -> None:
    """Between its admission and its turn two people may have changed their mind."""
    engine = own.engine
    assert isinstance(engine, WebUi | ComfyUi)
    gone = replace(engine, allowed=replace(engine.allowed, loras=tuple))

    with pytest.raises(UpstreamAbandonedError, match="not_allowed_any_more"):
        await gone.generate(own.work("<lora:lighthouse:1> a harbour"), {}, at_once, TENANT)

    assert own.calls() == 0


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

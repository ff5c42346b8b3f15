"""Our client and our stand-in for NovelAI share no code: what one writes, the other must read."""

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from time import monotonic

import httpx
import pytest
from PIL import Image
from uvicorn import Config, Server

from classifiers import canonical, content
from classifiers.content import Purpose
from classifiers.errors import UnreadableError
from pipeline.items import Json, Work
from pipeline.novelai.accounts import Accounts, Token
from pipeline.novelai.archive import Picture
from pipeline.novelai.catalogue import MODELS, Family
from pipeline.novelai.client import Client
from pipeline.novelai.errors import (
    UpstreamBusyError,
    UpstreamError,
    UpstreamFailedError,
    UpstreamMalformedError,
    UpstreamRefusedError,
    UpstreamUnknownError,
    UpstreamUnpaidError,
    UpstreamUnreachableError,
)
from pipeline.novelai.limits import Limits
from pipeline.novelai.marks import Marks, PromptMark, SignatureMark, read
from pipeline.novelai.price import Plan, quote
from pipeline.novelai.request import parse
from pipeline.novelai.signature import verify_key
from pipeline.sandbox import app as sandbox
from pipeline.sandbox.keys import TEST_VERIFY_KEY_BASE64
from pipeline.sandbox.serve import Droppable
from pipeline.sandbox.settings import Account, SandboxSettings

KNOWN, UNKNOWN = Token("known", "pst-" + "k" * 64), Token("unknown", "pst-" + "u" * 64)
V4_5 = "nai-diffusion-4-5-full"
PAPER = Account(tier=0)


class Upstream:
    """A running sandbox, and a client of it."""

    def __init__(self, address: str, http: httpx.AsyncClient) -> None:
        self.address = address
        self.http = http
        self.slept: list[float] = []

    def client(self, *tokens: Token, address: str | None = None) -> Client:
        accounts = Accounts(
            tokens or (KNOWN,), monotonic=monotonic, sleep=self.sleep, spacing_seconds=0.0
        )
        return Client(
            address or self.address,
            accounts,
            self.http,
            now=lambda: datetime(2026, 11, 22, tzinfo=UTC),
            sleep=self.sleep,
            random=lambda: 0.0,
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def arm(self, fault: str, times: int = 1) -> None:
        body = {"fault": fault, "times": times}
        (await self.http.post(f"{self.address}/sandbox/faults", json=body)).raise_for_status()

    async def calls(self) -> int:
        told = (await self.http.get(f"{self.address}/sandbox/calls")).json()
        count = told["count"]
        assert isinstance(count, int)
        return count

    async def balance(self) -> int:
        headers = {"Authorization": f"Bearer {KNOWN.secret}"}
        told = (await self.http.get(f"{self.address}/user/subscription", headers=headers)).json()
        left = told["trainingStepsLeft"]
        return int(left["fixedTrainingStepsLeft"]) + int(left["purchasedTrainingSteps"])


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    """Serve a sandbox on a free port of this machine, as `imprimatur sandbox` would."""
    app = sandbox.create(SandboxSettings(tokens={KNOWN.secret: PAPER}))
    config = Config(
        app, http=Droppable, ws="none", lifespan="off", log_config=None, log_level="warning"
    )
    server = Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # whoever connects before the server accepts waits in the backlog
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        async with httpx.AsyncClient(trust_env=False) as http:
            yield Upstream(f"http://127.0.0.1:{listening.getsockname()[1]}", http)
        server.should_exit = True
        await serving


def work(model: str = V4_5, **parameters: Json) -> Work:
    """Give a small piece of work for a model, as a client would ask for it."""
    if MODELS[model].inpaints:
        parameters |= {"image": "image", "mask": "mask"}
    sources: tuple[str, ...] = ("image", "mask")
    parts = {name: picture() for name in sources if name in parameters}
    action = {0: "generate", 1: "img2img", 2: "infill"}[len(parts)]
    usual: dict[str, Json] = {"width": 512, "height": 768, "seed": 7, "negative_prompt": "lowres"}
    if MODELS[model].family is not Family.V3:
        usual["v4_prompt"] = {"caption": {"base_caption": "a harbour", "char_captions": []}}
        usual["v4_negative_prompt"] = {"caption": {"base_caption": "lowres"}}
    body: dict[str, Json] = {
        "input": "a harbour",
        "model": model,
        "action": action,
        "parameters": usual | parameters,
    }
    return parse(body, parts or None, limits=Limits())


def images(of: Work) -> dict[tuple[str, int], bytes]:
    """Give the pictures of a work, each in its place."""
    return {(image.carrier, image.index): image.data for image in of.images}


def picture() -> bytes:
    packed = BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((512, 768)).save(packed, "PNG")
    return packed.getvalue()


def marks(found: Picture, of: Work) -> Marks:
    image = content.Image("output", found.index, Purpose.OUTPUT, found.data)
    return read(canonical.read(image), of, verify_key(TEST_VERIFY_KEY_BASE64))


class TestPictures:
    @pytest.mark.parametrize("model", sorted(MODELS))
    async def test_every_model_draws_what_was_approved_and_signs_it(
        self, upstream: Upstream, model: str
    ) -> None:
        """Request, archive, both copies of the metadata and the signature, end to end."""
        asked = work(model, n_samples=2)
        answer = await upstream.client().generate(asked, images(asked))

        assert [found.name for found in answer.pictures] == ["image_0.png", "image_1.png"]
        for found in answer.pictures:
            said = marks(found, asked)
            assert (said.signature, said.prompt) == (SignatureMark.VALID, PromptMark.MATCHES)
            assert said.right_size
            assert said.source
            assert said.texts == ()

    async def test_a_picture_is_drawn_from_a_picture(self, upstream: Upstream) -> None:
        """The source arrives as base64, whatever the client sent it as."""
        asked = work(image="image", strength=0.5)
        answer = await upstream.client().generate(asked, images(asked))

        assert marks(answer.pictures[0], asked).signature is SignatureMark.VALID

    @pytest.mark.parametrize(
        ("model", "more"),
        [
            (V4_5, {}),
            (V4_5, {"n_samples": 3, "steps": 28}),
            (V4_5, {"image": "image", "strength": 0.3}),
            ("nai-diffusion-3", {"sm": True, "sm_dyn": True}),
            ("nai-diffusion-5-full", {"steps": 50}),
        ],
    )
    async def test_it_costs_what_was_quoted(
        self, upstream: Upstream, model: str, more: dict[str, Json]
    ) -> None:
        """Two computations of one published formula, made apart."""
        asked, before = work(model, **more), await upstream.balance()
        await upstream.client().generate(asked, images(asked))

        assert before - await upstream.balance() == quote(asked, Plan()).total

    async def test_what_the_server_chose_is_told(self, upstream: Upstream) -> None:
        """A randomiser in the prompt: the choice is in the picture only."""
        asked = work(v4_prompt={"caption": {"base_caption": "||red|blue|| boat"}})
        [found] = (await upstream.client().generate(asked, {})).pictures
        said = marks(found, asked)

        assert said.prompt is PromptMark.DIFFERS
        assert {text.text for text in said.texts} & {"red boat", "blue boat"}

    @pytest.mark.parametrize(
        ("fault", "signature", "prompt", "right_size"),
        [
            ("bad-signature", SignatureMark.INVALID, PromptMark.MATCHES, True),
            ("other-prompt", SignatureMark.VALID, PromptMark.DIFFERS, True),
            ("wrong-size", SignatureMark.VALID, PromptMark.MATCHES, False),
        ],
    )
    async def test_a_picture_that_is_not_what_it_should_be_says_so(
        self,
        upstream: Upstream,
        fault: str,
        signature: SignatureMark,
        prompt: PromptMark,
        right_size: bool,
    ) -> None:
        """It came, it is whole, and it is not the answer to this request."""
        await upstream.arm(fault)
        asked = work()
        said = marks((await upstream.client().generate(asked, {})).pictures[0], asked)

        assert (said.signature, said.prompt, said.right_size) == (signature, prompt, right_size)

    async def test_a_picture_that_does_not_decode_is_still_handed_over(
        self, upstream: Upstream
    ) -> None:
        """It was paid for, so it is sealed; to be unable to look at it is a hold."""
        await upstream.arm("corrupt-png")
        asked = work()
        [found] = (await upstream.client().generate(asked, {})).pictures
        with pytest.raises(UnreadableError):
            marks(found, asked)


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            ("402", UpstreamUnpaidError),
            ("500-once", UpstreamFailedError),
            ("truncated-zip", UpstreamMalformedError),
            ("extra-entry", UpstreamMalformedError),
            ("html-403", UpstreamRefusedError),
            ("drop-connection", UpstreamUnknownError),
        ],
    )
    async def test_each_has_its_own_name_and_is_met_once(
        self, upstream: Upstream, fault: str, kind: type[UpstreamError]
    ) -> None:
        """Exactly one call: what may have been paid is never sent twice."""
        await upstream.arm(fault)
        with pytest.raises(UpstreamError) as caught:
            await upstream.client().generate(work(), {})

        assert type(caught.value) is kind
        assert await upstream.calls() == 1
        assert upstream.slept == []

    async def test_a_locked_account_is_asked_again(self, upstream: Upstream) -> None:
        """It answers before it generates."""
        await upstream.arm("429", times=2)
        await upstream.client().generate(work(), {})

        assert await upstream.calls() == 3
        assert len(upstream.slept) == 2

    async def test_an_account_that_stays_locked_is_given_up(self, upstream: Upstream) -> None:
        """After one try and three more."""
        await upstream.arm("429", times=9)
        with pytest.raises(UpstreamBusyError):
            await upstream.client().generate(work(), {})
        assert await upstream.calls() == 4

    async def test_requests_at_once_never_meet_the_lock(self, upstream: Upstream) -> None:
        """They wait for their turn here, and not for luck there."""
        client = upstream.client()
        await asyncio.gather(*(client.generate(work(seed=seed), {}) for seed in range(4)))

        assert (await upstream.calls(), upstream.slept) == (4, [])

    async def test_a_token_that_nobody_knows_is_replaced(self, upstream: Upstream) -> None:
        """401 takes it out; the next one pays."""
        answer = await upstream.client(UNKNOWN, KNOWN).generate(work(), {})
        assert answer.account == "known"

    async def test_nobody_listening_is_certain_to_cost_nothing(self, upstream: Upstream) -> None:
        """The port is free: the connection is refused before a byte is sent."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            client = upstream.client(address=f"http://127.0.0.1:{free.getsockname()[1]}")
            with pytest.raises(UpstreamUnreachableError):
                await client.generate(work(), {})

    async def test_a_generation_that_takes_too_long_is_unknown(
        self, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It goes on there, and is paid for."""
        monkeypatch.setattr("pipeline.novelai.client.OVERALL_SECONDS", 0.2)
        await upstream.arm("slow:1")
        with pytest.raises(UpstreamUnknownError):
            await upstream.client().generate(work(), {})
        assert await upstream.calls() == 1

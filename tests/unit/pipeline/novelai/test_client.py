import asyncio
import io
import json
import traceback
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import httpx
import pytest

from pipeline.items import Work
from pipeline.novelai.accounts import Accounts, AccountState, Token
from pipeline.novelai.answers import Reply, wait_seconds
from pipeline.novelai.client import Client
from pipeline.novelai.errors import (
    NoAccountError,
    UpstreamAbandonedError,
    UpstreamBusyError,
    UpstreamError,
    UpstreamFailedError,
    UpstreamMalformedError,
    UpstreamObjectedError,
    UpstreamRefusedError,
    UpstreamUnknownError,
    UpstreamUnpaidError,
    UpstreamUnreachableError,
)
from pipeline.novelai.limits import AnswerLimits
from pipeline.novelai.request import SOURCE

Read = Callable[..., Work]
Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]

SECRETS = ("pst-aaaa", "pst-bbbb")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def pictures(samples: int = 1) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for index in range(samples):
            archive.writestr(f"image_{index}.png", b"picture %d" % index)
    return packed.getvalue()


def subscription(anlas: int, *, active: bool = True, tier: object = 1) -> dict[str, object]:
    steps = {"fixedTrainingStepsLeft": 0, "purchasedTrainingSteps": anlas}
    return {"active": active, "tier": tier, "trainingStepsLeft": steps}


class Upstream:
    """NovelAI as a function: answers from a list, and remembers what it was sent."""

    def __init__(self, *answers: httpx.Response | Exception | Handler) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []
        self.balance = httpx.Response(500)
        self.accounts = Accounts(
            [Token("first", SECRETS[0]), Token("second", SECRETS[1])],
            monotonic=lambda: 0.0,
            sleep=self.sleep,
            spacing_seconds=0.0,
        )
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self.handle))
        self.client = Client(
            "https://image.test/",
            self.accounts,
            self.http,
            now=lambda: NOW,
            sleep=self.sleep,
            random=lambda: 0.5,
            limits=AnswerLimits(body_bytes=4096),
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/user/subscription":
            return self.balance
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else await answer(request)

    async def fault(self, work: Work) -> UpstreamError:
        """Give the error of a generation, having checked that it tells no secret."""
        with pytest.raises(UpstreamError) as caught:
            await self.client.generate(work, {})
        told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
        assert not any(secret in told for secret in (*SECRETS, "harbour"))
        assert caught.value.__context__ is None
        await self.http.aclose()
        return caught.value


class TestGenerate:
    async def test_pictures_come_back_with_the_account_that_paid(self, read: Read) -> None:
        """The plain path."""
        upstream = Upstream(httpx.Response(200, content=pictures(2)))
        answer = await upstream.client.generate(read(n_samples=2), {})

        assert [picture.data for picture in answer.pictures] == [b"picture 0", b"picture 1"]
        assert answer.account == "first"
        assert answer.elapsed_seconds >= 0
        assert upstream.slept == []

    async def test_what_is_sent_is_the_work_and_nothing_else(self, read: Read) -> None:
        """With a token of ours, whatever key the caller presented."""
        upstream = Upstream(httpx.Response(201, content=pictures()))
        await upstream.client.generate(read(image="aGVsbG8="), {(SOURCE, 0): b"hi"})
        [request] = upstream.requests

        assert str(request.url) == "https://image.test/ai/generate-image"
        assert request.headers["Authorization"] == f"Bearer {SECRETS[0]}"
        assert request.headers["Accept"] == "*/*"
        assert request.headers["User-Agent"].startswith("Imprimatur/")
        assert json.loads(request.content)["parameters"]["image"] == "aGk="

    async def test_what_nobody_waits_for_when_an_account_is_free_is_not_sent(
        self, read: Read
    ) -> None:
        """A client may leave while its request queues: then nothing is paid for nobody."""
        upstream = Upstream()
        left = False

        async def begin(_: str) -> str:
            return "left" if left else ""

        async with upstream.accounts.lease(), upstream.accounts.lease():
            waiting = asyncio.create_task(
                upstream.client.generate(read(), {}, begin)  # none is free
            )
            await asyncio.sleep(0)
            left = True

        with pytest.raises(UpstreamAbandonedError) as why:
            await waiting
        assert why.value.reason == "left"
        assert upstream.requests == []
        assert set(upstream.accounts.states().values()) == {AccountState.FREE}

    @pytest.mark.parametrize(
        ("status", "message", "banned", "state"),
        [
            (400, "This violates our Terms of Service.", False, AccountState.SUSPECT),
            (451, "", False, AccountState.SUSPECT),
            (403, "Your account is suspended", True, AccountState.BANNED),
            (401, "This user is banned", True, AccountState.BANNED),
        ],
    )
    async def test_an_objection_is_told_from_a_refusal_and_pauses_the_account(
        self, read: Read, status: int, message: str, banned: bool, state: AccountState
    ) -> None:
        """The gate approved it, and NovelAI did not: the next such request may cost the account."""
        upstream = Upstream(httpx.Response(status, json={"message": message}))
        fault = await upstream.fault(read())

        assert isinstance(fault, UpstreamObjectedError)
        assert (fault.account, fault.banned) == ("first", banned)
        assert upstream.accounts.states()["first"] is state
        assert len(upstream.requests) == 1

    @pytest.mark.parametrize(
        ("told", "state"),
        [
            (httpx.Response(200, json=subscription(10_000)), AccountState.FREE),
            (httpx.Response(200, json=subscription(0)), AccountState.UNPAID),
            (httpx.Response(200, json=subscription(0, tier=3)), AccountState.FREE),
            (httpx.Response(200, json=subscription(0, tier="3")), AccountState.UNPAID),
            (httpx.Response(200, json=subscription(0, tier=3, active=False)), AccountState.UNPAID),
            (httpx.Response(200, json=subscription(10, active=False)), AccountState.UNPAID),
            (httpx.Response(200, json={"active": True}), AccountState.UNPAID),
            (httpx.Response(200, content=b"[]"), AccountState.UNPAID),
            (httpx.Response(200, content=b"x" * 70_000), AccountState.UNPAID),
            (httpx.Response(403), AccountState.UNPAID),
        ],
    )
    async def test_an_account_that_cannot_pay_waits_until_a_balance_is_seen(
        self, read: Read, told: httpx.Response, state: AccountState
    ) -> None:
        """Or each request of the day would be sent to be refused."""
        upstream = Upstream(httpx.Response(402))
        upstream.balance = told

        assert isinstance(await upstream.fault(read()), UpstreamUnpaidError)
        assert upstream.accounts.states()["first"] is state

    async def test_a_busy_account_is_asked_again_three_times(self, read: Read) -> None:
        """It says so before it generates, so nothing is paid twice."""
        busy = [httpx.Response(429) for _ in range(3)]
        upstream = Upstream(*busy, httpx.Response(200, content=pictures()))

        assert (await upstream.client.generate(read(), {})).account == "first"
        assert upstream.slept == [2.3, 4.6, 9.2]

    async def test_an_account_that_stays_busy_is_given_up(self, read: Read) -> None:
        """And the caller is told when to come back."""
        upstream = Upstream(*(httpx.Response(429, headers={"Retry-After": "7"}) for _ in "abcd"))
        fault = await upstream.fault(read())

        assert isinstance(fault, UpstreamBusyError)
        assert fault.retry_after_seconds == 7
        assert upstream.slept == [7, 7, 7]

    async def test_a_long_pause_is_passed_on_and_not_waited_for(self, read: Read) -> None:
        """A request may not hold an account for an hour."""
        upstream = Upstream(httpx.Response(429, headers={"Retry-After": "3600"}))
        fault = await upstream.fault(read())

        assert isinstance(fault, UpstreamBusyError)
        assert (fault.retry_after_seconds, upstream.slept) == (3600, [])

    async def test_a_token_that_is_not_accepted_is_left_for_the_next(self, read: Read) -> None:
        """It stays out, and health says so."""
        upstream = Upstream(httpx.Response(401), httpx.Response(200, content=pictures()))

        begun: list[str] = []

        async def begin(account: str) -> str:
            begun.append(account)
            return ""

        assert (await upstream.client.generate(read(), {}, begin)).account == "second"
        assert upstream.accounts.states()["first"] is AccountState.REFUSED
        assert begun == [Token("first", SECRETS[0]).digest, Token("second", SECRETS[1]).digest]

    async def test_when_no_token_is_accepted_it_ends(self, read: Read) -> None:
        """It must not go round for ever."""
        fault = await Upstream(httpx.Response(401), httpx.Response(401)).fault(read())
        assert isinstance(fault, NoAccountError)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (402, UpstreamUnpaidError),
            (400, UpstreamRefusedError),
            (403, UpstreamRefusedError),
            (404, UpstreamRefusedError),
            (409, UpstreamRefusedError),
            (500, UpstreamFailedError),
            (502, UpstreamFailedError),
            (504, UpstreamFailedError),
            (302, UpstreamFailedError),
            (204, UpstreamFailedError),
        ],
    )
    async def test_any_other_status_is_final_and_opaque(
        self, read: Read, status: int, kind: type[UpstreamError]
    ) -> None:
        """Never tried again: a 500 may be paid. Never quoted: a 400 may hold the prompt."""
        headers = {"Location": "https://other.test", "Content-Type": "text/html"}
        answer = httpx.Response(status, headers=headers, text="bad: a harbour at dawn")
        upstream = Upstream(answer)

        assert type(await upstream.fault(read())) is kind
        assert len(upstream.requests) == 1

    @pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
    async def test_a_connection_that_was_never_made_cost_nothing(
        self, read: Read, error: type[httpx.TransportError]
    ) -> None:
        """The caller may try again; this is the one fault after which that is certain."""
        assert isinstance(await Upstream(error(SECRETS[0])).fault(read()), UpstreamUnreachableError)

    @pytest.mark.parametrize(
        "error",
        [
            httpx.ReadTimeout,
            httpx.WriteTimeout,
            httpx.ReadError,
            httpx.WriteError,
            httpx.RemoteProtocolError,
        ],
    )
    async def test_a_fault_after_sending_is_unknown_and_never_repeated(
        self, read: Read, error: type[httpx.TransportError]
    ) -> None:
        """It may have been generated and paid; a second try might be paid again."""
        upstream = Upstream(error("a harbour at dawn"))

        assert isinstance(await upstream.fault(read()), UpstreamUnknownError)
        assert len(upstream.requests) == 1

    async def test_an_answer_that_breaks_off_is_unknown(self, read: Read) -> None:
        """It was paid for; the bytes did not all come."""

        async def breaks_off() -> AsyncIterator[bytes]:
            yield pictures()[:20]
            raise httpx.ReadError("")

        fault = await Upstream(httpx.Response(200, content=breaks_off())).fault(read())
        assert isinstance(fault, UpstreamUnknownError)

    async def test_an_answer_is_not_read_beyond_its_limit(self, read: Read) -> None:
        """Whoever answers without end must not fill our memory."""
        sent = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal sent
            while True:
                sent += 1024
                yield bytes(1024)

        fault = await Upstream(httpx.Response(200, content=endless())).fault(read())

        assert isinstance(fault, UpstreamMalformedError)
        assert sent < 10_000

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(200, text="<html>a harbour at dawn</html>"),
            httpx.Response(200, content=pictures(2)),
            httpx.Response(200, content=b""),
            httpx.Response(200, content=pictures(), headers={"Content-Encoding": "x-unknown"}),
        ],
    )
    async def test_an_answer_that_is_no_picture_is_malformed(
        self, read: Read, answer: httpx.Response
    ) -> None:
        """Two pictures where one was asked for, a page, nothing at all."""
        assert isinstance(await Upstream(answer).fault(read()), UpstreamMalformedError)

    async def test_a_generation_that_never_ends_is_unknown(
        self, read: Read, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server that sends one byte now and then would outlast every single timeout."""
        monkeypatch.setattr("pipeline.novelai.client.OVERALL_SECONDS", 0.05)

        async def hang(_: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

        upstream = Upstream(hang)
        assert isinstance(await upstream.fault(read()), UpstreamUnknownError)
        assert upstream.accounts.states()["first"] is AccountState.FREE


class TestWaitSeconds:
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ("0", 0),
            ("12", 12),
            ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
            ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
            (None, 2.3),
            ("soon", 2.3),
            ("-5", 2.3),
            ("1e9", 2.3),
            ("Sun, 22 Nov 2026 12:00:30", 2.3),
        ],
    )
    def test_what_retry_after_asks_for(self, header: str | None, expected: float) -> None:
        """In seconds or as a date; anything else is as if it were not there."""
        reply = Reply(429, retry_after=header)
        assert wait_seconds(reply, 0, lambda: NOW, lambda: 0.5) == expected

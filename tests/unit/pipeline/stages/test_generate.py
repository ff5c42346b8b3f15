"""Generate: one call, its pictures sealed before anybody looks, and its failures told apart."""

import base64
import io
import json
from datetime import timedelta
from uuid import uuid4

import httpx
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from audit.entry import Kind
from pipeline.items import Generated, Halted, PublicCode, Released
from pipeline.novelai.accounts import AccountState
from pipeline.novelai.accounts_balance import Balances
from pipeline.novelai.accounts_misses import SLOWED, Misses
from pipeline.novelai.accounts_roster import Roster
from pipeline.stages.generate import picture_name
from pipeline.vault import id_of
from tests.unit.pipeline.lookers import CANARY, RED, WHITE
from tests.unit.pipeline.world import World, png


async def test_every_picture_is_sealed_in_its_place(house: World) -> None:
    """A crash after this loses nothing: each is found again by its submission and index."""
    house.upstream.colours = [WHITE, RED]
    screened = await house.screened(samples=2)

    outcome = await house.flow.generate(screened)

    assert isinstance(outcome, Generated)
    for index, (sealed, colour) in enumerate(zip(outcome.pictures, [WHITE, RED], strict=True)):
        assert sealed.vault_id == id_of(screened.outcome.submission.id, picture_name(index))
        assert await house.vault.look(sealed.vault_id) == png(colour)


async def test_what_is_sent_is_what_was_judged(house: World) -> None:
    """An upload is written anew: nothing that came with it goes upstream."""
    noted = PngInfo()
    noted.add_text("Comment", CANARY)
    out = io.BytesIO()
    Image.new("RGB", (64, 64), RED).save(out, "PNG", pnginfo=noted)
    uploaded = base64.b64encode(out.getvalue() + CANARY.encode()).decode()

    await house.flow.generate(await house.screened(image=uploaded, strength=0.5))

    (sent,) = house.upstream.calls
    picture = base64.b64decode(json.loads(sent)["parameters"]["image"])
    assert CANARY.encode() not in picture
    assert Image.open(io.BytesIO(picture)).getpixel((0, 0)) == RED


async def test_nothing_hides_in_the_levels_of_a_mask(house: World) -> None:
    """It is sent as black and white, whatever was nearly black and white in it."""
    levels = np.full((64, 64), 252, np.uint8)
    levels[:32, ::2] = 3
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "PNG")
    mask, source = (base64.b64encode(data).decode() for data in (out.getvalue(), png(WHITE)))

    screened = await house.screened(model="nai-diffusion-3-inpainting", image=source, mask=mask)
    await house.flow.generate(screened)

    (sent,) = house.upstream.calls
    picture = Image.open(io.BytesIO(base64.b64decode(json.loads(sent)["parameters"]["mask"])))
    expected = np.full((64, 64), 255, np.uint8)
    expected[:32, ::2] = 0
    assert picture.mode == "L"
    assert np.array_equal(np.asarray(picture), expected)


UNPAID = [
    (429, PublicCode.TEMPORARILY_UNAVAILABLE, "upstream_busy"),
    (401, PublicCode.TEMPORARILY_UNAVAILABLE, "upstream_no_account"),
]
REFUSED = [
    (400, PublicCode.UPSTREAM_REFUSED, "upstream_refused"),
    (402, PublicCode.UPSTREAM_REFUSED, "upstream_402"),
    (500, PublicCode.UPSTREAM_REFUSED, "upstream_failed"),
]


@pytest.mark.parametrize(("status", "code", "reason"), [*UNPAID[1:], *REFUSED])
async def test_a_status_is_told_apart(
    house: World, status: int, code: PublicCode, reason: str
) -> None:
    """Only what was surely not paid invites the client to try again."""
    house.upstream.status = status

    outcome = await house.flow.generate(await house.screened())

    assert isinstance(outcome, Halted)
    assert (outcome.code, outcome.reason) == (code, reason)
    assert (outcome.retry_after_seconds is None) is (code is PublicCode.UPSTREAM_REFUSED)
    assert CANARY not in repr(outcome)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (httpx.ConnectError, PublicCode.TEMPORARILY_UNAVAILABLE),
        (httpx.ReadTimeout, PublicCode.UPSTREAM_REFUSED),
        (httpx.RemoteProtocolError, PublicCode.UPSTREAM_REFUSED),
    ],
)
async def test_what_may_have_been_paid_is_never_repeated(
    house: World, fault: type[httpx.TransportError], code: PublicCode
) -> None:
    """A second call could pay twice: one is made, and its outcome is told as unknown."""
    house.upstream.fault = fault

    outcome = await house.flow.generate(await house.screened())

    assert isinstance(outcome, Halted)
    assert outcome.code is code
    assert len(house.upstream.calls) == 1


async def test_what_is_no_answer_seals_nothing(house: World) -> None:
    """Fewer pictures than were asked for is no batch."""
    house.upstream.pictures = [png(WHITE)]

    outcome = await house.flow.generate(await house.screened(samples=2))

    assert isinstance(outcome, Halted)
    assert outcome.reason == "upstream_malformed"


async def test_a_vault_that_cannot_seal_is_a_fault(house: World) -> None:
    """It is not passed on unsealed: the flow turns it into an outcome that is on record."""
    submission = await house.submission()
    house.upstream.before_answer = lambda: _spoil(house)

    end = await house.flow.run(submission, lambda: False)

    assert isinstance(end.outcome, Halted)
    assert "generated" not in await house.kinds(submission.id)


async def test_a_vault_that_cannot_seal_one_keeps_the_others(house: World) -> None:
    """They are paid for: what was sealed goes on, and the answer says that one does not come."""
    submission = await house.submission(samples=2)
    lost = id_of(submission.id, picture_name(1))
    in_the_way = house.folder / "vault" / lost[:2] / lost
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.mkdir()

    end = await house.flow.run(submission, lambda: False)

    assert isinstance(end.outcome, Released)
    assert ([each.sealed.index for each in end.outcome.pictures], end.outcome.withheld) == ([0], 1)
    kinds = await house.kinds(submission.id)
    assert kinds == ["admit", "withhold", "generated", "examined", "release"]
    assert not await house.log.open_submissions()


def _spoil(house: World) -> None:
    vault = house.folder / "vault"
    vault.rename(house.folder / "gone")
    vault.write_bytes(b"")


class TestMisses:
    @pytest.fixture
    async def missed(self, house: World) -> Halted:
        """NovelAI objects to what this gate approved."""
        house.upstream.status, house.upstream.says = 400, "This violates our Terms of Service."
        outcome = await house.end("a heron on one leg")
        assert isinstance(outcome, Halted)
        return outcome

    async def test_an_objection_to_what_was_approved_opens_a_case(
        self, house: World, missed: Halted
    ) -> None:
        """This gate let something pass that it should perhaps not have."""
        (miss,) = await house.store.accounts.opened()
        (leaf,) = [each for each in await house.leaves() if each.kind is Kind.CASE]

        assert missed.reason == miss.cause == leaf.public["cause"] == "upstream_objected"
        assert (leaf.public["event"], leaf.public["case"]) == ("gate_miss.opened", str(miss.id))
        assert leaf.public["submission"] == str(miss.submission)
        assert CANARY not in str(leaf.public)

    async def test_the_account_does_nothing_until_a_person_has_looked(
        self, house: World, missed: Halted
    ) -> None:
        """Another objection may cost the account; a restart does not lift it."""
        house.upstream.status = 200
        roster = Roster(
            house.accounts,
            house.store.accounts,
            house.log,
            house.reckoning(house.accounts, Balances("http://upstream", httpx.AsyncClient())),
            house.clock,
            uuid4,
            None,
            declares=True,
        )
        house.accounts.resume("account-1")  # as a new process begins
        told = await roster.begin("process-2", timedelta())
        again = await house.end("seven kites")
        await roster.resume("account-1", "ana", "a mistake of theirs")

        assert missed.reason
        assert [line.partition(":")[0] for line in told] == ["account-1 is paused"]
        assert again.reason == "upstream_no_account"
        assert isinstance(await house.end("an old barn"), Released)
        assert await house.store.accounts.opened() == ()

    async def test_whose_request_it_was_waits(self, house: World, missed: Halted) -> None:
        """Whoever found a hole is not to try it at speed."""
        (miss,) = await house.store.accounts.opened()
        assert miss.submission is not None
        row = await house.row(miss.submission)

        assert missed.retry_after_seconds is None
        assert await house.store.refusals.count(row.tenant, row.subject, house.clock()) > SLOWED

    async def test_a_ban_that_nobody_asked_for_is_a_case_too(self, house: World) -> None:
        """NovelAI says it of the account, not of a request; once."""
        told = httpx.Response(200, json={"banStatus": "banned"})
        http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: told))
        balances = Balances("http://upstream", http)
        misses = Misses(house.accounts, house.store, house.log, balances, house.clock, uuid4, 3)
        await misses.watch()
        await misses.watch()
        (miss,) = await house.store.accounts.opened()

        assert (miss.cause, miss.submission) == ("ban_status", None)
        assert house.accounts.states() == {"account-1": AccountState.BANNED}
        await http.aclose()

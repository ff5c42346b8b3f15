"""Jobs: asked for and left, followed, cancelled, and their end told."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from audit.entry import Kind
from pipeline.items import PublicCode
from pipeline.store.jobs import ENDED
from pipeline.store.webhooks import Target
from tests.unit.pipeline.lookers import WHITE
from tests.unit.pipeline.world import BLOCK, HELD, NOON, PRIVATE, TAINTED, TENANT, World, body

LEAVING = {"Prefer": "wait=10, Respond-Async"}


@pytest.fixture
async def client(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A tenant that is told at an address."""
    await house.store.webhooks.aim(Target(TENANT, "https://hooks.example/", b"sealed", NOON))
    async with house.client() as opened:
        yield opened


async def asked(client: httpx.AsyncClient, prompt: str = "a harbour") -> str:
    """Ask for a job, and return where it is."""
    answer = await client.post("/v1/generations", json=body(prompt), headers=LEAVING)
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert answer.headers["preference-applied"] == "respond-async"
    return answer.headers["location"]


async def followed(client: httpx.AsyncClient, place: str, after: str = "") -> list[dict[str, str]]:
    """Read the events until the end."""
    headers = {"Last-Event-ID": after} if after else {}
    told = (await client.get(f"{place}/events", headers=headers)).text
    blocks = [block.splitlines() for block in told.split("\n\n") if block]
    return [dict(line.split(": ", 1) for line in lines) for lines in blocks]


async def test_it_is_followed_to_its_end_and_told(house: World, client: httpx.AsyncClient) -> None:
    """Whoever left learns by any of three ways, and none of them says more than its state."""
    place = await asked(client)

    events = await followed(client, place)

    assert [each["event"] for each in events] == ["received", "screened", "generated", "ended"]
    assert json.loads(events[-1]["data"]) == {
        "state": "released",
        "code": None,
        "at": json.loads(events[0]["data"])["at"],
    }
    assert [each["event"] for each in await followed(client, place, "3")] == ["ended"]
    state = (await client.get(place)).json()
    assert [each["state"] for each in state["images"]] == ["released"]
    (told,) = await house.store.webhooks.all()
    assert told.kind == "generation.ended"
    assert told.body == {"generation": state["id"], "state": "released", "code": None}


@pytest.mark.parametrize(
    ("prompt", "colour", "state", "code"),
    [
        ("blockme", WHITE, "halted", PublicCode.CONTENT_NOT_ALLOWED),
        ("holdme", WHITE, "held", PublicCode.HELD),
        ("a harbour", HELD, "held", PublicCode.HELD),
        ("a harbour", BLOCK, "withheld", PublicCode.CONTENT_NOT_ALLOWED),
    ],
)
async def test_every_end_is_told_once(
    house: World,
    client: httpx.AsyncClient,
    prompt: str,
    colour: tuple[int, int, int],
    state: str,
    code: str,
) -> None:
    """By the coarse code that its state shows: an event that said more would map the rules."""
    house.upstream.colours = [colour]
    place = await asked(client, prompt)
    last = (await followed(client, place))[-1]

    assert {"state": state, "code": code}.items() <= json.loads(last["data"]).items()
    (told,) = [each for each in await house.store.webhooks.all() if each.kind == ENDED]
    assert (told.body["state"], told.body["code"]) == (state, code)


async def test_a_job_that_would_wait_too_long_is_refused_before_it_is_paid_for(
    house: World, client: httpx.AsyncClient
) -> None:
    """By how long jobs took of late, and how many stand before it."""
    desk = house.gate.desk
    desk.longest_wait = timedelta()
    first = await asked(client)  # of how long nobody knows yet
    await followed(client, first)
    async with desk.turns.taken("other"):
        queued = await asked(client, "a hill")
        refused = await client.post("/v1/generations", json=body("a lake"), headers=LEAVING)

    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    await followed(client, queued)
    assert len(house.upstream.calls) == 2


async def test_who_waits_is_told_by_the_answer_alone(
    house: World, client: httpx.AsyncClient
) -> None:
    """A webhook for each request of each tenant would be noise."""
    made = await client.post("/v1/generations", json=body("a harbour"))

    assert made.status_code == 200
    assert await house.store.webhooks.all() == ()
    assert (await client.delete(made.headers["location"])).status_code == 409


async def test_cancelled_in_time_nothing_is_paid_and_it_is_on_record(
    house: World, client: httpx.AsyncClient
) -> None:
    """It is dropped when its turn comes."""
    async with house.gate.desk.turns.taken("other"):
        place = await asked(client)
        assert (await client.delete(place)).status_code == 202
        assert (await client.delete(place)).status_code == 409

    last = (await followed(client, place))[-1]
    assert json.loads(last["data"])["state"] == "halted"
    assert house.upstream.calls == []
    assert [leaf.public["reason"] for leaf in await house.leaves() if leaf.kind is Kind.HALTED] == [
        "client_left"
    ]


async def test_cancelled_too_late_its_pictures_are_kept(
    house: World, client: httpx.AsyncClient
) -> None:
    """They are paid for: they are examined, and wait at its address."""
    place, tickets = "", house.gate.desk

    def cancelled() -> None:
        (ticket,) = [tickets.ticket(known) for known in [*tickets._running]]
        assert ticket is not None
        assert ticket.cancel()

    house.upstream.before_answer = cancelled
    place = await asked(client)

    await followed(client, place)
    state = (await client.get(place)).json()
    assert (state["state"], len(state["images"])) == ("released", 1)


@pytest.mark.parametrize("heard", ["x", "-1", "123", "²"])
async def test_an_event_that_nobody_told_is_refused(client: httpx.AsyncClient, heard: str) -> None:
    """A clear 400, whatever stands in the header."""
    place = await asked(client)
    headers = {"Last-Event-ID": heard.encode()}
    answer = await client.get(f"{place}/events", headers=headers)  # type: ignore[arg-type] # bytes go too
    assert answer.status_code == 400


async def test_another_tenants_is_not_there(house: World, client: httpx.AsyncClient) -> None:
    """Its events and its cancellation are as private as its pictures."""
    place = await asked(client)
    async with house.client(Authorization="Bearer pst-" + "x" * 64) as stranger:
        assert (await stranger.get(f"{place}/events")).status_code == 401
        assert (await stranger.delete(place)).status_code == 401
    gone = place[:-4] + ("aaaa" if not place.endswith("aaaa") else "bbbb")
    assert (await client.get(f"{gone}/events")).status_code == 404
    assert (await client.delete(gone)).status_code == 404
    await followed(client, place)


@pytest.mark.parametrize("colour", [TAINTED, PRIVATE])
async def test_what_waits_of_whom_got_the_worst_is_held_for_a_person(
    house: World, client: httpx.AsyncClient, colour: tuple[int, int, int]
) -> None:
    """Nothing more is paid for or made for them before somebody has looked; others go on."""
    house.upstream.colours = [colour]
    mine, theirs = {"X-Imprimatur-Subject": "u-1"}, {"X-Imprimatur-Subject": "u-2"}
    places: list[str] = []
    async with house.gate.desk.turns.taken("other"):
        for who, prompt in ((mine, "a harbour"), (mine, "a bicycle"), (theirs, "seven kites")):
            answer = await client.post("/v1/generations", json=body(prompt), headers=LEAVING | who)
            places.append(answer.headers["location"])

    ends = [json.loads((await followed(client, place))[-1]["data"])["state"] for place in places]

    assert ends == ["withheld", "held", "withheld"]
    assert len(house.upstream.calls) == 2
    (hold,) = await house.store.holds.of(TENANT, UUID(places[1][-36:]))
    assert hold.facts["reason"] == "subject_suspected"

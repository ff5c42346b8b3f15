"""The operator's routes of exports: on record first, and no detail beyond what is on record."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.entry import Kind
from audit.export.manifest import key_name
from audit.export.profile import Profile, Scope
from audit.vkey import VerifierKey
from classifiers.errors import BankError
from pipeline.gateway import operator
from pipeline.gateway.papers import controls, papers
from pipeline.items import Json
from tests.unit.pipeline.world import World

ROOT = Path(__file__).parents[4]


@pytest.fixture
async def desk(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the operator's application."""
    async with house.client(operator.create(house.operator)) as client:
        yield client


def asked(profile: Profile, **more: Any) -> dict[str, Any]:
    """Return the body of an order, and who makes it."""
    said = Scope(profile, "ab" * 32).said()
    scope = {name: more.pop(name, value) for name, value in said.items()}
    export = str(uuid4())
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    vkey = VerifierKey(key_name(UUID(export)), public).write()
    return {"id": export, "vkey": vkey, "scope": scope, "person": "Ada", "second": None, **more}


async def test_an_export_is_on_record_before_anything_is_read(
    house: World, desk: httpx.AsyncClient
) -> None:
    """With its key and the digest of its scope; who asked is encrypted beside it."""
    body = asked(Profile.REGULATOR, tenant="harbour")

    answer = await desk.post("/exports", json=body)

    (leaf,) = [each for each in await house.leaves() if each.kind is Kind.EXPORT]
    assert answer.status_code == 201
    assert (str(leaf.entry_id), leaf.public["vkey"]) == (body["id"], body["vkey"])
    assert leaf.public["digest"] == Scope.read(body["scope"]).digest()
    assert (await house.log.detail(leaf.entry_id)).personal == {"person": "Ada"}


async def test_the_papers_tell_of_policies_lists_controls_and_subprocessors(
    house: World, desk: httpx.AsyncClient
) -> None:
    """A policy is in it under the digest that entries name."""
    papers = (await desk.post("/exports", json=asked(Profile.REGULATOR))).json()["papers"]
    policy = (await house.tenancy.policy_of("harbour")).digest

    assert {"controls.json", "lists.json", "subprocessors.json"} < papers.keys()
    assert f"policies/{policy}.jsonl" in papers
    assert json.loads(papers["subprocessors.json"])["subprocessors"][0]["name"].startswith("Novel")


async def test_lists_are_told_with_their_age_and_what_nobody_could_read_is_not_empty(
    house: World,
) -> None:
    """A regulator asks how fresh they were; "there are none" is another answer than "who knows"."""
    age: dict[str, Json] = {"fetched_at": "2026-11-01T00:00:00+00:00", "expires_at": None}
    kept: dict[str, Json] = {"kind": "csam", "version": "d" * 64, "entries": 7, "stale": False}
    known = {**kept, **age, "age_hours": 1.0}

    def lost() -> Mapping[str, Mapping[str, Json]]:
        raise BankError

    async def told(banks: Callable[[], Mapping[str, Mapping[str, Json]]]) -> object:
        said = await papers(replace(house.gate, banks=banks), None)
        return json.loads(said["lists.json"])["lists"]

    assert await told(lambda: {"hotline": known}) == [{"source": "hotline", **kept, **age}]
    assert await told(dict) == []
    assert await told(lost) is None


async def test_minutes_in_which_it_was_closed_are_told(
    house: World, desk: httpx.AsyncClient
) -> None:
    """Who was refused before anything was judged left no entry to count."""
    for _ in range(2):
        await house.store.closed_minutes.add(house.clock())
        house.clock.passes(minutes=1)

    papers = (await desk.post("/exports", json=asked(Profile.REGULATOR))).json()["papers"]

    closed = json.loads(papers["closed_minutes.json"])
    assert (closed["minutes"], sum(closed["by_day"].values())) == (2, 2)


async def test_law_enforcement_takes_two_persons(desk: httpx.AsyncClient) -> None:
    """Nobody hands out a name alone, also not by calling themselves twice."""
    more = {"submissions": [str(uuid4())], "authority": "court 7"}
    for second in (None, "Ada", " ADA "):
        body = asked(Profile.LAW_ENFORCEMENT, second=second, **more)
        assert (await desk.post("/exports", json=body)).status_code == 409

    body = asked(Profile.LAW_ENFORCEMENT, second="Bea", **more)
    assert (await desk.post("/exports", json=body)).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"scope": {}},
        {"scope": {"profile": "anybody"}},
        {"vkey": "gw.example/audit+70bd403b+AAAA"},
        {"vkey": ""},
        {"id": "no id"},
    ],
)
async def test_what_is_no_order_is_refused_and_nothing_is_written(
    house: World, desk: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    """The caller's mistake, in words."""
    answer = await desk.post("/exports", json={**asked(Profile.REGULATOR), **wrong})

    assert (answer.status_code, bool(answer.json()["message"])) == (400, True)
    assert not [each for each in await house.leaves() if each.kind is Kind.EXPORT]


async def test_a_tenant_that_is_not_there_has_no_export(desk: httpx.AsyncClient) -> None:
    """A slip of the pen would give an empty one, that says that nothing happened."""
    body = asked(Profile.REGULATOR, tenant="nobody")

    assert (await desk.post("/exports", json=body)).status_code == 404


async def test_details_are_opened_for_what_is_on_record_and_no_more(
    house: World, desk: httpx.AsyncClient
) -> None:
    """Whatever the command asks for: the server reads the scope from its log."""
    mine, other = await house.submission(), await house.submission("a mill")
    for submission in (mine, other):
        await house.flow.run(submission, lambda: False)
    scope = {"submissions": [str(mine.id)], "authority": "court 7"}
    body = asked(Profile.LAW_ENFORCEMENT, second="Bea", **scope)
    await desk.post("/exports", json=body)
    entries = [str(each.entry_id) for each in await house.leaves()]

    opened = await desk.post(f"/exports/{body['id']}/details", json={"entries": entries})

    own = {str(each.entry_id) for each in await house.leaves(mine.id)}
    assert opened.json()["opened"].keys() <= own
    assert opened.json()["opened"]


async def test_an_export_that_opens_nothing_or_is_none_or_is_over_opens_nothing(
    house: World, desk: httpx.AsyncClient
) -> None:
    """A regulator's entry, somebody's own id, and last week's entry."""
    regulator = asked(Profile.REGULATOR)
    auditor = asked(Profile.AUDITOR, sample=1_000_000)
    for body in (regulator, auditor):
        await desk.post("/exports", json=body)

    async def opened(export: str) -> int:
        return (await desk.post(f"/exports/{export}/details", json={"entries": []})).status_code

    assert await opened(regulator["id"]) == 404
    assert await opened(str(uuid4())) == 404
    assert await opened(auditor["id"]) == 200
    house.clock.passes(days=2)
    assert await opened(auditor["id"]) == 409


def test_every_control_names_what_is_there() -> None:
    """A control without code or evidence is a wish."""
    for each in controls():
        evidence = each["evidence"]
        assert isinstance(evidence, dict)
        assert (ROOT / str(each["measure"])).is_file()
        assert {*map(str, evidence["kinds"])} <= {*Kind}  # type: ignore[arg-type] # a list of them


def test_every_kind_is_evidence_of_some_control() -> None:
    """Else something is written down for no reason that a regulator is told; a fault is none."""
    evident = {kind for each in controls() for kind in each["evidence"]["kinds"]}  # type: ignore[index,call-overload,union-attr] # as above

    assert {*Kind} - evident == {Kind.GENERATED, Kind.ERROR}

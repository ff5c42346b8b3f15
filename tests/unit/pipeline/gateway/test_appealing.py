"""Notices and appeals over HTTP."""

from typing import Any

import httpx
import pytest

from audit.entry import Kind
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.world import NOON, World, body


async def refused(client: httpx.AsyncClient, **headers: str) -> str:
    """The address of a generation that was refused."""
    made = await client.post("/v1/generations", json=body("blockme"), headers=headers)
    return f"/v1/generations/{made.headers['x-imprimatur-id']}"


async def test_a_refusal_is_explained_and_contested(house: World) -> None:
    """In the end user's language; sent twice it is one appeal."""
    async with house.client() as client:
        at = await refused(client)
        notice = await client.get(f"{at}/notice", headers={"Accept-Language": "de"})
        made = [await client.post(f"{at}/appeal", json={"text": "ein See"}) for _ in range(2)]
        other = await client.post(f"{at}/appeal", json={"text": "ein Teich"})
        after = await client.get(made[0].headers["location"])

    assert notice.json()["language"] == "de"
    assert [each.status_code for each in made] == [201, 201]
    assert made[0].json() == made[1].json()
    assert other.status_code == 409
    assert after.json()["appeal"]["id"] == made[0].json()["id"]


async def test_anothers_decision_is_not_there(house: World) -> None:
    """Another tenant's, another end user's, and one that never was look alike."""
    await house.store.tenants.add(Tenant("meadow", "Meadow", NOON))
    key = (await house.operator.keys.create("meadow", "first")).secret.get_secret_value()
    async with house.client() as client:
        at = await refused(client, **{"X-Imprimatur-Subject": "u1"})
        minted = await client.post("/v1/subject-tokens", json={"pseudonym": "u2"})
        own = await client.post("/v1/subject-tokens", json={"pseudonym": "u1"})
        answers: list[httpx.Response] = []
        for secret in (key, minted.json()["token"], own.json()["token"]):
            headers = {"Authorization": f"Bearer {secret}"}
            answers += [
                await client.get(f"{at}/notice", headers=headers),
                await client.post(f"{at}/appeal", json={"text": "a lake"}, headers=headers),
            ]

    assert [each.status_code for each in answers] == [404, 404, 404, 404, 200, 201]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"text": ""},
        {"text": " \n"},
        {"text": 7},
        {"text": "a", "more": 1},
        {"text": "a" * 4_001},
    ],
)
async def test_what_is_no_appeal_is_refused(house: World, sent: dict[str, Any]) -> None:
    """With a message, and without an entry."""
    async with house.client() as client:
        at = await refused(client)
        answer = await client.post(f"{at}/appeal", json=sent)

    assert answer.status_code == 400
    assert Kind.APPEAL not in [leaf.kind for leaf in await house.leaves()]


async def test_no_entry_no_notice(house: World) -> None:
    """Nor an appeal that nobody could find in the log."""
    house.log.refuses = frozenset({Kind.NOTICE, Kind.APPEAL})
    async with house.client() as client:
        at = await refused(client)
        answers = [
            await client.get(f"{at}/notice"),
            await client.post(f"{at}/appeal", json={"text": "a lake"}),
        ]

    assert [each.status_code for each in answers] == [503, 503]

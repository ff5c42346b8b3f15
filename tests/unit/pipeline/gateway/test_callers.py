"""Who calls, and for whom: headers are stated by tenants, and a token settles its subject."""

from dataclasses import replace

import httpx
import pytest

from pipeline.access.permissions import Permission
from pipeline.gateway.callers import CLOSED
from pipeline.store.profile import NO_PROFILE
from tests.unit.pipeline.lookers import CANARY
from tests.unit.pipeline.world import TENANT, World, body


async def ask(house: World, **headers: str) -> httpx.Response:
    async with house.client() as client:
        return await client.post("/v1/generations", json=body(), headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-imprimatur-tier": "royal"},
        {"x-imprimatur-tier": "adult"},
        {"x-imprimatur-subject": CANARY + " with spaces"},
        {"x-imprimatur-subject": "u1", "x-imprimatur-territory": "Germany"},
        {"x-imprimatur-subject": "u1", "x-imprimatur-language": "?"},
        {"x-imprimatur-age-claim": "c1"},
    ],
)
async def test_a_header_that_does_not_parse_is_refused(
    house: World, headers: dict[str, str]
) -> None:
    """A wrong word must not quietly become the general audience, nor the adult one."""
    answer = await ask(house, **headers)

    assert answer.status_code == 400
    assert CANARY not in answer.text
    assert house.upstream.calls == []


async def test_a_subject_is_committed_to_and_not_shown(house: World) -> None:
    """The pseudonym is in no leaf; an auditor can open it."""
    answer = await ask(house, **{"x-imprimatur-subject": CANARY})

    assert answer.status_code == 200
    assert all(CANARY.encode() not in leaf.write() for leaf in await house.leaves())


async def closed(house: World) -> None:
    known = await house.store.tenants.get(TENANT)
    assert known is not None
    await house.store.tenants.change(replace(known, profile=NO_PROFILE))


async def test_adults_are_not_served_until_the_profile_is_complete(house: World) -> None:
    """Nobody is there yet to answer for it. A token that was minted before helps nobody either."""
    adult = {"pseudonym": "u1", "tier": "adult", "age_claim": "c1"}
    async with house.client() as client:
        minted = await client.post("/v1/subject-tokens", json=adult)
        await closed(house)
        token = {"Authorization": f"Bearer {minted.json()['token']}"}
        refused = [
            await client.post("/v1/subject-tokens", json=adult),
            await client.post("/ai/generate-image", json=body(), headers=token),
            await client.post("/v1/generations", json=body(), headers=token),
            await ask(
                house,
                **{
                    "x-imprimatur-subject": "u1",
                    "x-imprimatur-tier": "adult",
                    "x-imprimatur-age-claim": "c1",
                },
            ),
        ]
        served = await client.post("/ai/generate-image", json=body())

    assert [(each.status_code, each.json()["message"]) for each in refused] == [(403, CLOSED)] * 4
    assert served.status_code == 200
    assert len(house.upstream.calls) == 1


async def test_a_token_settles_for_whom_it_speaks(house: World) -> None:
    """An SDK in a user's hands cannot make itself another, nor an adult."""
    async with house.client() as client:
        minted = await client.post("/v1/subject-tokens", json={"pseudonym": "u1"})
        token = {"Authorization": f"Bearer {minted.json()['token']}"}
        allowed = await client.post("/v1/generations", json=body(seed=1), headers=token)
        refused = await client.post(
            "/v1/generations",
            json=body(seed=2),
            headers={**token, "x-imprimatur-subject": "u2", "x-imprimatur-tier": "adult"},
        )

    assert (allowed.status_code, refused.status_code) == (200, 400)


async def test_a_key_without_the_permission_is_told_which(house: World) -> None:
    """403 names the permission, so that the tenant knows what to ask for."""
    made = await house.operator.keys.create("harbour", "dry", [Permission.MODERATION_DRY_RUN])

    answer = await ask(house, authorization=f"Bearer {made.secret.get_secret_value()}")

    assert answer.status_code == 403
    assert Permission.GENERATIONS_CREATE in answer.json()["message"]


@pytest.mark.parametrize("bearer", ["", "Bearer", f"Bearer {CANARY}", f"Basic {CANARY}"])
async def test_nobody_is_told_nothing(house: World, bearer: str) -> None:
    """Neither whether a key exists, nor what was sent."""
    answer = await ask(house, authorization=bearer)

    assert answer.status_code == 401
    assert CANARY not in answer.text

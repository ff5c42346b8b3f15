"""What strikes do at the front door, and how an end user is told."""

from typing import Any
from uuid import UUID

from fastapi import FastAPI

from pipeline.access.permissions import Permission, Person
from pipeline.gateway import enforcing
from pipeline.gateway.errors import GateError
from pipeline.jobs.rulings import Ruling
from pipeline.novelai.tags import PATH
from tests.unit.pipeline.world import HELD, TENANT, World, body

WHO = {"X-Imprimatur-Subject": "ana", "X-Imprimatur-Language": "de"}
PERSON = Person("person-1", frozenset({Permission.REVIEW_RULE}))


async def confirmed(house: World, code: str, **headers: str) -> None:
    """A picture of somebody's that a person rejected."""
    before, house.upstream.colours = house.upstream.colours, [HELD]
    async with house.client() as client:
        await client.post("/v1/generations", json=body(), headers=headers)
    (hold,) = await house.store.holds.waiting()
    await house.rulings.rule(hold, Ruling(PERSON, approves=False, reason="no", code=code))
    house.upstream.colours = before
    await house.gate.enforcing.follow()


async def test_who_is_suspended_is_told_until_when_and_nobody_else_is(house: World) -> None:
    """403 in their language, before anything is read or paid; the rest of the tenant goes on."""
    async with house.client() as client:
        assert (await client.get("/v1/standing", headers=WHO)).json()["step"] is None
        await confirmed(house, "CSE.DRAWN", **WHO)
        calls = len(house.upstream.calls)
        refused = await client.post("/v1/generations", json=body(), headers=WHO)
        told = (await client.get("/v1/standing", headers=WHO)).json()
        other = await client.post(
            "/v1/generations", json=body(), headers={**WHO, "X-Imprimatur-Subject": "ben"}
        )
        nobody = await client.post("/v1/generations", json=body())

    assert (refused.status_code, len(house.upstream.calls) - calls) == (403, 2)
    assert "keine Bilder" in refused.json()["message"]
    assert told["step"] == "suspend"
    assert told["until"][:10] in refused.json()["message"]
    assert [each["code"] for each in told["strikes"]] == [None]
    assert "CSE" not in str(told)
    assert [other.status_code, nobody.status_code] == [200, 200]


async def test_who_is_suspended_tries_nothing_out_either(house: World) -> None:
    """Dry runs would tell how to word it next time."""
    async with house.client() as client:
        await confirmed(house, "CSE.DRAWN", **WHO)
        asked = {"prompt": "a harbour"}
        refused = await client.post("/v1/moderate/prompt", json=asked, headers=WHO)
        other = await client.post("/v1/moderate/prompt", json=asked)

    assert [refused.status_code, other.status_code] == [403, 200]
    assert "allowed" not in refused.json()


async def test_nor_are_tags_suggested_to_them(house: World) -> None:
    """What is typed is judged as in a dry run, and told of as plainly."""
    asked = {"model": "nai-diffusion-4-5-full", "prompt": "har"}
    async with house.client() as client:
        minted = [
            (await client.post("/v1/subject-tokens", json={"pseudonym": who})).json()["token"]
            for who in ("ana", "ben")
        ]
        await confirmed(house, "CSE.DRAWN", **WHO)
        refused, other = [
            await client.get(
                PATH,
                params=asked,
                headers={"Authorization": f"Bearer {token}"},
            )
            for token in minted
        ]

    assert [refused.status_code, other.status_code] == [403, 200]
    assert "tags" not in refused.json()


async def test_who_is_restricted_to_the_safe_tier_is_served_as_the_general_audience(
    house: World,
) -> None:
    """What would need an adult is refused as if they were none; the rest is made."""
    for _ in range(3):
        await confirmed(house, "VIO.TORTURE", **WHO)
        house.clock.passes(seconds=86_400)
    headers = {**WHO, "X-Imprimatur-Tier": "adult", "X-Imprimatur-Age-Claim": "claim-1"}
    async with house.client() as client:
        made = await client.post("/v1/generations", json=body(), headers=headers)
        told = (await client.get("/v1/standing", headers=WHO)).json()

    assert (made.status_code, told["step"]) == (200, "safe_tier")
    tiers = [leaf.public.get("tier") for leaf in await house.leaves(UUID(made.json()["id"]))]
    assert [tier for tier in tiers if tier] == ["general"]
    assert [each["code"] for each in told["strikes"]] == ["VIO.TORTURE"] * 3


async def test_the_operator_lists_and_takes_back(house: World) -> None:
    """By the tenant's own name for somebody; nobody without strikes, and not without a reason."""
    await confirmed(house, "SEX.NONCON", **WHO)
    app = FastAPI()
    app.include_router(enforcing.routes(house.gate.enforcing))

    async def told(_: object, fault: Exception) -> Any:
        assert isinstance(fault, GateError)
        return fault.response()

    app.exception_handler(GateError)(told)
    async with house.client(app) as operator:
        (found,) = (await operator.get(f"/strikes/{TENANT}")).json()
        none = await operator.post(
            f"/strikes/{TENANT}/lift", json={"subject": "ben", "reason": "x", "person": "anna"}
        )
        bare = await operator.post(
            f"/strikes/{TENANT}/lift", json={"subject": "ana", "reason": "", "person": "anna"}
        )
        done = await operator.post(
            f"/strikes/{TENANT}/lift", json={"subject": "ana", "reason": "stolen", "person": "anna"}
        )
        after = (await operator.get(f"/strikes/{TENANT}")).json()

    assert (found["step"], found["strikes"], found["codes"]) == ("cool_down", 1, ["SEX.NONCON"])
    assert "ana" not in str(found)
    assert (none.status_code, bare.status_code) == (409, 422)
    assert (done.json(), after) == ({"lifted": 1}, [])

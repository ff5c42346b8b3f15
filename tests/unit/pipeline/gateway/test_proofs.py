"""Proofs over HTTP: a tenant can show anybody that what it was answered is in the log."""

from uuid import uuid4

import pytest

from audit.leaf import Leaf
from audit.proof import Proof
from tests.unit.pipeline.world import World, body


async def test_a_release_is_proved_to_who_has_nothing_but_the_logs_key(house: World) -> None:
    async with house.client() as client:
        made = await client.post("/v1/generations", json=body())
        entry = made.headers["x-audit-id"]
        proof = await client.get(f"/v1/audit/{entry}/proof")
        leaf = await client.get(f"/v1/audit/{entry}/leaf")

    assert (proof.status_code, leaf.status_code) == (200, 200)
    key = (await house.log.keys()).first
    assert Proof.parse(proof.text).verify(leaf.content, key).size > 1
    assert str(Leaf.parse(leaf.content).entry_id) == entry
    assert f"{entry}.tlog-proof" in proof.headers["content-disposition"]


async def test_a_refusal_is_proved_and_its_leaf_is_not_shown(house: World) -> None:
    """Its code may say more than the caller was told."""
    async with house.client() as client:
        refused = await client.post("/v1/generations", json=body("blockme"))
        entry = refused.headers["x-audit-id"]
        assert (await client.get(f"/v1/audit/{entry}/proof")).status_code == 200
        leaf = await client.get(f"/v1/audit/{entry}/leaf")

    assert leaf.status_code == 403
    assert "public" not in leaf.text


@pytest.mark.parametrize("what", ["proof", "leaf"])
async def test_what_is_not_the_callers_is_not_there(house: World, what: str) -> None:
    """Neither by guessing, nor the log's own entries, nor what is no id."""
    (genesis,) = await house.log.entries(0, 1)
    async with house.client() as client:
        for entry in (uuid4(), genesis.entry_id, "x"):
            assert (await client.get(f"/v1/audit/{entry}/{what}")).status_code == 404
    async with house.client(Authorization="Bearer pst-" + "z" * 64) as nobody:
        assert (await nobody.get(f"/v1/audit/{uuid4()}/{what}")).status_code == 401


async def test_a_subject_token_gets_no_proof(house: World) -> None:
    """The log is for platforms and auditors, never for their end users."""
    async with house.client() as client:
        made = await client.post("/v1/generations", json=body())
        minted = await client.post("/v1/subject-tokens", json={"pseudonym": "user-17"})
        token = minted.json()["token"]
    async with house.client(Authorization=f"Bearer {token}") as subject:
        answer = await subject.get(f"/v1/audit/{made.headers['x-audit-id']}/proof")
    assert answer.status_code == 403

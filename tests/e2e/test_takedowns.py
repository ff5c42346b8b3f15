"""A notice to the end: what was taken down is stopped for its tenant, and for nobody else."""

import base64
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import pytest

from classifiers.hash_bank import Kind
from pipeline.cli.demo.drawings import listed
from tests.e2e.asking import v4
from tests.e2e.conftest import World, world_in
from tests.e2e.evidence import verified
from tests.e2e.test_reports import answering, asked, typed

PICTURE = listed("nobody", Kind.BLOCKED, 7).picture
"""A landscape that was drawn for this."""
WHOLE = [f"--has={name}" for name in ("signature", "identification", "good-faith", "contact")]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway whose operator's socket answers."""
    async with world_in(tmp_path / "data") as opened, answering(opened):
        yield opened


async def upload(world: World, secret: str = "") -> int:
    body = v4("hills", image=base64.b64encode(PICTURE).decode(), strength=0.9, noise=0.0)
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    answer = await world.client.post(
        "/ai/generate-image", json={**body, "action": "img2img"}, headers=headers
    )
    return answer.status_code


async def test_what_was_taken_down_is_stopped(world: World) -> None:
    """From the next request on, and of that tenant alone: it is the platform that was told."""
    await asked(world, "tenants", "add", "meadow")
    other = (await asked(world, "keys", "create", "meadow"))["secret"]
    assert await upload(world) == 200
    digest = f"sha256:{sha256(PICTURE).hexdigest()}"
    notice = await asked(
        world,
        "takedowns",
        "add",
        "--tenant=default",
        "--kind=take-it-down",
        *WHOLE,
        f"--hash={digest}",
    )
    waits = await asked(world, "takedowns", "list")
    said = await typed(world, "takedowns", "list")
    why = ("--reason", "it is hers", "--person", "anna")
    done = await asked(world, "takedowns", "decide", notice["id"], "down", *why)
    again = await asked(world, "takedowns", "decide", notice["id"], "down", *why)
    otherwise = await typed(world, "takedowns", "decide", notice["id"], "not", *why)

    assert [each["id"] for each in waits["takedowns"]] == [notice["id"]]
    assert said.exit_code == 0
    assert (done["listed"], again["listed"]) == (1, 1)
    assert otherwise.exit_code == 1
    assert await upload(world) == 403
    assert await upload(world, other) == 200
    assert await verified(world)


async def test_a_notice_that_is_not_whole_waits_for_the_rest(world: World) -> None:
    """It has no clock, and says what is missing; what is no hash is refused."""
    notice = await asked(world, "takedowns", "add", "--tenant=default", "--kind=article-16")
    assert (notice["due_at"], len(notice["missing"])) == (None, 4)
    rest = [f"--has={name}" for name in notice["missing"]]
    whole = await asked(world, "takedowns", "complete", notice["id"], *rest)
    said = await typed(world, "takedowns", "complete", notice["id"], *rest)
    wrong = await typed(
        world, "takedowns", "add", "--tenant=default", "--kind=article-16", "--hash=sha256:ab"
    )

    assert whole["due_at"] is not None
    assert said.exit_code == 0
    assert wrong.exit_code == 2

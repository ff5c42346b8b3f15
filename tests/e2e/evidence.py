"""What the log and the working records say, for tests that ask whether they are right."""

import asyncio
import base64
import io
import zipfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx

from audit.batcher import IDLE_SECONDS
from audit.entry import Kind
from audit.leaf import Leaf
from audit.verify import verify
from tests.e2e.conftest import World

_MOST = 100_000
_LOOKS = 100


async def trail(world: World, submission: str) -> list[Leaf]:
    """Return what the log holds of one submission, in order."""
    leaves = [Leaf.parse(each.leaf) for each in await world.house.gate.log.entries(0, _MOST)]
    return [leaf for leaf in leaves if leaf.public.get("submission") == submission]


async def kinds(world: World, submission: str) -> list[str]:
    """Return the kinds of its entries, in order."""
    return [leaf.kind.value for leaf in await trail(world, submission)]


async def reason(world: World, submission: str) -> object:
    """Return why a submission was halted."""
    ends = [leaf for leaf in await trail(world, submission) if leaf.kind is Kind.HALTED]
    return ends[-1].public.get("reason")


async def verified(world: World, *answers: httpx.Response) -> bool:
    """Verify the log offline, with the checkpoints that its callers were given.

    Once it is idle the newest signature goes into the file as well: on a busy machine, later.
    """
    kept = [
        base64.b64decode(answer.headers["x-audit-checkpoint"]).decode()
        for answer in answers
        if "x-audit-checkpoint" in answer.headers
    ]
    vkey = (world.data_dir / "keys" / "log.vkey").read_text().strip()
    report = verify(world.data_dir / "log.db", vkey, known_checkpoints=kept)
    for _ in range(_LOOKS):
        if not report.unsigned:
            break
        await asyncio.sleep(2 * IDLE_SECONDS)
        report = verify(world.data_dir / "log.db", vkey, known_checkpoints=kept)
    assert report.ok, report.problems
    return report.ok


async def spent(world: World) -> int:
    """Return what the first tenant has spent of its budget."""
    tenant = await world.house.gate.store.tenants.get("default")
    assert tenant is not None
    return tenant.anlas_spent


def pictures(answer: httpx.Response) -> dict[str, bytes]:
    """Return the files of an answer's ZIP."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def state(world: World, submission: str) -> dict[str, Any]:
    """Return where a submission stands, as its tenant is told."""
    answer = await world.client.get(f"/v1/generations/{submission}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def ended(world: World, submission: str) -> dict[str, Any]:
    """Wait until a submission is in flight no more, and return where it stands."""
    async with asyncio.timeout(20):
        while (told := await state(world, submission))["state"] == "running":  # noqa: ASYNC110 - asked as a client asks
            await asyncio.sleep(0.02)
    return told


@asynccontextmanager
async def operator(world: World) -> AsyncGenerator[httpx.AsyncClient]:
    """Speak to the operator's own routes."""
    transport = httpx.ASGITransport(world.house.operator)
    async with httpx.AsyncClient(transport=transport, base_url="http://operator") as client:
        yield client


async def holds_of(world: World, submission: str) -> Sequence[dict[str, Any]]:
    """Return the open holds of a submission, as the operator is shown them."""
    async with operator(world) as client:
        listed = (await client.get("/holds")).json()
        return [hold for hold in listed if hold["submission"] == submission]


async def rule(
    world: World, hold: str, *, approves: bool = True, why: str = "a drawn landscape"
) -> httpx.Response:
    """Rule on a hold, as a reviewer."""
    async with operator(world) as client:
        body = {"person": "reviewer", "approves": approves, "reason": why}
        return await client.post(f"/holds/{hold}/ruling", json=body)


def submission_of(answer: httpx.Response) -> str:
    """Return the id that an answer names, whatever it is."""
    return str(UUID(answer.headers.get("x-imprimatur-id") or answer.json()["id"]))

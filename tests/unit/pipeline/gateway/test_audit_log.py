"""/v1/audit/log: a tenant's auditor follows the tree; nobody else, and no entry, is in it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from audit.checkpoint import open_checkpoint
from audit.export.tiles import Tiler, tiles_of
from audit.merkle import HASH_BYTES
from pipeline.gateway import operator
from tests.unit.pipeline.world import World, log_keys

LOG = "/v1/audit/log"


@pytest.fixture
async def auditor(house: World) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a key that was made for a tenant's auditor."""
    async with house.client(operator.create(house.operator)) as desk:
        key = {"tenant": "harbour", "auditor": True}
        secret = (await desk.post("/keys", json=key)).json()["secret"]
    async with house.client(Authorization=f"Bearer {secret}") as client:
        yield client


async def test_the_tiles_lead_to_the_signed_head(house: World, auditor: httpx.AsyncClient) -> None:
    """Whoever downloads them needs nobody's word for the rest."""
    await house.end("a harbour")
    signer, _ = log_keys()
    head = open_checkpoint((await auditor.get(f"{LOG}/checkpoint")).text, signer.vkey)
    tiler = Tiler(lambda _, __: None)
    for name, width in tiles_of(head.size):
        answer = await auditor.get(f"{LOG}/{name}")
        assert (answer.status_code, len(answer.content)) == (200, width * HASH_BYTES)
        assert "immutable" in answer.headers["cache-control"]
        for at in range(0, len(answer.content), HASH_BYTES):
            tiler.add(answer.content[at : at + HASH_BYTES])

    assert head.size > 3
    assert tiler.edge.root() == head.root


@pytest.mark.parametrize(
    "path",
    ["tile/0/001", "tile/1/000", "tile/0/000", "tile/0/000.p/250", "tile/0/000.p/0", "tile/9/000",
     "tile/entries/000.p/1", "tile/0/0", "tile/0/x000/000.p/1", "tile/0/000.p/01", "detail",
     "a" * 500],
)  # fmt: skip
async def test_what_is_no_tile_or_not_there_yet_is_not_found(
    auditor: httpx.AsyncClient, path: str
) -> None:
    """Entries least of all: they are of every tenant."""
    assert (await auditor.get(f"{LOG}/{path}")).status_code == 404


async def test_only_an_auditors_key_opens_it_and_it_opens_nothing_else(
    house: World, auditor: httpx.AsyncClient
) -> None:
    """A web shop's key shows no log, an auditor's makes no picture, a subject has neither."""
    async with house.client() as client:
        assert (await client.get(f"{LOG}/checkpoint")).status_code == 403
        minted = await client.post("/v1/subject-tokens", json={"pseudonym": "u1"})
    async with house.client(Authorization=f"Bearer {minted.json()['token']}") as subject:
        for name in ("checkpoint", "tile/0/000.p/1"):
            assert (await subject.get(f"{LOG}/{name}")).status_code == 403
    assert (await auditor.post("/ai/generate-image", json={})).status_code == 403
    assert (await auditor.post("/v1/subject-tokens", json={})).status_code == 403

"""Pictures that are on a list: what comes in, what comes back, and what becomes of them.

The lists hold harmless drawn landscapes and what the sandbox draws; nothing else is needed to
see that a match is a match.
"""

import asyncio
import base64
import hashlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from PIL import Image

from audit.entry import Kind
from classifiers import hash_bank_csv
from classifiers.hash_bank import Bank, Entry, HashType, Status
from classifiers.hash_bank import Kind as Harm
from pipeline.cli.demo.drawings import listed, resaved_and_flipped
from pipeline.items import Cause, Examined, Recorded, Released, Stage
from pipeline.marking.parts import unmarked
from pipeline.quarantine import open_with, read_private_key
from pipeline.stages.stage import Step
from tests.e2e.asking import v3, v4
from tests.e2e.conftest import World, world_in
from tests.e2e.evidence import (
    holds_of,
    kinds,
    operator,
    pictures,
    state,
    submission_of,
    trail,
    verified,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAIN, GRAVE, SECOND, DOUBTED = 11, 22, 33, 44
PROMPTS = {PLAIN: "a lake", GRAVE: "seven kites", SECOND: "a red bicycle", DOUBTED: "an orchard"}
"""By seed; what nearly repeats one whose pictures were of the worst is held."""
"""The seeds of requests whose first pictures are on the lists."""
UPLOADS = {
    Harm.CSAM: listed("uploads-csam", Harm.CSAM, 1),
    Harm.NCII: listed("uploads-ncii", Harm.NCII, 2),
    Harm.BLOCKED: listed("uploads-blocked", Harm.BLOCKED, 3),
}


def upload(picture: bytes, prompt: str = "hills") -> dict[str, Any]:
    """A request that begins with a picture."""
    body = v4(prompt, image=base64.b64encode(picture).decode(), strength=0.5, noise=0.0)
    return {**body, "action": "img2img"}


def of_outputs(source: str, kind: Harm, *files: bytes, status: Status = Status.ACTIVE) -> Bank:
    """A list of exactly these files."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    digests = [hashlib.sha256(each).digest() for each in files]
    entries = tuple(
        Entry(source, f"made-{n}", HashType.SHA256, digest, "", 1, (), status, at)
        for n, digest in enumerate(digests)
    )
    return Bank(source, kind, entries, at)


async def made(folder: Path) -> dict[int, dict[str, bytes]]:
    """What the sandbox draws for the seeds: the same whoever asks, so a list can know it."""
    async with world_in(folder, IMPRIMATUR_RELEASED_METADATA="keep") as world:
        answers = {
            seed: await world.client.post(
                "/ai/generate-image", json=v3(prompt, seed=seed, samples=2)
            )
            for seed, prompt in PROMPTS.items()
        }
        return {
            seed: {name: unmarked(each) for name, each in pictures(answer).items()}
            for seed, answer in answers.items()
        }


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def listing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world with lists of every kind."""
    folder = tmp_path_factory.mktemp("listing")
    drawn = await made(folder / "before")
    banks = [
        *(each.bank for each in UPLOADS.values()),
        of_outputs("outputs-blocked", Harm.BLOCKED, drawn[PLAIN]["image_0.png"]),
        of_outputs("outputs-csam", Harm.CSAM, drawn[GRAVE]["image_1.png"]),
        of_outputs("outputs-ncii", Harm.NCII, drawn[SECOND]["image_0.png"]),
        of_outputs(
            "outputs-doubted",
            Harm.BLOCKED,
            drawn[DOUBTED]["image_0.png"],
            status=Status.DISPUTED,
        ),
    ]
    (folder / "data" / "banks").mkdir(parents=True)
    named = []
    for bank in banks:
        file = f"banks/{bank.source}.csv"
        (folder / "data" / file).write_bytes(hash_bank_csv.write(bank))
        named.append({"source": bank.source, "kind": bank.kind.value, "file": file})
    async with world_in(folder / "data", IMPRIMATUR_BANKS=json.dumps(named)) as world:
        yield world


async def test_readiness_names_the_lists(listing: World) -> None:
    """An operator sees which lists look; anybody else, that some do."""
    async with operator(listing) as client:
        banks = (await client.get("/ready")).json()["banks"]

    assert {version.partition("@")[0] for version in banks} >= {"uploads-csam", "outputs-ncii"}
    assert (await listing.client.get("/ready")).json()["banks"] == len(banks)


@pytest.mark.parametrize("kind", list(Harm))
async def test_an_exact_copy_is_refused_before_anybody_pays(listing: World, kind: Harm) -> None:
    """Bytes that are on a list go nowhere, and the answer does not say which list it was."""
    calls = await listing.calls()

    answer = await listing.client.post("/ai/generate-image", json=upload(UPLOADS[kind].picture))

    assert (answer.status_code, answer.json()["code"]) == (403, "CONTENT_NOT_ALLOWED")
    assert "KNOWN" not in answer.text
    assert "bank" not in answer.text
    assert await listing.calls() == calls
    assert await verified(listing, answer)


async def test_what_is_gravest_goes_where_only_the_child_safety_team_can_open_it(
    listing: World,
) -> None:
    """The gateway keeps no copy that it could open, and the log says where it went."""
    answer = await listing.client.post(
        "/ai/generate-image", json=upload(UPLOADS[Harm.CSAM].picture, "hills, sky")
    )
    await listing.house.gate.seizure.run()

    submission = submission_of(answer)
    assert await kinds(listing, submission) == ["halted", "media"]
    (moved,) = [leaf for leaf in await trail(listing, submission) if leaf.kind is Kind.MEDIA]
    assert moved.public["event"] == "media.quarantined"
    assert moved.public["code"] == "CSE.KNOWN"
    row = await listing.house.gate.store.submissions.get("default", UUID(submission))
    assert row is not None
    assert not list((listing.data_dir / "vault").rglob(row.vault_id))
    team = read_private_key(listing.data_dir / "keys" / "development-child-safety.key")
    sealed = listing.data_dir / "quarantine" / f"{moved.public['object']}.sealed"
    opened = open_with(team, sealed.read_bytes())
    assert opened.facts["submission"] == submission
    assert base64.b64encode(UPLOADS[Harm.CSAM].picture) in opened.data


async def test_other_lists_fill_no_quarantine(listing: World) -> None:
    """Only what the team must see goes to the team."""
    before = len(list((listing.data_dir / "quarantine").iterdir()))

    for kind in (Harm.NCII, Harm.BLOCKED):
        await listing.client.post(
            "/ai/generate-image", json=upload(UPLOADS[kind].picture, "hills, rain")
        )
    await listing.house.gate.seizure.run()

    assert len(list((listing.data_dir / "quarantine").iterdir())) == before


@pytest.mark.parametrize("kind", list(Harm))
async def test_a_copy_in_disguise_waits_for_a_person(listing: World, kind: Harm) -> None:
    """Mirrored, shrunk and saved anew: near is not exact, so it is a question and no verdict."""
    calls = await listing.calls()
    near = resaved_and_flipped(UPLOADS[kind].picture)

    answer = await listing.client.post("/ai/generate-image", json=upload(near))

    assert (answer.status_code, answer.json()["code"]) == (403, "HELD")
    assert await listing.calls() == calls
    (hold,) = await holds_of(listing, submission_of(answer))
    assert (hold["stage"], hold["cause"], hold["index"]) == ("screen", "suspicion", None)


async def test_a_reviewer_is_shown_facts_and_no_pixels(listing: World) -> None:
    """Nobody sees a picture that they need not see."""
    near = resaved_and_flipped(UPLOADS[Harm.CSAM].picture)
    answer = await listing.client.post("/ai/generate-image", json=upload(near, "hills, snow"))
    (hold,) = await holds_of(listing, submission_of(answer))

    async with operator(listing) as client:
        shown = await client.get(f"/holds/{hold['id']}")

    facts = shown.json()["facts"]
    assert facts["code"] == "CSE.KNOWN"
    assert "hash.csam.near" in facts["scores"]
    assert any(each.startswith("bank:uploads-csam/") for each in facts["evidence"])
    assert base64.b64encode(near[:60]).decode()[:40] not in shown.text
    assert "snow" not in shown.text
    assert len(shown.content) < 10_000


async def test_of_two_pictures_the_one_on_a_list_is_withheld(listing: World) -> None:
    """Each picture stands alone: the other leaves in its own place, and the answer says so."""
    answer = await listing.client.post(
        "/ai/generate-image", json=v3(PROMPTS[PLAIN], seed=PLAIN, samples=2)
    )

    assert answer.status_code == 200, answer.text
    assert answer.headers["x-imprimatur-withheld"] == "1"
    assert list(pictures(answer)) == ["image_1.png"]
    told = await state(listing, submission_of(answer))
    assert [each["state"] for each in told["images"]] == ["withheld", "released"]
    gone = await listing.client.get(f"/v1/generations/{told['id']}/images/0")
    assert gone.status_code == 403
    assert await verified(listing, answer)


@pytest.mark.parametrize(("seed", "listed_at"), [(GRAVE, 1), (SECOND, 0)], ids=["csam", "ncii"])
async def test_what_taints_one_picture_halts_all_of_them(
    listing: World, seed: int, listed_at: int
) -> None:
    """Pictures of one request are of one mind: nothing of it leaves."""
    answer = await listing.client.post(
        "/ai/generate-image", json=v3(PROMPTS[seed], seed=seed, samples=2)
    )
    await listing.house.gate.seizure.run()

    assert (answer.status_code, answer.json()["code"]) == (403, "CONTENT_NOT_ALLOWED")
    submission = submission_of(answer)
    ends = [leaf for leaf in await trail(listing, submission) if leaf.kind is Kind.WITHHOLD]
    reasons = {leaf.public["sample"]: leaf.public["reason"] for leaf in ends}
    assert reasons == {listed_at: "refused", 1 - listed_at: "sibling"}
    told = await state(listing, submission)
    assert (told["state"], told["withheld"]) == ("withheld", 2)
    moved = [leaf for leaf in await trail(listing, submission) if leaf.kind is Kind.MEDIA]
    assert len(moved) == (1 if seed == GRAVE else 0)
    assert await verified(listing, answer)


async def test_what_no_list_could_be_asked_about_waits_for_a_machine(listing: World) -> None:
    """The lists fall sick while the picture is made: it is kept, and leaves once they look."""
    await listing.fault("slow:0.4")
    calls = await listing.calls()
    asking = asyncio.create_task(listing.client.post("/v1/generations", json=v3("a sick lake")))
    async with asyncio.timeout(20):
        while await listing.calls() == calls:  # noqa: ASYNC110 - the sandbox is asked over HTTP
            await asyncio.sleep(0.01)
    listing.sick("hash_match").touch()

    held = await asking

    listing.sick("hash_match").unlink()
    assert (held.status_code, held.json()["state"]) == (202, "held")
    (hold,) = await holds_of(listing, held.json()["id"])
    assert hold["cause"] == "incapacity"
    async with asyncio.timeout(20):
        while (told := await state(listing, held.json()["id"]))["state"] == "held":
            await listing.house.upkeep.round()
    assert told["state"] == "released"


@dataclass(slots=True)
class FailsOnce:
    """The release, but its first time fails."""

    release: Step[Recorded[Examined], Released]
    failed: bool = False

    @property
    def stage(self) -> Stage:
        return self.release.stage

    async def __call__(self, item: Recorded[Examined], /) -> Released:
        if not self.failed:
            self.failed = True
            raise OSError("the disk went away")
        return await self.release(item)


async def test_a_release_that_fails_holds_what_was_about_to_leave(listing: World) -> None:
    """Nothing else changes: a sibling that waits for a person has one hold, and keeps it."""
    desk = listing.house.gate.desk
    flow, desk.flow = desk.flow, replace(desk.flow, release=FailsOnce(desk.flow.release))
    answer = await listing.client.post(
        "/ai/generate-image", json=v3(PROMPTS[DOUBTED], seed=DOUBTED, samples=2)
    )
    desk.flow = flow

    assert (answer.status_code, answer.json()["code"]) == (403, "HELD")
    submission = submission_of(answer)
    causes = {each["index"]: each["cause"] for each in await holds_of(listing, submission)}
    assert len(await holds_of(listing, submission)) == 2
    assert causes == {0: "suspicion", 1: "incapacity"}
    async with asyncio.timeout(20):
        while (await state(listing, submission))["held"] == 2:
            await listing.house.upkeep.round()
    told = await state(listing, submission)
    assert [each["state"] for each in told["images"]] == ["held", "released"]
    assert await verified(listing)


async def test_a_picture_too_flat_to_be_looked_up_is_held(listing: World) -> None:
    """No list could be asked about it, now or later: it is not told to try again for ever."""
    buffer = io.BytesIO()
    Image.new("RGB", (512, 768), (90, 120, 160)).save(buffer, "PNG")

    answer = await listing.client.post("/ai/generate-image", json=upload(buffer.getvalue()))

    assert (answer.status_code, answer.json()["code"]) == (403, "HELD")
    (hold,) = await holds_of(listing, submission_of(answer))
    assert hold["cause"] == Cause.INCAPACITY

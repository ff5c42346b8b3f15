"""Dry runs: what the gates would say, for so many refusals a day."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from audit.entry import Kind
from pipeline.access.subjects import fingerprint
from pipeline.items import Subject
from pipeline.jobs.received import Received
from pipeline.quarantine import Opened, open_with
from tests.unit.pipeline.lookers import CANARY, WHITE, Colour, Mood
from tests.unit.pipeline.world import (
    BLOCK,
    HELD,
    NEARLY,
    PRIVATE,
    TAINTED,
    TENANT,
    World,
    body,
    png,
)

PROMPT = "/v1/moderate/prompt"


async def refusals(house: World) -> int:
    subject = fingerprint(house.gate.subject_key, Subject(TENANT))
    return await house.store.refusals.count(TENANT, subject, house.clock())


async def tries(house: World, prompt: str, times: int = 1) -> Counter[int]:
    """Dry runs at once, by the status of their answers."""
    async with house.client() as client:
        answers = await asyncio.gather(
            *(client.post(PROMPT, json={"prompt": prompt}) for _ in range(times))
        )
    return Counter(answer.status_code for answer in answers)


async def generates(house: World, prompt: str) -> int:
    async with house.client() as client:
        return (await client.post("/ai/generate-image", json=body(prompt))).status_code


class TestTheBudget:
    async def test_is_not_exceeded_by_trying_at_once(self, house: World) -> None:
        """The rules could be mapped in parallel, while nothing is counted yet."""
        told = await tries(house, "blockme", house.gate.desk.limit)

        assert told == {200: house.gate.refusals_a_day, 429: 5}
        assert await refusals(house) == house.gate.refusals_a_day
        assert await tries(house, "blockme") == {429: 1}

    async def test_is_spent_by_refusals_only(self, house: World) -> None:
        """Who asks for what is allowed may ask all day."""
        for _ in range(house.gate.refusals_a_day + 1):
            assert await tries(house, "a harbour") == {200: 1}

        assert await refusals(house) == 0

    @pytest.mark.parametrize("sent", [b"", b"{", b'{"colour": "red"}'])
    async def test_is_not_spent_by_what_was_not_judged(self, house: World, sent: bytes) -> None:
        """A malformed request learns nothing of the rules."""
        async with house.client() as client:
            assert (await client.post(PROMPT, content=sent)).status_code == 400

        assert await refusals(house) == 0

    async def test_is_spent_too_by_what_nobody_could_judge(self, house: World) -> None:
        """What is missing depends on what was asked, so it tells of the rules."""
        house.reader.mood = Mood.FAILS

        assert await tries(house, "a harbour") == {200: 1}

        assert await refusals(house) == 1

    async def test_counts_refused_requests_too(self, house: World) -> None:
        """They tell as much as a refused dry run."""
        assert [await generates(house, word) for word in ("blockme", "holdme")] == [403, 403]

        assert await refusals(house) == 2
        assert await tries(house, "blockme", 2) == {200: 1, 429: 1}

    async def test_never_keeps_a_whole_platform_from_generating(self, house: World) -> None:
        """Whom the platform does not name is one of many: only the key's own budget stops them."""
        for _ in range(house.gate.refusals_a_day + 1):
            assert await generates(house, "blockme") == 403
        assert await tries(house, "a harbour") == {429: 1}

        assert await generates(house, "a harbour") == 200

    async def test_is_not_spent_by_pictures_or_faults_of_others(self, house: World) -> None:
        """What came back was not the caller's attempt."""
        house.upstream.status = 400

        assert await generates(house, "a harbour") == 502

        assert await refusals(house) == 0

    async def test_begins_anew_each_day(self, house: World) -> None:
        """Nobody is refused for ever."""
        await tries(house, "blockme", 5)
        house.clock.passes(days=1)

        assert await tries(house, "blockme") == {200: 1}


async def prompt(house: World, asked: Any, **headers: str) -> httpx.Response:
    async with house.client(**headers) as client:
        return await client.post("/v1/moderate/prompt", json=asked)


async def picture(house: World, data: bytes) -> httpx.Response:
    async with house.client() as client:
        return await client.post("/v1/moderate/image", content=data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a harbour", (True, False, None)),
        ("labelme", (True, False, None)),
        ("holdme", (False, True, "CONTENT_NOT_ALLOWED")),
        ("blockme", (False, False, "CONTENT_NOT_ALLOWED")),
        ("graveword", (False, False, "CONTENT_NOT_ALLOWED")),
        ("suggestive", (False, False, "AGE_CLAIM_REQUIRED")),
    ],
)
async def test_it_says_what_the_gates_would(
    house: World, text: str, said: tuple[bool, bool, str | None]
) -> None:
    """Coarsely: a harm of the worst kind looks like any other."""
    told = (await prompt(house, {"prompt": text})).json()

    assert (told["allowed"], told["held"], told["code"]) == said
    assert (told["message"] is None) is told["allowed"]


@pytest.mark.parametrize("field", ["prompt", "negative_prompt", "characters"])
async def test_every_field_is_read(house: World, field: str) -> None:
    """A character's text counts like the prompt."""
    asked: Any = {field: ["a", "blockme"] if field == "characters" else "blockme"}

    assert (await prompt(house, asked)).json()["allowed"] is False


@pytest.mark.parametrize(("colour", "allowed"), [(WHITE, True), (HELD, False), (TAINTED, False)])
async def test_a_picture_is_judged_as_an_upload(
    house: World, colour: tuple[int, int, int], allowed: bool
) -> None:
    """What it says of a picture holds for img2img."""
    assert (await picture(house, png(colour))).json()["allowed"] is allowed


@pytest.mark.parametrize("mood", [Mood.FAILS, Mood.SILENT])
async def test_not_knowing_is_never_allowed(house: World, mood: Mood) -> None:
    """The dry run fails closed like the gates."""
    house.reader.mood = mood

    assert (await prompt(house, {"prompt": "a harbour"})).json()["allowed"] is False


async def test_each_has_an_entry_without_content(house: World) -> None:
    """Whoever maps the rules leaves a trace; what they asked is not in it."""
    answer = await prompt(house, {"prompt": CANARY}, **{"x-imprimatur-subject": f"{CANARY}-u"})

    (leaf,) = [each for each in await house.leaves() if each.kind is Kind.DRY_RUN]
    assert str(leaf.entry_id) == answer.headers["x-audit-id"]
    assert CANARY.encode() not in leaf.write()


async def test_each_is_written_down_as_a_gate_writes_what_it_decided(house: World) -> None:
    """An auditor is told as much of it as of a request: by what, and what was found."""
    answer = await prompt(house, {"prompt": "blockme"})

    (leaf,) = [each for each in await house.leaves() if each.kind is Kind.DRY_RUN]
    told = await house.log.detail(UUID(answer.headers["x-audit-id"]))
    assert leaf.public["models"] == ["a" * 64, "b" * 64]
    decided = {"findings", "verdicts", "missing", "disagreed", "took_us", "facts"}
    assert told.detail.keys() == decided
    assert "blockme" not in repr(told)


async def test_without_its_entry_there_is_no_answer(house: World) -> None:
    """503, and not a word on what was judged."""
    house.log.refuses = frozenset({Kind.DRY_RUN})

    answer = await prompt(house, {"prompt": "blockme"})

    assert answer.status_code == 503
    assert "allowed" not in answer.json()


async def test_refusals_are_counted_by_subject_and_day(house: World) -> None:
    """Three in this house: then nobody answers until tomorrow; others are not kept waiting."""
    mine, other = {"x-imprimatur-subject": "u1"}, {"x-imprimatur-subject": "u2"}
    for _ in range(3):
        assert (await prompt(house, {"prompt": "blockme"}, **mine)).status_code == 200

    assert (await prompt(house, {"prompt": "a harbour"}, **mine)).status_code == 429
    assert (await prompt(house, {"prompt": "a harbour"}, **other)).status_code == 200
    house.clock.passes(days=1)
    assert (await prompt(house, {"prompt": "a harbour"}, **mine)).status_code == 200


@pytest.mark.parametrize(
    "asked",
    [[], {"surprise": CANARY}, {"prompt": 7}, {"characters": "a"}, {"characters": [7]},
     {"prompt": "a" * 16_001}, {"prompt": None}],
)  # fmt: skip
async def test_what_is_no_question_is_refused(house: World, asked: Any) -> None:
    """And makes no entry."""
    answer = await prompt(house, asked)

    assert answer.status_code == 400
    assert CANARY not in answer.text
    assert Kind.DRY_RUN not in {leaf.kind for leaf in await house.leaves()}


async def test_what_is_no_picture_is_refused(house: World) -> None:
    """Without showing a byte of it."""
    answer = await picture(house, CANARY.encode())

    assert answer.status_code in {400, 415}
    assert CANARY not in answer.text


class TestWhatIsOfTheWorstKind:
    """A provider that learns of it has to keep it, and nobody but the team may see it."""

    @staticmethod
    async def quarantined(house: World) -> list[Opened]:
        """What upkeep has seized a second later."""
        await house.gate.seizure.run()
        paths = (house.folder / "quarantine").glob("*.sealed")
        return [open_with(house.team_key, path.read_bytes()) for path in sorted(paths)]

    @staticmethod
    def in_the_vault(house: World) -> list[Path]:
        return [path for path in (house.folder / "vault").rglob("*") if path.is_file()]

    async def test_in_a_picture_is_seized(self, house: World) -> None:
        """As received, with its code and for whom it came; the answer tells nothing of that."""
        answer = await picture(house, png(TAINTED))
        other = await picture(house, png(BLOCK))

        (sealed,) = await self.quarantined(house)
        received = Received.read(sealed.data)
        assert (received.body, received.subject.tenant) == (png(TAINTED), TENANT)
        assert (sealed.facts["code"], sealed.facts["tenant"]) == ("CSE.KNOWN", TENANT)
        assert self.in_the_vault(house) == []
        assert answer.json() == other.json()
        assert answer.headers.keys() == other.headers.keys()

    async def test_in_a_prompt_is_seized(self, house: World) -> None:
        """Text of that kind is no less of it."""
        await prompt(house, {"prompt": f"graveword {CANARY}"})

        (sealed,) = await self.quarantined(house)
        assert CANARY.encode() in sealed.data

    async def test_is_on_record_with_its_dry_run(self, house: World) -> None:
        """Two entries, that name each other, without the content."""
        answer = await picture(house, png(TAINTED))

        (sealed,) = await self.quarantined(house)
        dry, media = (await house.leaves())[-2:]
        assert str(dry.entry_id) == answer.headers["x-audit-id"]
        assert (dry.kind, media.kind) == (Kind.DRY_RUN, Kind.MEDIA)
        assert dry.public["submission"] == media.public["submission"]
        assert media.public["object"] == str(sealed.id)
        assert not await house.log.open_submissions()

    async def test_includes_what_is_nearly_known(self, house: World) -> None:
        """A generation with it would be held, and seized in the end: a dry run ends at once."""
        answer = await picture(house, png(NEARLY))
        other = await picture(house, png(HELD))

        (sealed,) = await self.quarantined(house)
        assert Received.read(sealed.data).body == png(NEARLY)
        assert sealed.facts["code"] == "CSE.KNOWN"
        dry, media = [each for each in await house.leaves() if "submission" in each.public]
        assert (dry.kind, media.kind) == (Kind.DRY_RUN, Kind.MEDIA)
        assert dry.public["submission"] == media.public["submission"]
        assert self.in_the_vault(house) == []
        assert answer.json() == other.json()

    async def test_is_not_what_nobody_could_look_at(self, house: World) -> None:
        """A list that could not be asked says nothing of a picture: it is not kept for that."""
        house.viewer.mood = Mood.FAILS

        await picture(house, png(WHITE))

        assert await self.quarantined(house) == []

    @pytest.mark.parametrize("colour", [WHITE, HELD, BLOCK, PRIVATE])
    async def test_is_all_that_is_kept(self, house: World, colour: Colour) -> None:
        """Whatever else is asked about leaves nothing behind."""
        await picture(house, png(colour))
        for word in ("a harbour", "holdme", "blockme"):
            await prompt(house, {"prompt": word})

        assert await self.quarantined(house) == []
        assert self.in_the_vault(house) == []
        assert not await house.store.seizures.ordered()

    async def test_is_kept_though_its_entry_cannot_be_written(self, house: World) -> None:
        """503 and no answer; it is seized as soon as the log takes the entry of that."""
        house.log.refuses = frozenset(Kind)
        refused = await picture(house, png(TAINTED))
        house.clock.passes(days=1)
        await house.upkeep.round()
        kept = len(self.in_the_vault(house))
        house.log.refuses = frozenset()
        house.clock.passes(days=1)

        await house.upkeep.round()

        assert (refused.status_code, kept) == (503, 1)
        assert "allowed" not in refused.json()
        assert len(await self.quarantined(house)) == 1
        assert self.in_the_vault(house) == []

    async def test_is_not_answered_when_it_cannot_be_kept(self, house: World) -> None:
        """Whoever asks is told to ask again: then it is kept."""
        vault = house.folder / "vault"
        vault.write_bytes(b"")
        refused = await picture(house, png(TAINTED))
        vault.unlink()
        told = await picture(house, png(TAINTED))

        assert (refused.status_code, told.status_code) == (503, 200)
        assert refused.headers["retry-after"]
        assert len(await self.quarantined(house)) == 1

    async def test_is_kept_each_time(self, house: World) -> None:
        """Who sends it, and how often, is what the team needs to know."""
        for _ in range(2):
            await picture(house, png(TAINTED))

        assert len(await self.quarantined(house)) == 2

    async def test_cannot_be_found_by_the_id_of_the_answer(self, house: World) -> None:
        """By asking for it a caller would learn how grave it was."""
        answer = await picture(house, png(TAINTED))
        async with house.client() as client:
            found = await client.get(f"/v1/generations/{answer.headers['x-audit-id']}")

        assert found.status_code == 404


async def test_nothing_of_it_goes_upstream(house: World) -> None:
    """It is a question, and costs nothing."""
    await prompt(house, {"prompt": "a harbour"})
    await picture(house, png(WHITE))

    assert house.upstream.calls == []

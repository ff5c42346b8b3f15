"""Dry runs: what the gates would say, for so many refusals a day."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from audit.entry import Kind
from pipeline.access.subjects import fingerprint
from pipeline.items import Subject
from tests.unit.pipeline.lookers import CANARY, WHITE, Mood
from tests.unit.pipeline.world import HELD, TAINTED, TENANT, World, body, png

PROMPT = "/v1/moderate/prompt"


async def refusals(house: World) -> int:
    subject = fingerprint(house.gate.subject_key, Subject(TENANT))
    return await house.store.refusals.count(TENANT, subject, house.clock().date())


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

    async def test_never_keeps_anybody_from_generating(self, house: World) -> None:
        """The count limits dry runs alone."""
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


async def test_nothing_of_it_goes_upstream(house: World) -> None:
    """It is a question, and costs nothing."""
    await prompt(house, {"prompt": "a harbour"})
    await picture(house, png(WHITE))

    assert house.upstream.calls == []

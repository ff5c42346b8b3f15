"""Dry runs: what the gates would say, for so many refusals a day."""

import asyncio
from collections import Counter

import pytest

from pipeline.access.subjects import fingerprint
from pipeline.items import Subject
from tests.unit.pipeline.lookers import Mood
from tests.unit.pipeline.world import TENANT, World, body

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

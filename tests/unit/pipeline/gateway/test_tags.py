"""Tag suggestion: judged before it is sent, and before it is told."""

import json
from datetime import timedelta

import httpx
import pytest

from audit.entry import Kind
from pipeline.novelai.tags import MOST_BYTES, PATH
from pipeline.store.halts import Scope
from tests.unit.pipeline.lookers import CANARY, Mood
from tests.unit.pipeline.world import REFUSALS_A_DAY, World

MODEL = "nai-diffusion-4-5-full"


async def ask(house: World, prompt: str = "ha", **more: str) -> httpx.Response:
    async with house.client() as client:
        return await client.get(PATH, params={"model": MODEL, "prompt": prompt, **more})


async def test_what_is_not_allowed_here_is_not_suggested(house: World) -> None:
    """Neither what is blocked nor what would be held; of the rest only the known fields."""
    answer = await ask(house)

    assert answer.status_code == 200
    assert answer.json() == {
        "tags": [
            {"tag": "harbor", "count": 100, "confidence": 0.5},
            {"tag": "hill", "count": 100, "confidence": 0.5},
        ]
    }
    assert CANARY not in answer.text


async def test_in_japanese_both_words_are_read(house: World) -> None:
    """The answer is a bare list there, as its clients expect."""
    answer = await ask(house, lang="jp")
    assert [each["en_tag"] for each in answer.json()] == ["harbor", "hill"]
    assert answer.json()[0] == {"jp_tag": "jp harbor", "en_tag": "harbor", "power": 7}


async def test_what_is_typed_is_written_down_as_a_dry_run(house: World) -> None:
    """Its receipt comes with the answer; the text stands nowhere."""
    answer = await ask(house, CANARY)

    (leaf,) = [each for each in await house.leaves() if each.kind is Kind.DRY_RUN]
    assert str(leaf.entry_id) == answer.headers["x-audit-id"]
    assert (leaf.public["work"], leaf.public["action"]) == ("suggest-tags", "allow")
    assert CANARY not in json.dumps(dict(leaf.public))


async def test_what_is_refused_is_not_sent_and_counts(house: World) -> None:
    """Whoever types what is refused maps the rules as well as by a dry run."""
    told = [(await ask(house, "blockme")).status_code for _ in range(REFUSALS_A_DAY)]

    assert told == [403] * REFUSALS_A_DAY
    assert (await ask(house)).status_code == 429
    assert house.upstream.calls == []
    house.clock.at += timedelta(days=1)
    assert (await ask(house)).status_code == 200


async def test_what_passes_counts_nothing(house: World) -> None:
    """People type more than anybody refuses."""
    for _ in range(REFUSALS_A_DAY + 1):
        assert (await ask(house)).status_code == 200


async def test_who_cannot_look_suggests_nothing(house: World) -> None:
    """Not knowing is never clean, neither of what is typed nor of what comes back."""
    house.reader.mood = Mood.FAILS
    assert (await ask(house)).status_code == 503
    house.reader.mood = Mood.WELL

    def fails() -> None:
        house.reader.mood = Mood.FAILS

    house.upstream.before_answer = fails
    assert (await ask(house)).json() == {"tags": []}


async def test_a_halted_route_suggests_nothing(house: World) -> None:
    """The kill switch reaches what costs nothing too."""
    await house.gate.halts.place(Scope.ROUTE, PATH, "", "drill", "somebody")
    assert (await ask(house)).status_code == 503
    assert house.upstream.calls == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"model": "none"}, "doesn't exist"),
        ({"prompt": ""}, "prompt: expected 1 to"),
        ({"lang": "de"}, "lang: expected one of en, jp"),
    ],
)
async def test_what_cannot_be_asked_says_why(house: World, more: dict[str, str], told: str) -> None:
    """Before anything is judged or sent."""
    answer = await ask(house, **{"prompt": "ha", **more})
    assert answer.status_code == 400
    assert told in answer.json()["message"]


class TestUpstream:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"null",
            b"[]",
            b'{"tags": [{"tag": "a"}]}',
            b'{"tags": [{"tag": 7, "count": 1, "confidence": 1}]}',
            b'{"tags": [{"tag": "", "count": 1, "confidence": 1}]}',
            b'{"tags": [{"tag": "a", "count": NaN, "confidence": 1}]}',
            b" " * (MOST_BYTES + 1),
        ],
    )
    async def test_an_answer_of_another_shape_is_none(self, house: World, content: bytes) -> None:
        """Nothing of it is told: nobody knows what it is."""
        house.upstream.suggests = content
        assert (await ask(house)).status_code == 502

    @pytest.mark.parametrize(("status", "told"), [(429, 503), (500, 502), (401, 502)])
    async def test_a_failure_is_told_as_one(self, house: World, status: int, told: int) -> None:
        """A client retries what may be well later, and nothing else."""
        house.upstream.status = status
        answer = await ask(house)
        assert (answer.status_code, CANARY in answer.text) == (told, False)

    async def test_no_answer_is_told_without_what_was_typed(self, house: World) -> None:
        """Errors of the library hold the address, and with it the text."""
        house.upstream.fault = httpx.ReadTimeout
        answer = await ask(house, CANARY)
        assert (answer.status_code, CANARY in answer.text) == (503, False)

"""Vibes on V4 through the front door: encoded here, and only then taken back."""

import base64
import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from audit.entry import Kind, entry_id
from pipeline.encodings import KEPT
from pipeline.items import Released
from pipeline.novelai.encodings import VIBES
from pipeline.store.encodings import Encodings
from pipeline.store.tenants import Tenant
from tests.unit.pipeline.jobs.test_rulings import APPROVED
from tests.unit.pipeline.lookers import RED, WHITE, Mood
from tests.unit.pipeline.world import (
    BLOCK,
    HELD,
    TENANT,
    World,
    body,
    encoding,
    encoding_of,
    png,
)

ENCODE, GENERATE = "/ai/encode-vibe", "/ai/generate-image"
V4_5 = "nai-diffusion-4-5-full"
OPAQUE = b"\x07\xf3" + bytes(range(256)) * 2


def zipped() -> bytes:
    """An archive of a picture, as the other routes answer."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("image_0.png", png(RED))
    return out.getvalue()


async def ask(house: World, asked: dict[str, Any], path: str = ENCODE) -> httpx.Response:
    async with house.client() as client:
        return await client.post(path, json=asked)


def with_vibes(*encodings: bytes, model: str = V4_5, **more: Any) -> dict[str, Any]:
    """A generation with these encodings, as an SDK sends it."""
    vibes = [base64.b64encode(each).decode("ascii") for each in encodings]
    return body(
        model=model,
        v4_prompt={"caption": {"base_caption": "a harbour"}},
        reference_image_multiple=vibes,
        reference_strength_multiple=[0.6] * len(vibes),
        **more,
    )


async def test_an_encoding_leaves_with_its_four_entries(house: World) -> None:
    """Its picture was examined before anything was sent; it is paid for, and recorded."""
    answer = await ask(house, encoding(use_new_shared_trial=True, info_extract_seed=7))

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/binary")
    sent = json.loads(house.upstream.calls[0])
    assert answer.content == encoding_of(house.upstream.calls[0])
    assert house.upstream.paths == [ENCODE]
    assert sent.keys() == {"image", "model", "information_extracted", "info_extract_seed"}
    kinds = await house.kinds(UUID(answer.headers["x-imprimatur-id"]))
    assert kinds == ["admit", "generated", "examined", "release"]
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    assert tenant.anlas_spent == 2


async def test_the_misspelt_field_of_one_sdk_means_the_same(house: World) -> None:
    """novelai-api writes it in camel case, as NovelAI never did."""
    asked = encoding(informationExtracted=0.4)
    del asked["information_extracted"]
    assert (await ask(house, asked)).status_code == 200
    assert json.loads(house.upstream.calls[0])["information_extracted"] == 0.4
    assert (await ask(house, encoding(informationExtracted=0.4))).status_code == 400


async def test_what_was_minted_here_is_sent_as_it_is(house: World) -> None:
    """The bytes that came back, and no others, stand for a picture that was seen."""
    minted = (await ask(house, encoding())).content

    answer = await ask(house, with_vibes(minted), GENERATE)

    assert answer.status_code == 200, answer.text
    sent = json.loads(house.upstream.calls[1])["parameters"]
    assert [base64.b64decode(each) for each in sent["reference_image_multiple"]] == [minted]
    assert sent["reference_strength_multiple"] == [0.6]


async def test_what_was_not_minted_here_is_refused_and_says_how_to_mend_it(house: World) -> None:
    """Nobody can look into it: it may stand for anything."""
    answer = await ask(house, with_vibes(OPAQUE), GENERATE)

    assert answer.status_code == 400
    assert "not made here" in answer.json()["message"]
    assert ENCODE in answer.json()["message"]
    assert house.upstream.calls == []


async def test_a_picture_in_the_place_of_an_encoding_is_refused_by_name(house: World) -> None:
    """As one SDK sends it; NovelAI would answer 500 without a reason."""
    answer = await ask(house, with_vibes(png(WHITE)), GENERATE)

    assert answer.status_code == 400
    assert "a picture; V4 models take its encoding" in answer.json()["message"]
    assert house.upstream.calls == []


async def test_one_tenant_s_encoding_is_nobody_else_s(house: World) -> None:
    """What another looked at, by its own rules, was not looked at here."""
    minted = (await ask(house, encoding())).content
    await house.store.tenants.add(Tenant("other", "Other", house.clock(), anlas_budget=100))
    made = await house.operator.keys.create("other", "first")

    async with house.client(Authorization=f"Bearer {made.secret.get_secret_value()}") as client:
        answer = await client.post(GENERATE, json=with_vibes(minted))

    assert answer.status_code == 400
    assert "not made here" in answer.json()["message"]


async def test_an_encoding_is_for_its_model_and_the_one_that_inpaints_with_it(
    house: World,
) -> None:
    """For another it means something else; the refusal names both."""
    minted = (await ask(house, encoding())).content
    source = base64.b64encode(png(WHITE)).decode()

    other = await ask(house, with_vibes(minted, model="nai-diffusion-4-full"), GENERATE)
    infill = with_vibes(minted, model=f"{V4_5}-inpainting", image=source, mask=source)

    assert other.status_code == 400
    assert "expected an encoding for nai-diffusion-4-full" in other.json()["message"]
    assert (await ask(house, infill, GENERATE)).status_code == 200


@pytest.mark.parametrize("colour", [BLOCK, HELD])
async def test_a_picture_that_may_not_pass_is_not_encoded(
    house: World, colour: tuple[int, int, int]
) -> None:
    """Not even paid for."""
    answer = await ask(house, encoding(colour))

    assert answer.status_code == 403
    assert house.upstream.calls == []


async def test_what_a_ruling_let_through_is_asked_again_at_each_use(house: World) -> None:
    """A person approved the encoding, not what is made with it."""
    asked = encoding(HELD)
    refused = await ask(house, asked)
    (hold,) = await house.store.holds.waiting()
    ended = await house.rulings.rule(hold, APPROVED)
    assert ended is not None
    assert isinstance(ended.outcome, Released)
    minted = ended.outcome.pictures[0].data

    answer = await ask(house, with_vibes(minted), GENERATE)

    assert refused.json()["code"] == answer.json()["code"] == "HELD"


async def test_an_encoding_is_taken_back_for_a_year(house: World) -> None:
    """Then its picture has to be looked at again, by those who look by then."""
    minted = (await ask(house, encoding())).content
    house.clock.at += KEPT - timedelta(seconds=1)
    assert (await ask(house, with_vibes(minted), GENERATE)).status_code == 200
    house.clock.at += timedelta(seconds=1)
    assert (await ask(house, with_vibes(minted), GENERATE)).status_code == 400
    assert await house.store.encodings.purge(house.clock()) == 1


async def test_an_encoding_whose_submission_is_erased_is_not_known_any_more(house: World) -> None:
    """What was seen in its picture is gone, so nothing vouches for it."""
    answer = await ask(house, encoding())
    await house.store.forgetting.submission(UUID(answer.headers["x-imprimatur-id"]))

    again = await ask(house, with_vibes(answer.content), GENERATE)

    assert again.status_code == 400


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"model": "nai-diffusion-3"}, "model: expected one of V4, V4.5"),
        ({"model": "nai-diffusion-5-full"}, "model: expected one of V4, V4.5"),
        ({"model": f"{V4_5}-inpainting"}, "none for infill"),
        ({"mask": base64.b64encode(png(WHITE)).decode()}, "whole pictures alone"),
        ({"information_extracted": 2}, "information_extracted: expected a number"),
        ({"brand_new": 1}, "unknown keys: brand_new"),
    ],
)
async def test_what_cannot_be_encoded_says_why(
    house: World, more: dict[str, Any], told: str
) -> None:
    """NovelAI answers 500 to some of these."""
    answer = await ask(house, encoding(**more))

    assert answer.status_code == 400
    assert told in answer.json()["message"]
    assert house.upstream.calls == []


@pytest.mark.parametrize("came", [png(RED), b'{"image": ""}' * 40, b"\x07\xf3", zipped()])
async def test_a_picture_that_comes_back_as_an_encoding_does_not_leave(
    house: World, came: bytes
) -> None:
    """It would leave without having been looked at."""
    house.upstream.encoding = came

    answer = await ask(house, encoding())

    assert answer.status_code == 502
    assert came not in answer.content


async def test_while_the_store_fails_no_encoding_leaves(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody would know again may not leave: it is held, and looked at by a machine later."""

    async def fails(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Encodings, "keep", fails)
    answer = await ask(house, encoding())

    assert (answer.status_code, answer.json()["code"]) == (403, "HELD")
    monkeypatch.undo()
    house.clock.passes(hours=1)
    await house.upkeep.round()
    assert (await house.leaves())[-1].kind == "release"


async def test_while_nobody_can_look_nothing_is_encoded(house: World) -> None:
    """Not knowing is never clean."""
    house.viewer.mood = Mood.FAILS
    answer = await ask(house, encoding())

    assert answer.status_code == 503
    assert house.upstream.calls == []


async def test_an_encoding_that_was_cut_off_is_minted_after_the_restart(house: World) -> None:
    """It was paid for: the next process finishes it as it would have been, and pays nothing."""
    house.log.refuses = frozenset({Kind.EXAMINED})
    assert (await ask(house, encoding())).status_code == 503
    house.log.refuses = frozenset()

    await house.recovery.run()

    assert (await house.leaves())[-1].kind is Kind.RELEASE
    assert house.upstream.paths == [ENCODE]
    minted = encoding_of(house.upstream.calls[0])
    assert (await ask(house, with_vibes(minted), GENERATE)).status_code == 200


async def test_a_use_is_decided_again_from_the_log_alone(house: World) -> None:
    """What was seen in the picture of an encoding stands in the entry, at its place."""
    minted = (await ask(house, encoding())).content
    answer = await ask(house, with_vibes(minted), GENERATE)
    known = UUID(answer.headers["x-imprimatur-id"])

    detail = await house.log.detail(entry_id(known, Kind.ADMIT))

    findings = detail.detail["findings"]
    assert isinstance(findings, list)
    places = {str(each["where"]) for each in findings if isinstance(each, dict)}
    assert f"parameters.{VIBES}/0" in places

"""Answers that are pictures: with their receipts, in NovelAI's two forms."""

import base64
import io
import json
import zipfile

from PIL import Image

from audit.note import Note
from pipeline.gateway import answers
from pipeline.items import Recorded, Released
from tests.unit.pipeline.lookers import RED, WHITE, Colour
from tests.unit.pipeline.world import BLOCK, SIDE, World, as_it_leaves, body, png


async def released(house: World) -> Recorded[Released]:
    house.upstream.colours = [WHITE, BLOCK, RED]
    ticket = await house.submit(samples=3, seed=40)
    assert ticket.end is not None
    end = await ticket.end
    assert isinstance(end.outcome, Released)
    return Recorded(end.outcome, end.receipts)


async def test_a_zip_has_each_picture_under_its_own_index(house: World) -> None:
    """Whoever is withheld, no other takes its name."""
    answer = answers.pictures(await released(house), "*/*")

    archive = zipfile.ZipFile(io.BytesIO(bytes(answer.body)))
    assert archive.namelist() == ["image_0.png", "image_2.png"]
    assert archive.read("image_2.png") == as_it_leaves(png(RED))
    assert answer.headers["x-imprimatur-withheld"] == "1"
    assert answer.media_type == "binary/octet-stream"


async def test_json_has_each_picture_with_its_index_and_seed(house: World) -> None:
    """A seed of a picture is that of its place in the batch."""
    answer = answers.pictures(await released(house), "application/json")

    images = json.loads(bytes(answer.body))["images"]
    assert [(each["index"], each["seed"]) for each in images] == [(0, 40), (2, 42)]
    assert base64.b64decode(images[1]["image"]) == as_it_leaves(png(RED))


async def test_each_answer_carries_its_receipt(house: World) -> None:
    """Whoever keeps it can show later that the log was rewritten."""
    recorded = await released(house)

    headers = answers.receipt_headers(recorded.receipts[-1])

    assert headers["X-Audit-Id"] == str(recorded.receipts[-1].entry_id)
    Note.parse(base64.b64decode(headers["X-Audit-Checkpoint"]).decode())


async def test_the_same_pictures_are_the_same_zip(house: World) -> None:
    """No clock is in it: an answer can be compared byte for byte."""
    recorded = await released(house)

    assert answers.pictures(recorded, "").body == answers.pictures(recorded, "").body


async def test_a_webp_is_named_as_one(house: World) -> None:
    """Whatever it is called upstream: clients choose a decoder by the name."""
    drawn = webp(WHITE)
    house.upstream.pictures = [drawn]
    async with house.client() as client:
        made = await client.post("/ai/generate-image", json=body(image_format="webp"))
        listed = await client.post("/v1/generations", json=body(image_format="webp"))
        shown = await client.get(listed.json()["images"][0]["url"])

    archive = zipfile.ZipFile(io.BytesIO(made.content))
    assert archive.namelist() == ["image_0.webp"]
    assert archive.read("image_0.webp") == as_it_leaves(drawn) == shown.content
    assert shown.headers["content-type"] == "image/webp"


def webp(colour: Colour) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), colour).save(out, "WEBP", lossless=True)
    return out.getvalue()

"""Release: what was cleared is opened with the receipt of its own examination."""

import hashlib
import io
from dataclasses import replace

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipeline.errors import AlteredObjectError, NotExaminedError
from pipeline.items import Examined, Recorded
from pipeline.stages.release import Release
from tests.unit.pipeline.lookers import RED, WHITE
from tests.unit.pipeline.world import BLOCK, World, png


async def examined(
    house: World, *colours: tuple[int, int, int], **more: object
) -> Recorded[Examined]:
    generated = await house.generated(*colours, **more)  # type: ignore[arg-type]  # pictures
    outcome = await house.flow.examine(generated)
    submission = generated.outcome.screened.submission
    return Recorded(outcome, await house.record.write(submission, outcome))


async def test_cleared_pictures_are_opened_and_the_rest_is_counted(house: World) -> None:
    """Each as it was examined, byte for byte."""
    released = await house.flow.release(await examined(house, WHITE, BLOCK, RED))

    assert [each.sealed.index for each in released.pictures] == [0, 2]
    assert [each.data for each in released.pictures] == [png(WHITE), png(RED)]
    assert released.withheld == 1
    for each in released.pictures:
        assert each.sha256 == each.sealed.sha256 == hashlib.sha256(each.data).hexdigest()


async def test_the_receipt_of_another_submission_opens_nothing(house: World) -> None:
    """Somebody else's clean picture clears nothing of mine."""
    mine, theirs = await examined(house, WHITE), await examined(house, RED)

    with pytest.raises(NotExaminedError):
        await house.flow.release(Recorded(mine.outcome, theirs.receipts))


async def test_the_receipt_of_another_step_opens_nothing(house: World) -> None:
    """To be on record is not to be examined."""
    generated = await house.generated(WHITE)
    outcome = await house.flow.examine(generated)

    with pytest.raises(NotExaminedError):
        await house.flow.release(Recorded(outcome, generated.receipts))


async def test_receipts_and_pictures_must_be_as_many(house: World) -> None:
    """A mix-up is a fault, never a guess."""
    both = await examined(house, WHITE, RED)

    with pytest.raises(ValueError, match="zip"):
        await house.flow.release(replace(both, receipts=both.receipts[:1]))


async def test_what_was_exchanged_does_not_open(house: World) -> None:
    """Another picture under the same name is not what was examined."""
    mine = await examined(house, WHITE)
    (picture,) = mine.outcome.generated.pictures
    await house.vault.destroy(picture.vault_id)
    submission = mine.outcome.generated.screened.submission
    await house.vault.put(png(RED), submission.id, "picture-0")

    with pytest.raises(AlteredObjectError):
        await house.flow.release(mine)


async def test_stripped_pictures_lose_their_texts_and_no_pixel(house: World) -> None:
    """The prompt that NovelAI writes into a file does not leave, if the operator says so."""
    noted = PngInfo()
    noted.add_text("Comment", '{"prompt": "a harbour"}')
    out = io.BytesIO()
    Image.new("RGB", (64, 64), WHITE).save(out, "PNG", pnginfo=noted)
    item = await examined(house, pictures=[out.getvalue()])

    kept = await Release(house.vault, house.lineage, strip_text=False)(item)
    stripped = await Release(house.vault, house.lineage, strip_text=True)(item)

    assert b"a harbour" in kept.pictures[0].data
    assert b"a harbour" not in stripped.pictures[0].data
    assert stripped.pictures[0].sealed.sha256 == kept.pictures[0].sha256
    assert stripped.pictures[0].sha256 != kept.pictures[0].sha256
    opened = Image.open(io.BytesIO(stripped.pictures[0].data)).convert("RGB")
    assert opened.tobytes() == Image.new("RGB", (64, 64), WHITE).tobytes()

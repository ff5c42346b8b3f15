"""Release: what was cleared is opened with the receipt of its own examination."""

import hashlib
import io
from dataclasses import replace

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import update

from audit.entry import Kind
from pipeline.errors import AlteredObjectError, MarkingError, NotExaminedError, StoreError
from pipeline.items import Cause, Examined, Held, Recorded, Released, ReleasedMetadata
from pipeline.marking.xmp import PACKET
from pipeline.stages.release import Release
from pipeline.store.tenants import tenants
from pipeline.store.writer import changing
from tests.unit.pipeline.lookers import RED, WHITE
from tests.unit.pipeline.world import BLOCK, TENANT, World, as_it_leaves, png


async def examined(
    house: World, *colours: tuple[int, int, int], **more: object
) -> Recorded[Examined]:
    generated = await house.generated(*colours, **more)  # type: ignore[arg-type]  # pictures
    outcome = await house.flow.examine(generated)
    submission = generated.outcome.screened.submission
    return Recorded(outcome, await house.record.write(submission, outcome))


async def test_cleared_pictures_are_opened_and_the_rest_is_counted(house: World) -> None:
    """Each is the picture that was examined, and says that a machine made it."""
    released = await house.flow.release(await examined(house, WHITE, BLOCK, RED))

    assert [each.sealed.index for each in released.pictures] == [0, 2]
    drawn = [png(WHITE), png(RED)]
    assert [each.data for each in released.pictures] == [as_it_leaves(each) for each in drawn]
    assert released.withheld == 1
    for each, was in zip(released.pictures, drawn, strict=True):
        assert each.sealed.sha256 == hashlib.sha256(was).hexdigest()
        assert each.sha256 == hashlib.sha256(each.data).hexdigest()
        assert PACKET in each.data


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


def noted(prompt: str) -> bytes:
    info = PngInfo()
    info.add_text("Comment", f'{{"prompt": "{prompt}"}}')
    out = io.BytesIO()
    Image.new("RGB", (64, 64), WHITE).save(out, "PNG", pnginfo=info)
    return out.getvalue()


@pytest.mark.parametrize("metadata", ReleasedMetadata)
async def test_a_tenant_chooses_what_of_its_texts_leaves(
    house: World, metadata: ReleasedMetadata
) -> None:
    """And the entry says what was done, with a commitment to the bytes that left."""
    tenant = await house.store.tenants.get(TENANT)
    assert tenant is not None
    await house.store.tenants.change(replace(tenant, released_metadata=metadata))
    house.upstream.pictures = [noted("a harbour")]
    outcome = await house.end()
    assert isinstance(outcome, Released)

    (picture,) = outcome.pictures
    assert (b"a harbour" in picture.data) == (metadata is ReleasedMetadata.KEEP)
    assert PACKET in picture.data
    (leaf,) = [
        leaf for leaf in await house.leaves(outcome.submission.id) if leaf.kind is Kind.RELEASE
    ]
    assert leaf.public["mark"] == picture.mark == f"{metadata.value}+xmp"
    assert leaf.public["marked"] is True
    assert leaf.public["bytes"] == len(picture.data)
    opened = await house.log.detail(leaf.entry_id)
    assert opened.personal["sha256"] == picture.sha256
    assert opened.personal["examined_sha256"] == picture.sealed.sha256


async def test_what_cannot_be_marked_is_held(house: World) -> None:
    """It is paid for, so nothing is lost; and it does not leave unmarked."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), WHITE).save(out, "JPEG")
    house.upstream.pictures = [out.getvalue()]

    outcome = await house.end()

    assert isinstance(outcome, Examined)
    (held,) = outcome.outcomes
    assert isinstance(held, Held)
    assert (held.cause, held.reason) == (Cause.INCAPACITY, "fault_MarkingError")


async def test_what_cannot_be_signed_is_not_released_unsigned(house: World) -> None:
    """Where the operator has a certificate, a picture without its manifest does not leave."""

    def broken(_: bytes) -> bytes:
        raise MarkingError("a key", "none")

    item = await examined(house, WHITE)

    with pytest.raises(MarkingError):
        await Release(house.vault, house.lineage, house.tenancy, broken)(item)


async def test_nothing_leaves_while_nobody_knows_what_its_tenant_chose(house: World) -> None:
    """What cannot be read is no reason to let a prompt travel."""
    other = update(tenants).values(released_metadata="everything")
    item = await examined(house, WHITE)
    await house.store.tenants.transact(changing(other))

    with pytest.raises(StoreError):
        await house.flow.release(item)

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import ConflictError
from pipeline.store.pictures import BEFORE, Picture, PictureState
from pipeline.store.store import Store
from pipeline.store.submissions import SubmissionRow

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def picture(store: Store, row: SubmissionRow) -> Picture:
    """The first picture of an admitted submission, not yet added."""
    await store.admission.admit(row)
    return Picture("harbour", row.id, 0, "a" * 32, "d" * 64, PictureState.CLEARED, NOON + DAY)


class TestPictures:
    async def test_they_are_read_in_their_order(self, store: Store, picture: Picture) -> None:
        """A picture keeps its place among its siblings."""
        pictures = tuple(replace(picture, index=n, vault_id=str(n) * 32) for n in (2, 0, 1))

        await store.pictures.add(pictures)

        found = await store.pictures.of("harbour", picture.submission)
        assert found == tuple(sorted(pictures, key=lambda one: one.index))

    async def test_none_is_added_if_one_exists(self, store: Store, picture: Picture) -> None:
        """All samples of a call are remembered, or the call is not."""
        await store.pictures.add([picture])

        with pytest.raises(ConflictError):
            await store.pictures.add([replace(picture, index=1), picture])
        assert await store.pictures.of("harbour", picture.submission) == (picture,)

    async def test_no_pictures_is_no_work(self, store: Store, picture: Picture) -> None:
        """An empty list is not an error of the database."""
        await store.pictures.add([])

        assert await store.pictures.of("harbour", picture.submission) == ()

    async def test_another_tenant_sees_none(self, store: Store, picture: Picture) -> None:
        """Tenants are apart, even for one who knows an id."""
        await store.pictures.add([picture])

        assert await store.pictures.of("meadow", picture.submission) == ()
        assert not await store.pictures.move(
            replace(picture, tenant="meadow"), PictureState.DESTROYED
        )

    @pytest.mark.parametrize("to", PictureState)
    async def test_only_the_drawn_ways_can_be_gone(
        self, store: Store, picture: Picture, to: PictureState
    ) -> None:
        """A picture is released from `cleared` and from nowhere else."""
        rows = [replace(picture, index=n, state=start) for n, start in enumerate(PictureState)]
        await store.pictures.add(rows)

        moved = {row.state for row in rows if await store.pictures.move(row, to)}

        assert moved == BEFORE[to]

    def test_release_needs_clearance(self) -> None:
        """The promise of the house, in the table that holds it."""
        assert BEFORE[PictureState.RELEASED] == {PictureState.CLEARED}

    async def test_its_time_can_change_with_its_state(self, store: Store, picture: Picture) -> None:
        """Released pictures are kept for the tenant's time, counted from release."""
        await store.pictures.add([replace(picture, state=PictureState.CLEARED)])

        await store.pictures.move(picture, PictureState.RELEASED, NOON + 2 * DAY)

        (moved,) = await store.pictures.of("harbour", picture.submission)
        assert moved.expires_at == NOON + 2 * DAY


class TestExpired:
    async def test_what_is_out_of_time_is_found_until_it_is_destroyed(
        self, store: Store, picture: Picture
    ) -> None:
        """Pictures are kept no longer than was promised."""
        picture = replace(picture, state=PictureState.RELEASED)
        await store.pictures.add([picture])

        assert await store.pictures.expired(NOON) == ()
        assert await store.pictures.expired(NOON + DAY) == (picture,)
        await store.pictures.move(picture, PictureState.DESTROYED)
        assert await store.pictures.expired(NOON + DAY) == ()

    @pytest.mark.parametrize("state", [PictureState.CLEARED, PictureState.HELD])
    async def test_what_is_on_its_way_waits_for_its_end(
        self, store: Store, picture: Picture, state: PictureState
    ) -> None:
        """Nothing disappears under the hands of a reviewer, a machine or a recovery."""
        await store.pictures.add([replace(picture, state=state)])

        assert await store.pictures.expired(NOON + 100 * DAY) == ()

    async def test_the_sweep_is_told_what_is_kept(self, store: Store, picture: Picture) -> None:
        """The sweep destroys what nobody knows of, and only that."""
        gone = replace(picture, index=1, vault_id="b" * 32, state=PictureState.DESTROYED)
        await store.pictures.add([picture, gone])

        assert await store.pictures.kept() == {picture.vault_id}

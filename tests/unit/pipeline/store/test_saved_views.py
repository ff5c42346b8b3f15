"""Views of the queue that people keep: each their own."""

from pipeline.store.saved_views import MOST
from pipeline.store.store import Store

ADA, BO = "person-ada", "person-bo"


async def test_a_view_is_its_persons_alone(store: Store) -> None:
    """Under one name there is one; nobody drops another's."""
    assert await store.saved_views.save(ADA, "mornings", {"family": "SEX"})
    assert await store.saved_views.save(ADA, "mornings", {"family": "VIO"})
    assert await store.saved_views.save(BO, "mornings", {})
    await store.saved_views.drop(BO, "mornings")

    assert await store.saved_views.of(ADA) == {"mornings": {"family": "VIO"}}
    assert await store.saved_views.of(BO) == {}


async def test_nobody_keeps_more_than_can_be_listed(store: Store) -> None:
    """One that is there can still be changed."""
    for number in range(MOST):
        assert await store.saved_views.save(ADA, f"{number:02}", {})

    assert not await store.saved_views.save(ADA, "one more", {})
    assert await store.saved_views.save(ADA, "00", {"family": "SEX"})
    assert [*await store.saved_views.of(ADA)] == [f"{number:02}" for number in range(MOST)]

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data as photographs

from classifiers.canonical import Canonical
from classifiers.content import Purpose
from classifiers.errors import ModelError
from classifiers.hash_match import near_score
from classifiers.perceptual import BYTES, VARIANTS, Hashed, hashes_of
from classifiers.remote_list import Known, RemoteList, Said
from classifiers.signals import Reason, Signal, SignalName, Unavailable

LookedAt = Callable[[NDArray[np.uint8]], Canonical]
CSAM, BLOCKED = SignalName.HASH_CSAM_NEAR, SignalName.HASH_BLOCKED_NEAR
NO = Said(Known.NO)


@pytest.fixture
def picture(looked_at: LookedAt) -> Canonical:
    """A cup of coffee."""
    return looked_at(photographs.coffee()[::4, ::4])  # type: ignore[no-untyped-call]  # it has no types


class Listed:
    """A list that knows some hashes, and remembers what it was asked."""

    def __init__(self, knows: dict[bytes, Said] | None = None) -> None:
        self.knows = knows or {}
        self.asked: list[bytes] = []

    def __call__(self, hashes: Sequence[bytes]) -> dict[bytes, Said]:
        """Answer for each hash."""
        self.asked += hashes
        return {each: self.knows.get(each, NO) for each in hashes}


def remote(listed: Callable[[Sequence[bytes]], dict[bytes, Said]]) -> RemoteList:
    return RemoteList("shield", "https://shield.test/v1/pdq/", listed)


def rows(picture: Canonical) -> list[bytes]:
    (hashed,) = hashes_of(picture)
    assert isinstance(hashed, Hashed)
    return [row.tobytes() for row in hashed.pdq]


def test_what_is_not_known_scores_nothing(picture: Canonical) -> None:
    """The matches below would prove nothing if everything matched."""
    listed = Listed()

    found = remote(listed).classify(picture)

    assert [(each.name, each.score) for each in found if isinstance(each, Signal)] == [
        (BLOCKED, 0.0),
        (CSAM, 0.0),
    ]
    assert sorted(listed.asked) == sorted(set(rows(picture)))
    assert all(len(each) == BYTES for each in listed.asked)


@pytest.mark.parametrize(
    ("said", "name", "score"),
    [
        (Said(Known.CSAM, exactly=True), CSAM, 1.0),
        (Said(Known.CSAM), CSAM, near_score(31)),
        (Said(Known.HARMFUL), BLOCKED, near_score(31)),
        (Said(Known.TEST, exactly=True), BLOCKED, 1.0),
    ],
)
def test_what_is_known_is_a_suspicion_of_its_kind(
    picture: Canonical, said: Said, name: SignalName, score: float
) -> None:
    """A mirrored copy is one too; a person looks, because a hash alone proves nothing."""
    mirrored = VARIANTS.index("mirrored")

    found = remote(Listed({rows(picture)[mirrored]: said})).classify(picture)

    hits = [each for each in found if isinstance(each, Signal) and each.score > 0]
    assert [(each.name, each.score, each.evidence) for each in hits] == [
        (name, score, "remote:shield v=mirrored")
    ]
    assert {each.name for each in found} == {CSAM, BLOCKED}


@pytest.mark.parametrize("purpose", [Purpose.OUTPUT, Purpose.MASK])
def test_nobody_is_asked_about_what_no_list_knows(purpose: Purpose, looked_at: LookedAt) -> None:
    """A picture that was just made is on no list, and half of all masks look alike."""
    listed = Listed()
    seen = looked_at(np.zeros((64, 64, 3), np.uint8))
    picture = replace(seen, purpose=purpose)

    found = remote(listed).classify(picture)

    assert not listed.asked
    assert [each.reason for each in found if isinstance(each, Unavailable)] == [
        Reason.NOT_ASSESSED
    ] * 2


def test_what_is_too_flat_to_hash_is_not_unknown_to_the_list(looked_at: LookedAt) -> None:
    """Nobody was asked, so nobody said no."""
    listed = Listed()

    found = remote(listed).classify(looked_at(np.full((64, 64, 3), 9, np.uint8)))

    assert not listed.asked
    assert {each.reason for each in found if isinstance(each, Unavailable)} == {Reason.TOO_FLAT}
    assert len(found) == 2


def test_an_answer_that_leaves_out_a_hash_is_none(picture: Canonical) -> None:
    """What was not answered would else be taken for no match."""
    with pytest.raises(ModelError, match="for each hash"):
        remote(lambda hashes: dict.fromkeys(hashes[1:], NO)).classify(picture)


def test_it_warms_by_a_hash_that_nobody_knows() -> None:
    """A list that says yes to everything would hold everybody."""
    remote(Listed()).warm()

    with pytest.raises(ModelError, match="hash of nothing"):
        remote(lambda hashes: dict.fromkeys(hashes, Said(Known.CSAM))).warm()

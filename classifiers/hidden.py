"""Tells which of the pictures that a file carries beside its own show anything else."""

import numpy as np

from classifiers.canonical import Canonical
from classifiers.hash_match import STRONG
from classifiers.perceptual import Hashed, TooFlat, hash_square
from classifiers.waves import SIDE


def hidden_in(picture: Canonical) -> tuple[Canonical, ...]:
    """Return the pictures in the file of `picture` that do not show what it shows itself.

    A thumbnail of the picture, whichever way up, tells nothing new. Of one that is too flat to be
    compared nobody can know that.
    """
    if not picture.hidden:
        return ()
    shown = hash_square(picture.shrunk(SIDE, SIDE))
    return tuple(each for each in picture.hidden if not _same(shown, each))


def _same(shown: Hashed | TooFlat, other: Canonical) -> bool:
    seen = hash_square(other.shrunk(SIDE, SIDE))
    if not isinstance(shown, Hashed) or not isinstance(seen, Hashed) or len(other.views) > 1:
        return False
    unlike = np.bitwise_count(shown.pdq ^ seen.pdq[0]).sum(axis=1)
    return bool(unlike.min() <= STRONG)

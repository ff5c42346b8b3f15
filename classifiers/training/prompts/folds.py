"""Which sources are left out together."""

from collections.abc import Mapping
from typing import Final

FOLDS: Final[Mapping[str, tuple[str, ...]]] = {
    "coprov2": ("coprov2",),
    "nibbler": ("nibbler",),
    "hate": ("hatemoji", "davidson", "surge"),
    "questions": ("ailuminate", "catqa"),
}

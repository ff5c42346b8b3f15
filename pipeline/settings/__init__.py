"""What an operator decides: read once at start-up, checked, and never changed while serving."""

from pipeline.settings.installation import KEY_NAMES, first_start, read_key
from pipeline.settings.loading import load
from pipeline.settings.values import (
    BankFile,
    Listen,
    ReleasedMetadata,
    Settings,
    TermPackFile,
    Upstream,
)

__all__ = [
    "KEY_NAMES",
    "BankFile",
    "Listen",
    "ReleasedMetadata",
    "Settings",
    "TermPackFile",
    "Upstream",
    "first_start",
    "load",
    "read_key",
]

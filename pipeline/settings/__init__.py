"""What an operator decides: read once at start-up, checked, and never changed while serving."""

from pipeline.settings.installation import KEY_NAMES, first_start, read_key
from pipeline.settings.loading import FILE_NAME, load, read
from pipeline.settings.values import (
    BankFile,
    Listen,
    RemoteListPart,
    Service,
    Settings,
    SyncPart,
    TermPackFile,
    Upstream,
)

__all__ = [
    "FILE_NAME",
    "KEY_NAMES",
    "BankFile",
    "Listen",
    "RemoteListPart",
    "Service",
    "Settings",
    "SyncPart",
    "TermPackFile",
    "Upstream",
    "first_start",
    "load",
    "read",
    "read_key",
]

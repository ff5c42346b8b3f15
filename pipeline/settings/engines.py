"""The self-hosted engines that an operator has, and what each may be asked for."""

from enum import StrEnum

from pipeline.settings.part import LocalPath, Part


class EngineKind(StrEnum):
    """Whose API it speaks."""

    WEBUI = "webui"


class CheckpointPart(Part):
    """A file of weights that may draw."""

    name: str
    """As requests ask for it: `model: ENGINE/NAME`."""
    sha256: str
    photographic: bool
    """Whether it draws what looks like photographs. It has no default: somebody has looked."""


class EnginePart(Part):
    """One engine. Whoever reaches its address can use it without a gate: keep it to this host."""

    name: str
    kind: EngineKind
    address: str
    credentials_file: LocalPath | None = None
    """Holds `USER:PASSWORD`, mode 0600."""
    checkpoints: tuple[CheckpointPart, ...]

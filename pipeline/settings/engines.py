"""The self-hosted engines that an operator has, and what each may be asked for."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from pipeline.items import Tier
from pipeline.settings.part import LocalPath, Part


class EngineKind(StrEnum):
    """Whose API it speaks."""

    WEBUI = "webui"
    COMFYUI = "comfyui"


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


class RoutePart(Part):
    """A name that requests may ask for in the place of a model. The first that fits counts."""

    name: str
    to: str
    """A model of NovelAI's, or `ENGINE/CHECKPOINT`."""
    tenants: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    busy_from: Annotated[int, Field(ge=0, le=10_000)] = 0
    anlas_below: Annotated[int | None, Field(ge=0)] = None

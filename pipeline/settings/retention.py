"""How long entries, and what is encrypted beside them, are kept: never below the floors."""

from typing import Annotated

from pydantic import Field

from pipeline.settings.part import Part

_LONGEST = 36_500


class Retention(Part):
    """Days, by class (docs/retention.md)."""

    allowed_days: Annotated[int, Field(ge=1, le=_LONGEST)] = 90
    """Of requests that were given a picture."""
    refused_days: Annotated[int, Field(ge=180, le=_LONGEST)] = 270
    """Of those that were not: an appeal has six months, and its decision takes a while."""
    decisions_days: Annotated[int, Field(ge=1095, le=_LONGEST)] = 1095
    """Rulings, notices, appeals and reports."""
    records_days: Annotated[int, Field(ge=2555, le=_LONGEST)] = 2555
    """Accesses, exports, holds, erasures and changes."""
    period_days: Annotated[int, Field(ge=1, le=30)] = 7
    """How often the key of the details changes, which completes erasures: within the month that
    whoever asks for one may wait."""
    shard_days: Annotated[int, Field(ge=1, le=366)] = 183
    """How long a shard of the log is."""
    log_days: Annotated[int, Field(ge=2555, le=_LONGEST)] = 2555
    """How long the entries of a shard stay that is closed from now on."""

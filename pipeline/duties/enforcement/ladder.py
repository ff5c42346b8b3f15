"""The steps: which codes give strikes, and what follows from how many, from one file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.duties.enforcement.errors import LadderError
from policies.labels import HarmCode

SHIPPED: Final = Path(__file__).with_name("ladder.yaml")
FALLBACK: Final = "en"
REDRESS: Final = "redress"
LONGEST: Final = timedelta(days=30)
"""What a machine restricts ends by itself after this at the latest."""
_NO_BREACH: Final = frozenset(
    {
        HarmCode.OK,
        HarmCode.UNKNOWN,
        HarmCode.CAPABILITY,
        HarmCode.AGE_CLAIM,
        HarmCode.TEXT_LANGUAGE,
        HarmCode.TEXT_UNREADABLE,
    }
)
"""What nobody could look at, or was asked without a claim, is no breach of anything."""


class Step(StrEnum):
    """What follows, mildest first."""

    WARN = "warn"
    COOL_DOWN = "cool_down"
    SAFE_TIER = "safe_tier"
    SUSPEND = "suspend"
    REFER = "refer"
    """Suspended, and the platform is told to decide about the account."""

    @property
    def stops(self) -> bool:
        """Whether nothing is made for the end user."""
        return self in {Step.COOL_DOWN, Step.SUSPEND, Step.REFER}

    @property
    def rank(self) -> int:
        """Greater is graver."""
        return list(Step).index(self)


class _Strikes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    weight: int = Field(ge=1, le=100)
    days: int = Field(ge=1, le=366)
    codes: Annotated[list[HarmCode], Field(min_length=1)]


class _Rung(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    at: int = Field(ge=1, le=1000)
    step: Step
    hours: int = Field(0, ge=0, le=int(LONGEST.total_seconds()) // 3600)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    strikes: list[_Strikes]
    steps: list[_Rung]
    texts: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Rung:
    """A step, from how much on it is taken, and for how long; a warning restricts nothing."""

    at: int
    step: Step
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Weight:
    """What one breach counts, and for how long."""

    weight: int
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """All steps, in their order."""

    digest: str
    weights: Mapping[HarmCode, Weight]
    rungs: Sequence[Rung]
    texts: Mapping[str, Mapping[str, str]] = field(repr=False)

    @classmethod
    def read(cls, path: Path | None = None) -> "Ladder":
        """Read the file; without one the steps that come with it.

        Raises:
            LadderError: it says something twice or nothing, a step would never end, or what is
                no breach would give a strike.
        """
        path = path or SHIPPED
        raw = path.read_bytes()
        try:
            said = _File.model_validate(yaml.safe_load(raw))
        except (yaml.YAMLError, ValidationError) as fault:
            raise LadderError(path.name, "strikes, steps, texts", type(fault).__name__) from None
        _check(path.name, said)
        weights = {
            code: Weight(each.weight, timedelta(days=each.days))
            for each in said.strikes
            for code in each.codes
        }
        rungs = [Rung(each.at, each.step, timedelta(hours=each.hours)) for each in said.steps]
        return cls(sha256(raw).hexdigest(), weights, rungs, said.texts)

    def text(self, name: str, wanted: str) -> str:
        """Return a text in the first language of `wanted` (an Accept-Language) that there is."""
        asked = [
            part.split(";")[0].strip().lower().split("-")[0] for part in wanted.split(",")[:10]
        ]
        language = next((each for each in asked if each in self.texts), FALLBACK)
        return self.texts[language][name]


def _check(name: str, said: _File) -> None:
    codes = [code for each in said.strikes for code in each.codes]
    if len({*codes}) < len(codes):
        raise LadderError(name, "each code once", "one twice")
    if no := _NO_BREACH.intersection(codes):
        raise LadderError(name, "codes of breaches", ", ".join(sorted(no)))
    for lower, higher in pairwise(said.steps):
        if lower.at >= higher.at or lower.step.rank >= higher.step.rank:
            raise LadderError(name, "steps that rise", f"{lower.step} before {higher.step}")
    for each in said.steps:
        if (each.hours == 0) is not (each.step is Step.WARN):
            raise LadderError(name, "hours for every step but a warning", each.step)
    needed = {*map(str, Step), REDRESS}
    if FALLBACK not in said.texts:
        raise LadderError(name, f"the language {FALLBACK}", sorted(said.texts))
    for language, texts in said.texts.items():
        if {*texts} != needed or not all(text.strip() for text in texts.values()):
            raise LadderError(name, "every text in every language", language)

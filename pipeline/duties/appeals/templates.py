"""The texts of notices: by ground and language, from one file whose digest every notice names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.duties.appeals.errors import TemplatesError
from pipeline.duties.dsa.projection import PROJECTION
from pipeline.items import NEVER_RELEASED
from policies.labels import HarmCode

SHIPPED: Final = Path(__file__).with_name("notices.yaml")
FALLBACK: Final = "en"
UNTOLD: Final = "untold"
MINORS: Final = "minors"
"""The ground of what was untold and is told after all."""
_SENTENCES: Final = frozenset(
    ("request_refused", "pictures_withheld", "fully", "partially", "redress")
) | {"upheld", "reversed", "waiting"}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    open_days: int = Field(ge=184)  # no six months have more days
    decide_days: int = Field(ge=1, le=90)
    grounds: Mapping[str, list[HarmCode]]
    texts: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Templates:
    """What is told of each code, in each language, and the clocks of appeals."""

    digest: str
    open_for: timedelta
    decide_within: timedelta
    grounds: Mapping[HarmCode, str]
    texts: Mapping[str, Mapping[str, str]] = field(repr=False)

    @classmethod
    def read(cls, path: Path = SHIPPED) -> "Templates":
        """Read the file.

        Raises:
            TemplatesError: a code has no ground, a ground no text in some language, or something
                of `CSE.*` would be told.
        """
        raw = path.read_bytes()
        try:
            said = _File.model_validate(yaml.safe_load(raw))
        except (yaml.YAMLError, ValidationError) as fault:
            raise TemplatesError(path.name, "grounds and texts", type(fault).__name__) from None
        grounds = {code: name for name, codes in said.grounds.items() for code in codes}
        _check(path.name, said, grounds)
        return cls(
            sha256(raw).hexdigest(),
            timedelta(days=said.open_days),
            timedelta(days=said.decide_days),
            grounds,
            said.texts,
        )

    def language(self, wanted: str) -> str:
        """Return the first language of `wanted` (an Accept-Language) that there is."""
        asked = [
            part.split(";")[0].strip().lower().split("-")[0] for part in wanted.split(",")[:10]
        ]
        return next((each for each in asked if each in self.texts), FALLBACK)

    def ground(self, code: HarmCode, *, lifted: bool) -> str:
        """Return the ground of a code; `lifted` says that even `CSE.*` is told."""
        return MINORS if lifted and code.family == NEVER_RELEASED else self.grounds[code]


def _check(name: str, said: _File, grounds: Mapping[HarmCode, str]) -> None:
    every = {code for code, row in PROJECTION.items() if row is not None}
    listed = [code for codes in said.grounds.values() for code in codes]
    if set(grounds) != every or len(listed) != len(every):
        raise TemplatesError(name, "one ground for each code of content", "others")
    worst = {code for code in every if code.family == NEVER_RELEASED}
    if any(grounds[code] != UNTOLD for code in worst):
        raise TemplatesError(name, "CSE.* untold until it is lifted", "another ground")
    needed = _SENTENCES | {*said.grounds, MINORS}
    if FALLBACK not in said.texts:
        raise TemplatesError(name, f"the language {FALLBACK}", sorted(said.texts))
    for language, texts in said.texts.items():
        if frozenset(texts) != needed or not all(text.strip() for text in texts.values()):
            raise TemplatesError(name, "every text in every language", language)

"""LoRAs come through the door: proposed with what trained them, activated by a second person.

What is proposed is a manifest. It has to say that somebody looked at every picture that it was
trained on, and saw no minor and no real person there. Nothing is tried: nobody can look into
weights. What they draw is examined each time like any other picture.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final, Literal

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from audit.entry import Json
from pipeline.changes import door
from pipeline.engines.engine import Lora
from pipeline.errors import ChangeError, SettingsError
from pipeline.settings.mapping import parse
from pipeline.store.changes import Change

_say = structlog.get_logger("changes")
_LONGEST: Final = 1 << 16
_DIGEST: Final = r"^[0-9a-f]{64}$"
_WORDS: Final = Field(min_length=1, max_length=2000)


class Depicts(StrEnum):
    """What a LoRA was trained to draw."""

    CHARACTER = "drawn_adult_character"
    STYLE = "style"
    OBJECT = "object"


class Manifest(BaseModel):
    """What has to be said of a LoRA before a prompt may name it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    tenant: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,31}$")]
    """As prompts name it: `<lora:NAME:1>`."""
    sha256: Annotated[str, Field(pattern=_DIGEST)]
    """Of its weights, as the engine tells it."""
    depicts: Depicts
    pictures: Annotated[int, Field(ge=1, le=1_000_000)]
    """How many it was trained on."""
    pictures_sha256: Annotated[str, Field(pattern=_DIGEST)]
    """Of the list of their digests, so that it can be shown later which they were."""
    sources: Annotated[str, _WORDS]
    """Where they came from, and by what right."""
    trained_by: Annotated[str, _WORDS]
    trained_at: AwareDatetime
    looked_at_by: Annotated[str, _WORDS]
    """Who looked at every one of them."""
    no_minor_in_any: Literal[True]
    no_real_person_in_any: Literal[True]

    @property
    def known_as(self) -> str:
        """What tells it from others: it is its tenant's."""
        return f"{self.tenant}/{self.name}"


@dataclass(slots=True)
class Loras:
    """Those that two people have let in."""

    _standing: Mapping[str, str] = field(default_factory=dict[str, str])
    """The manifests, by tenant and name."""
    _loras: Sequence[Lora] = ()

    def standing(self) -> Sequence[Lora]:
        """Return those that prompts may name now."""
        return self._loras

    async def tried(self, body: str, days: float, person: str) -> door.Trial:
        """Check a manifest; `days` is not for them.

        Raises:
            ChangeError: it lacks something, or is in force already.
        """
        del days, person
        manifest = _read(body)
        if self._standing.get(manifest.known_as) == body:
            raise ChangeError("it is what is in force already")
        return await self._trial(manifest.known_as, body)

    async def tried_back(self, last: Change, person: str) -> door.Trial:
        """Try what `last` took the place of: mostly that it is not there."""
        del person
        return await self._trial(last.name, last.before_body)

    async def shadowed(self, change: Change, person: str) -> Mapping[str, Json]:
        """Say when it was proposed: nothing that was decided since could have used it."""
        del person
        return {"since": change.proposed_at.isoformat(), **_said(change.body)}

    async def basis(self) -> str:
        """Return the digest of all that are in force."""
        told = [f"{name} {_digest(body)}" for name, body in sorted(self._standing.items())]
        return sha256("\n".join(told).encode()).hexdigest()

    def take(self, activated: Sequence[Change], unproven: frozenset[str]) -> None:
        """Let prompts name what was activated last under each name, if the log has its entry."""
        last = {change.name: change.body for change in activated}
        standing, loras = dict[str, str](), list[Lora]()
        for name, body in last.items():
            if body is None:
                continue
            standing[name] = body
            try:
                read = _read(body)
            except ChangeError:  # another version of this program took it
                read = None
            if read is None or name in unproven:
                _say.error("lora not used", lora=name)
            else:
                loras.append(Lora(read.tenant, read.name, read.sha256))
        self._standing, self._loras = standing, loras

    async def _trial(self, name: str, body: str | None) -> door.Trial:
        old = self._standing.get(name)
        return door.Trial(
            name,
            None if old is None else _digest(old),
            None if body is None else _digest(body),
            body,
            old,
            everywhere=False,
            milder=body is not None,
            basis=await self.basis(),
            report=_said(body),
        )


def _said(body: str | None) -> dict[str, Json]:
    """Say of a manifest what the second person has to read."""
    return {} if body is None else {"manifest": _read(body).model_dump(mode="json")}


def _digest(body: str) -> str:
    return sha256(body.encode()).hexdigest()


def _read(body: str) -> Manifest:
    if len(body) > _LONGEST:
        message = f"a manifest: expected at most {_LONGEST} characters"
        raise ChangeError(message)
    try:
        tree = parse(body, "manifest")
        return Manifest.model_validate_json(json.dumps(tree, default=str), strict=True)
    except SettingsError as fault:
        raise ChangeError(str(fault)) from None
    except ValidationError as fault:
        wrong = sorted({".".join(map(str, each["loc"])) for each in fault.errors()})
    message = f"a manifest: missing, unknown or not what is expected: {', '.join(wrong)}"
    raise ChangeError(message)

"""Changes of term packs: an operator's own terms, sealed, laid on the lists that ship.

What is proposed is a sealed pack and its name. Trying it reads again the texts of requests whose
pictures were released last. From the first activation of a name on, the file of that name in the
settings is not what is looked for.
"""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import structlog

from audit.entry import Json
from classifiers.classifier import Classifier
from classifiers.errors import TermsError
from classifiers.normalise import Reading
from classifiers.prompt_terms import PromptTerms
from classifiers.signals import Finding
from classifiers.term_pack import TermPack, laid_on
from classifiers.vocabulary import shipped
from pipeline.changes import door
from pipeline.errors import ChangeError, SettingsError, TermPackError
from pipeline.store.changes import Change
from pipeline.term_packs import digest_of, unseal

_LONGEST: Final = 1 << 20
_NAME: Final = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_say = structlog.get_logger("changes")


@dataclass(slots=True)
class TermVersions:
    """The packs that the settings name, and what stands instead. `use` puts a search in force."""

    named: Mapping[str, bytes] = field(repr=False)
    key: Callable[[], bytes]
    recent: Callable[[], Awaitable[Sequence[Reading]]]
    use: Callable[[Classifier[Reading]], None]
    _standing: Mapping[str, bytes] = field(init=False, repr=False)
    _made: tuple[Mapping[str, bytes], PromptTerms] | None = field(default=None, repr=False)
    """The search that was tried last: it is what is put in force as a rule."""

    def __post_init__(self) -> None:
        """Begin with what the settings name."""
        self._standing = dict(self.named)

    async def tried(self, body: str, days: float, person: str) -> door.Trial:
        """Open a pack, and read again by it; `days` is not for packs.

        Raises:
            ChangeError: it is no pack, of another key, or in force already.
        """
        del days, person
        name, sealed = _proposed(body)
        if self._standing.get(name) == sealed:
            raise ChangeError("it is what is in force already")
        return await self._trial(name, sealed)

    async def tried_back(self, last: Change, person: str) -> door.Trial:
        """Try what `last` took the place of.

        Raises:
            ChangeError: it cannot be opened any more.
        """
        del person
        return await self._trial(last.name, _read(last.before_body))

    async def shadowed(self, change: Change, person: str) -> Mapping[str, Json]:
        """Read again what was released since, by what was proposed; of no effect.

        Raises:
            ChangeError: it cannot be opened any more.
        """
        del person
        report = await self._report(self._with(change.name, _read(change.body)))
        return {"since": change.proposed_at.isoformat(), **report}

    async def basis(self) -> str:
        """Return the digest of every pack that is in force."""
        told = [f"{name} {digest_of(sealed)}" for name, sealed in sorted(self._standing.items())]
        return sha256("\n".join(told).encode()).hexdigest()

    def take(self, activated: Sequence[Change], unproven: frozenset[str]) -> None:
        """Look for what was activated, and for what the settings name of other names."""
        standing = dict(self.named)
        for change in activated:
            if change.name in unproven:
                _say.error("term pack not used", pack=change.name, fault="unproven")
            elif (sealed := _read(change.body)) is None:
                standing.pop(change.name, None)
            else:
                standing[change.name] = sealed
        if standing != self._standing:
            self.use(self._search(standing))
            self._standing = standing

    async def _trial(self, name: str, sealed: bytes | None) -> door.Trial:
        old = self._standing.get(name)
        return door.Trial(
            name,
            None if old is None else digest_of(old),
            None if sealed is None else digest_of(sealed),
            _written(sealed),
            _written(old),
            everywhere=True,
            milder=not self._terms(name, old) <= self._terms(name, sealed),
            basis=await self.basis(),
            report=await self._report(self._with(name, sealed)),
        )

    def _with(self, name: str, sealed: bytes | None) -> dict[str, bytes]:
        others = {each: pack for each, pack in self._standing.items() if each != name}
        return others if sealed is None else {**others, name: sealed}

    def _terms(self, name: str, sealed: bytes | None) -> frozenset[object]:
        return frozenset() if sealed is None else frozenset(self._opened(name, sealed).terms)

    def _opened(self, name: str, sealed: bytes) -> TermPack:
        try:
            return unseal(name, sealed, self.key())
        except (TermPackError, TermsError, SettingsError) as fault:
            raise ChangeError(str(fault)) from None

    def _search(self, packs: Mapping[str, bytes]) -> PromptTerms:
        """Make a search for the lists that ship and these packs; it takes half a second."""
        if self._made is not None and self._made[0] == packs:
            return self._made[1]
        opened = [self._opened(name, sealed) for name, sealed in sorted(packs.items())]
        search = PromptTerms(laid_on(shipped(), opened))
        search.warm()
        self._made = packs, search
        return search

    async def _report(self, packs: Mapping[str, bytes]) -> dict[str, Json]:
        """Say in how many texts the one search finds what the other does not."""
        recent = await self.recent()
        return await asyncio.to_thread(
            lambda: _compared(self._search(self._standing), self._search(packs), recent)
        )


def _compared(old: PromptTerms, new: PromptTerms, recent: Sequence[Reading]) -> dict[str, Json]:
    more = fewer = turned = 0
    for reading in recent:
        before, after = (_found(search.classify(reading)) for search in (old, new))
        turned += before != after
        more += bool(after - before)
        fewer += bool(before - after)
    return {"decided": len(recent), "turned": turned, "milder": fewer, "holds": more}


def _found(findings: Sequence[Finding]) -> frozenset[object]:
    """Return what was found, whichever version and term found it."""
    return frozenset((each.name, getattr(each, "score", None), each.where) for each in findings)


def _proposed(body: str) -> tuple[str, bytes]:
    if len(body) > _LONGEST:
        message = f"a term pack: expected at most {_LONGEST} characters"
        raise ChangeError(message)
    try:
        said = json.loads(body)
        name, sealed = str(said["name"]), _read(said["sealed"])
    except (ValueError, TypeError, KeyError):
        raise ChangeError("a term pack: expected its name, and the sealed file") from None
    if sealed is None or not _NAME.fullmatch(name):
        raise ChangeError("a term pack: expected a name of small letters, digits and dashes")
    return name, sealed


def _read(body: str | None) -> bytes | None:
    try:
        return None if body is None else base64.b64decode(body, validate=True)
    except binascii.Error:
        raise ChangeError("a term pack: expected base64") from None


def _written(sealed: bytes | None) -> str | None:
    return None if sealed is None else base64.b64encode(sealed).decode()

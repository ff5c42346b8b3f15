"""Changes of banks of known hashes: a version that was imported and waits, or the one before.

Trying one asks what it matches of pictures that were released last, and of drawn patterns that
every library has. From the first activation of a bank's name on, all its versions come this way.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import structlog

from audit.entry import Json
from classifiers import hash_bank_changes
from classifiers.errors import BankError
from classifiers.hash_bank_catalogue import BankState, Catalogue, Trial, Version
from classifiers.hash_bank_store import SealedBanks
from classifiers.hash_bank_trial import Prints, hits_of, tried
from pipeline.changes import door
from pipeline.errors import ChangeError
from pipeline.store.changes import Change

_say = structlog.get_logger("changes")


@dataclass(frozen=True, slots=True)
class BankVersions:
    """The banks, and the pictures to try a version on. What is proposed is a bank's name."""

    banks: SealedBanks
    recent: Callable[[], Awaitable[Sequence[Prints]]]

    async def tried(self, body: str, days: float, person: str) -> door.Trial:
        """Try the version of this bank that waits; `days` is not for banks.

        Raises:
            ChangeError: none waits, or the banks do not verify.
        """
        del days, person
        with_current = await self._read()
        staged, known = with_current.waiting(body), with_current.bank(body)
        if staged is None:
            message = f"bank {body}: no version of it waits: import one with --wait"
            raise ChangeError(message)
        before = None if known is None else known.current
        milder = before is not None and await self._loses(before, staged.version)
        report = await self._report(body, known)
        return await self._trial(body, before, staged.version, milder=milder, report=report)

    async def tried_back(self, last: Change, person: str) -> door.Trial:
        """Try the version before; it was in force, so only what it loses is asked.

        Raises:
            ChangeError: it is not kept, or another was used meanwhile.
        """
        del person
        known = (await self._read()).bank(last.name)
        if known is None or known.previous is None or known.current.folder != last.body:
            message = f"bank {last.name}: the version before the one in force is not kept"
            raise ChangeError(message)
        milder = await self._loses(known.current, known.previous)
        gone = known.current.entries - known.previous.entries
        report: dict[str, Json] = {"entries": known.previous.entries, "fewer": gone}
        return await self._trial(
            last.name, known.current, known.previous, milder=milder, report=report
        )

    async def shadowed(self, change: Change, person: str) -> Mapping[str, Json]:
        """Try a proposed version on what was released since; of no effect.

        Raises:
            ChangeError: another one waits by now.
        """
        del person
        catalogue = await self._read()
        staged = catalogue.waiting(change.name)
        if staged is None or staged.version.folder != change.body:
            message = f"bank {change.name}: the version that was proposed waits no longer"
            raise ChangeError(message)
        report = await self._report(change.name, catalogue.bank(change.name))
        return {"since": change.proposed_at.isoformat(), **report}

    async def basis(self) -> str:
        """Return the digest of every version that is used or waits, and of what was retracted."""
        catalogue = await self._read()
        return sha256(catalogue.model_dump_json().encode()).hexdigest()

    def take(self, activated: Sequence[Change], unproven: frozenset[str]) -> None:
        """Use what was activated, where it is not used yet; nothing of `unproven` is taken."""
        last = {change.name: change for change in activated}
        for name, change in last.items():
            try:
                if name not in unproven:
                    _use(self.banks, change)
            except BankError as fault:
                _say.error("bank not used", bank=name, fault=str(fault))

    async def _read(self) -> Catalogue:
        try:
            return await asyncio.to_thread(self.banks.catalogue)
        except BankError as fault:
            raise ChangeError(str(fault)) from None

    async def _trial(
        self,
        name: str,
        before: Version | None,
        after: Version,
        *,
        milder: bool,
        report: Mapping[str, Json],
    ) -> door.Trial:
        return door.Trial(
            name,
            None if before is None else before.list_version,
            after.list_version,
            after.folder,
            None if before is None else before.folder,
            everywhere=True,
            milder=milder,
            basis=await self.basis(),
            report=report,
        )

    async def _loses(self, before: Version, after: Version) -> bool:
        """Whether anything is in the one version and not, just so, in the other."""

        def lines(version: Version) -> set[bytes]:
            return set(self.banks.rows(version).split(b"\r\n"))

        try:
            return await asyncio.to_thread(lambda: not lines(before) <= lines(after))
        except BankError as fault:
            raise ChangeError(str(fault)) from None

    async def _report(self, name: str, known: BankState | None) -> dict[str, Json]:
        """Say what the version that waits matches, and what of it is not matched today."""
        recent = await self.recent()
        try:
            return await asyncio.to_thread(_compared, self.banks, name, recent, known)
        except BankError as fault:
            raise ChangeError(str(fault)) from None


def _compared(
    banks: SealedBanks, name: str, recent: Sequence[Prints], known: BankState | None
) -> dict[str, Json]:
    waiting, used = banks.staged(name), banks.opened()
    trial = tried(waiting, recent)
    now = [bool(hits_of(waiting, each)) for each in recent]
    then = [any(hit.source == name for hit in hits_of(used, each)) for each in recent]
    more = sum(new and not old for new, old in zip(now, then, strict=True))
    fewer = sum(old and not new for new, old in zip(now, then, strict=True))
    return {
        "decided": len(recent),
        "turned": more + fewer,
        "milder": fewer,
        "holds": more,
        "entries": 0 if known is None else known.current.entries,
        "trial": trial.model_dump(),
    }


def _use(banks: SealedBanks, change: Change) -> None:
    catalogue = banks.catalogue()
    staged, known = catalogue.waiting(change.name), catalogue.bank(change.name)
    if staged is not None and staged.version.folder == change.body:
        trial = Trial.model_validate(change.report["trial"])
        hash_bank_changes.activate(banks, change.name, trial)
        return
    used = None if known is None else known.current.folder
    before = None if known is None or known.previous is None else known.previous.folder
    if before is not None and before == change.body and used == change.before_body:
        hash_bank_changes.roll_back(banks, change.name)

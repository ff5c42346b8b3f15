"""Details on their way into an export: opened where the keys are, and only what is in scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast
from uuid import UUID

from audit.entry import Json, Kind
from audit.errors import AbsentError, MalformedError
from audit.export.profile import WITH_DETAILS, Profile, Scope
from audit.leaf import DETAIL, Leaf
from audit.log import Log
from audit.note import encode_base64
from audit.seal import Detail

Opened = Mapping[str, Json]
"""One commitment opened: its field, salt and value, as `disclosed.jsonl` has them."""


@dataclass(frozen=True, slots=True)
class Disclosing:
    """Opens details for one export, as the log says that it was asked for."""

    log: Log
    scope: Scope = field(repr=False)

    @classmethod
    async def of(cls, log: Log, export: UUID) -> "Disclosing":
        """Read from the log what may be disclosed to this export.

        Raises:
            AbsentError: the log has no such export, or it is none that discloses anything.
        """
        receipt = await log.receipt(export)
        if receipt is None or Leaf.parse(receipt.leaf).kind is not Kind.EXPORT:
            raise AbsentError("export", f"{export} is not in the log")
        said = (await log.detail(export)).detail.get("scope")
        if not isinstance(said, dict):
            raise MalformedError("export", "a scope in its entry", "none")
        scope = Scope.read(cast("Mapping[str, Json]", said))
        if scope.profile not in WITH_DETAILS:
            raise AbsentError("export", f"one for {scope.profile} discloses nothing")
        return cls(log, scope)

    async def open(self, entries: Sequence[UUID]) -> dict[UUID, list[Opened]]:
        """Return what is disclosed of these entries; none that has no detail, or is not in scope.

        Raises:
            UntrustedError: a detail is not what its leaf commits to.
        """
        found: dict[UUID, list[Opened]] = {}
        for entry in entries:
            receipt = await self.log.receipt(entry)
            if receipt is None:
                continue
            leaf = Leaf.parse(receipt.leaf)
            try:
                detail = await self.log.detail(entry)
            except AbsentError:
                continue
            if self._in_scope(leaf, detail):
                found[entry] = self._written(leaf, detail)
        return found

    def _in_scope(self, leaf: Leaf, detail: Detail) -> bool:
        if self.scope.profile is Profile.DATA_SUBJECT:
            own = detail.personal.get("subject") == self.scope.subject
            return own and leaf.public.get("tenant") == self.scope.tenant
        return replace(self.scope, sample=None).withholds(leaf, "") is None

    def _written(self, leaf: Leaf, detail: Detail) -> list[Opened]:
        values: dict[str, Json] = {
            name: {"bytes": encode_base64(value)} if isinstance(value, bytes) else {"text": value}
            for name, value in detail.personal.items()
        }
        if detail.detail:
            values[DETAIL] = {"json": detail.detail}
        return [
            {"field": name, "salt": encode_base64(detail.salts[name]), "value": value}
            for name, value in values.items()
            if self.scope.discloses(leaf.kind, name)
        ]

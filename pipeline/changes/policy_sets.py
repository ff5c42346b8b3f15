"""Changes of policy sets: which sets they are, whether they fit, and what they would turn."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import policies
from audit.entry import Json
from classifiers.classifier import Capability
from pipeline.changes.door import DAYS, Trial
from pipeline.errors import ChangeError
from pipeline.history.decided import Decided
from pipeline.history.replay import Replay, Tally
from pipeline.store.changes import Change
from pipeline.tenancy import (
    UNPROVEN,
    Step,
    Tenancy,
    Version,
    Versions,
    digest_of,
    versions_of,
)
from policies.decision import Action
from policies.errors import PolicyError
from policies.layers import Layer, PolicySet
from policies.policy import Policy
from policies.strictness import surely_as_strict

_LONGEST: Final = 1 << 20
_PROPOSAL: Final = "proposal"
_UNSERVED: Final = "unserved"


@dataclass(slots=True)
class PolicySets:
    """What stands for every tenant, and what would stand instead."""

    tenancy: Tenancy
    decided: Decided
    installed: Callable[[], AbstractSet[Capability]]
    now: Callable[[], datetime]
    _loaded: dict[str, PolicySet] = field(default_factory=dict[str, PolicySet])
    """Every version that was activated, by its text: a way back is at once."""

    async def tried(self, body: str, days: float, person: str) -> Trial:
        """Check a set, and decide again by it.

        Raises:
            ChangeError, PolicyError: it cannot be used, and why.
        """
        if len(body) > _LONGEST:
            message = f"a policy set: expected at most {_LONGEST} characters"
            raise ChangeError(message)
        new = policies.load(body, _PROPOSAL)
        if new.layer is Layer.FLOOR:
            raise ChangeError("the floor comes with the program: no proposal changes it")
        old, before, everywhere = await self._stands(new.name)
        after = digest_of(new)
        if before == after:
            raise ChangeError("it says what is in force already")
        if old is not None and old.layer is not new.layer:
            message = f"a set of layer '{old.layer}' is in force: expected the same layer"
            raise ChangeError(message)
        versions = self._with(new.name, before, Version(new, after, everywhere, frozenset({after})))
        milder = not everywhere and (old is None or not surely_as_strict(new, old))
        return Trial(
            new.name,
            before,
            after,
            body,
            None if old is None else old.text,
            everywhere,
            milder,
            await self.basis(),
            await self._report(versions, self.now() - timedelta(days=days), person),
        )

    async def tried_back(self, last: Change, person: str) -> Trial:
        """Try the version before `last`.

        Raises:
            ChangeError, PolicyError: it cannot be used, and why.
        """
        name, after, body = last.name, last.before, last.before_body
        old = None if last.body is None else self._load(last.body, name)
        new = None if body is None else self._load(body, name)
        if (None if new is None else digest_of(new)) != after:
            raise ChangeError(UNPROVEN)
        known = frozenset({after}) if after else frozenset[str]()
        versions = self._with(name, last.after, Version(new, after, last.everywhere, known))
        milder = old is not None and (new is None or not surely_as_strict(new, old))
        report: Mapping[str, Json] = {}
        if milder:
            report = await self._report(versions, self.now() - timedelta(days=DAYS), person)
        else:
            await self._fits(versions)
        return Trial(
            name,
            last.after,
            after,
            body,
            last.body,
            last.everywhere,
            milder,
            await self.basis(),
            report,
        )

    async def basis(self) -> str:
        """Return the digest of every tenant's policy."""
        standing = {tenant: _digest(each) for tenant, each in (await self._policies()).items()}
        told = "\n".join(f"{tenant} {digest}" for tenant, digest in sorted(standing.items()))
        return sha256(told.encode()).hexdigest()

    def take(self, activated: Sequence[Change], unproven: frozenset[str]) -> None:
        """Put in force what was activated, all at once."""
        steps = [Step(c.name, c.before, c.after, c.everywhere, c.body) for c in activated]
        versions = versions_of(steps, self._load)
        for name in unproven:
            versions[name] = replace(versions[name], loaded=None, fault=UNPROVEN)
        self.tenancy.in_force.versions = versions

    def _load(self, text: str, name: str) -> PolicySet:
        """Load a text once."""
        if text not in self._loaded:
            self._loaded[text] = policies.load(text, name)
        return self._loaded[text]

    async def _policies(self) -> dict[str, Policy | None]:
        """Return the policy of each tenant, and under "" the installation's own; None: refused."""
        tenants = await self.tenancy.store.tenants.all()
        names = {"": (), **{tenant.id: tenant.policy_sets for tenant in tenants}}
        return {tenant: _or_none(self.tenancy, own) for tenant, own in names.items()}

    async def _stands(self, name: str) -> tuple[PolicySet | None, str | None, bool]:
        """Return what is in force of a name, its digest, and whether it is laid on top for all.

        Raises:
            ChangeError: several are.
        """
        version = self.tenancy.in_force.versions.get(name)
        found = {
            digest_of(each): each
            for policy in (await self._policies()).values()
            if policy is not None
            for each in policy.sets
            if each.name == name
        }
        if version is not None:
            return version.loaded, version.digest, version.everywhere
        if len(found) > 1:
            message = f"{len(found)} different sets are named {name!r}: name them apart first"
            raise ChangeError(message)
        for digest, each in found.items():
            return each, digest, False
        return None, None, True

    def _with(self, name: str, before: str | None, version: Version) -> Versions:
        standing = self.tenancy.in_force.versions
        known = version.known | ({before} if before is not None else set())
        if name in standing:
            known |= standing[name].known
        return {**standing, name: replace(version, known=known)}

    async def _fits(self, versions: Versions) -> Tenancy:
        """Return the house as it would be; whoever is served today MUST be served by it, too.

        Raises:
            ChangeError: somebody would not be.
        """
        trying = self.tenancy.trying(versions)
        tenants = await self.tenancy.store.tenants.all()
        for tenant, names in (("", ()), *((each.id, each.policy_sets) for each in tenants)):
            try:
                trying.policy(names)
            except PolicyError as fault:
                if _or_none(self.tenancy, names) is not None:
                    whom = f"tenant {tenant!r}" if tenant else "the installation"
                    message = f"{whom} would not be served: {fault}"
                    raise ChangeError(message) from None
        return trying

    async def shadowed(self, change: Change, person: str) -> Mapping[str, Json]:
        """Decide again what was decided since `change` was proposed.

        Raises:
            ChangeError: somebody would not be served by it any more.
            AuditError: history cannot be read.
        """
        new = None if change.body is None else self._load(change.body, change.name)
        known = frozenset({change.after}) if change.after else frozenset[str]()
        version = Version(new, change.after, change.everywhere, known)
        versions = self._with(change.name, change.before, version)
        return await self._report(versions, change.proposed_at, person)

    async def _report(self, versions: Versions, since: datetime, person: str) -> dict[str, Json]:
        """Decide again what was decided since then; return the numbers, and no content.

        Raises:
            ChangeError: somebody would not be served any more.
            AuditError: history cannot be read.
        """
        trying = await self._fits(versions)
        tenants = {each.id: each.policy_sets for each in await self.tenancy.store.tenants.all()}
        trial = Replay(
            lambda tenant: self.tenancy.policy(tenants.get(tenant, ())),
            lambda tenant: trying.policy(tenants.get(tenant, ())),
            frozenset(self.installed()),
        )
        size = await self.decided.size()
        start: int | None = await self.decided.first(size, since)
        served = {tenant for tenant, each in (await self._policies()).items() if each is not None}
        while start is not None:
            page = await self.decided.page(start, size, person)
            known = [each for each in page.decisions if _whose(each, tenants) in served]
            trial.tally.closed[_UNSERVED] += len(page.decisions) - len(known)
            await asyncio.to_thread(trial.take, known)
            start = page.next
        return {"since": since.isoformat(), **_numbers(trial.tally)}


def _whose(decision: Mapping[str, object], tenants: Mapping[str, object]) -> str:
    tenant = str(decision.get("tenant"))
    return tenant if tenant in tenants else ""


def _numbers(tally: Tally) -> dict[str, Json]:
    """Return what a second person has to know, and what the entry holds."""
    milder = sum(
        count for (_, was, now), count in tally.turns.items() if _severity(now) < _severity(was)
    )
    return {
        "decided": tally.decided,
        "turned": tally.turned,
        "stricter": tally.turned - milder,
        "milder": milder,
        "holds": tally.holds(),
        "drifted": tally.drifted,
        "unproven": tally.unproven,
        "not_decided": {why: count for why, count in tally.closed.items() if count},
        "rules": [
            {"rule": rule, "way": way, "count": count}
            for (rule, way), count in tally.rules.most_common(20)
        ],
        "codes": [
            {"is": was, "would_be": now, "count": count}
            for (was, now), count in tally.codes.most_common(20)
        ],
    }


def _severity(action: str) -> int:
    return Action(action).severity


def _digest(policy: Policy | None) -> str:
    return "refused" if policy is None else policy.digest


def _or_none(tenancy: Tenancy, names: tuple[str, ...]) -> Policy | None:
    try:
        return tenancy.policy(names)
    except PolicyError:
        return None

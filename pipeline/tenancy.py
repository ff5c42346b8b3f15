"""What differs from tenant to tenant: its policy, how long its pictures are kept, its budget."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Final

import policies
from pipeline.items import ReleasedMetadata
from pipeline.store.store import Store
from policies.errors import PolicyError, Problem
from policies.layers import Layer, PolicySet
from policies.policy import Policy

UNPROVEN: Final = "what app.db says is in force is not what the log says was activated"
_HINT: Final = "propose it: `imprimatur policies propose`, or put back what was activated"


@dataclass(frozen=True, slots=True)
class Version:
    """What people put in force of the policy set of one name."""

    loaded: PolicySet | None
    """None: there is none any more, where it was laid on top for all."""
    digest: str | None
    everywhere: bool
    """Whether it is laid on top for all, since nobody had a set of that name."""
    known: frozenset[str]
    """The digests of every version that was in force: what lies on the disk MUST be one."""
    fault: str = ""
    """Why nothing may be judged by it: what is remembered is not what the log says."""


Versions = Mapping[str, Version]
"""By the set's name."""


@dataclass(slots=True)
class InForce:
    """The versions that were activated. They are replaced whole, between two requests."""

    versions: Versions = field(default_factory=dict[str, Version])


@dataclass(frozen=True, slots=True)
class Step:
    """One activation: the version that it put in force of the set of a name."""

    name: str
    before: str | None
    after: str | None
    everywhere: bool
    text: str | None = field(repr=False)
    """What it says; None if there is none any more."""


def versions_of(
    steps: Iterable[Step], load: Callable[[str, str], PolicySet] = policies.load
) -> dict[str, Version]:
    """Return what is in force after these activations, in their order.

    A text that is not of its digest is a fault of its version, by which nothing is judged.
    """
    versions: dict[str, Version] = {}
    for step in steps:
        known = frozenset(each for each in (step.before, step.after) if each is not None)
        if step.name in versions:
            known |= versions[step.name].known
        loaded, fault = _loaded(step, load)
        versions[step.name] = Version(loaded, step.after, step.everywhere, known, fault)
    return versions


def _loaded(step: Step, load: Callable[[str, str], PolicySet]) -> tuple[PolicySet | None, str]:
    if step.text is None or step.after is None:
        return None, "" if (step.text, step.after) == (None, None) else UNPROVEN
    try:
        loaded = load(step.text, step.name)
    except PolicyError:
        return None, UNPROVEN
    same = (digest_of(loaded), loaded.name) == (step.after, step.name)
    return (loaded, "") if same else (None, UNPROVEN)


def digest_of(policy_set: PolicySet) -> str:
    """Return the digest of all that a set says."""
    return sha256(policy_set.canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Answers for tenants. A tenant's sets lie on the installation's own, so they only tighten."""

    store: Store
    sets: Sequence[PolicySet]
    """The installation's own, the floor first."""
    shipped: Callable[[str], PolicySet]
    """Loads a set that comes with the program, by name."""
    keep_for: timedelta
    metadata: ReleasedMetadata = ReleasedMetadata.STRIP_TEXT
    """What becomes of NovelAI's texts where a tenant has not chosen."""
    in_force: InForce = field(default_factory=InForce)
    _read: dict[tuple[str, ...], Sequence[PolicySet]] = field(default_factory=dict)
    """What lay on the disk, read once: what is edited later counts from the next start."""
    _composed: dict[tuple[object, ...], Policy] = field(default_factory=dict)
    """By the digests of its sets; earlier versions stay, so that a way back is at once."""

    def within(self, part: Store) -> "Tenancy":
        """Return the same, asking as a part of a transaction."""
        return replace(self, store=part)

    def trying(self, versions: Versions) -> "Tenancy":
        """Return the same with other versions in force, for nobody's requests."""
        return replace(self, in_force=InForce(versions))

    async def policy_of(self, tenant: str) -> Policy:
        """Return the policy of a tenant.

        Raises:
            PolicyError, StoreError: it cannot be told: nothing may be judged for this tenant.
        """
        return self.policy(await self.store.tenants.policy_sets(tenant))

    async def standings(self) -> Mapping[str, str | None]:
        """Return for every tenant why it cannot be served, in one line; None if it can be.

        Raises:
            StoreError: the tenants cannot be told.
        """
        return {each.id: self._problem(each.policy_sets) for each in await self.store.tenants.all()}

    def _problem(self, names: tuple[str, ...]) -> str | None:
        try:
            self.policy(names)
        except PolicyError as fault:
            return "; ".join(problem.render().partition("\n")[0] for problem in fault.problems)
        return None

    def policy(self, names: tuple[str, ...]) -> Policy:
        """Put a policy together. One that fails is tried anew each time: its file may come back.

        Raises:
            PolicyError: it cannot be: nothing may be judged by it.
        """
        versions = self.in_force.versions
        key = (names, *sorted(_mark(name, each) for name, each in versions.items()))
        if key not in self._composed:
            self._composed[key] = policies.compose(laid(self.read(names), versions))
        return self._composed[key]

    def read(self, names: tuple[str, ...]) -> Sequence[PolicySet]:
        """Return the sets as they lay on the disk when they were read first.

        Raises:
            PolicyError: one cannot be read.
        """
        if names not in self._read:
            own = {each.name for each in self.sets}
            added = [self._set(name) for name in names if name not in own]
            self._read[names] = (*self.sets, *added)
        return self._read[names]

    def _set(self, name: str) -> PolicySet:
        try:
            return self.shipped(name)
        except (OSError, ValueError) as fault:
            message = f"expected a shipped set or a file that can be read: {type(fault).__name__}"
            raise PolicyError([Problem(name, 0, 0, message)]) from None

    async def kept_for(self, tenant: str) -> timedelta:
        """Return how long a tenant's released pictures are kept."""
        hours = await self.store.tenants.released_hours(tenant)
        return self.keep_for if hours is None else timedelta(hours=hours)

    async def metadata_of(self, tenant: str) -> ReleasedMetadata:
        """Return what of NovelAI's texts leaves with a tenant's pictures.

        Raises:
            StoreError: it cannot be told, and no picture MUST leave.
        """
        chosen = await self.store.tenants.released_metadata(tenant)
        return self.metadata if chosen is None else chosen


def _mark(name: str, version: Version) -> tuple[str, str, bool, str]:
    """Tell a version from every other: also one that was only tried from one that may be used."""
    return name, str(version.digest), version.everywhere, version.fault


def laid(read: Sequence[PolicySet], versions: Versions) -> Sequence[PolicySet]:
    """Lay what was activated in the place of what was read; the floor always stays.

    Raises:
        PolicyError: a set on the disk is none that was ever in force, once two people have
            activated one of its name: whoever edits the file does not change what is judged by.
    """
    names = {each.name for each in read}
    for name, each in versions.items():
        if each.fault and (each.everywhere or name in names):
            raise PolicyError([Problem(name, 0, 0, each.fault)])
    stands = [
        each
        if each.name not in versions or each.layer is Layer.FLOOR
        else _in_force(each, versions)
        for each in read
    ]
    everywhere = [
        each.loaded
        for name, each in versions.items()
        if each.everywhere and each.loaded is not None and name not in names
    ]
    if not everywhere:
        return stands
    return sorted([*stands, *everywhere], key=lambda each: each.layer.height)


def _in_force(read: PolicySet, versions: Versions) -> PolicySet:
    version, digest = versions[read.name], digest_of(read)
    if digest not in version.known:
        message = f"the file was changed past change control: nobody activated {digest[:12]}"
        raise PolicyError([Problem(read.name, 0, 0, message, hint=_HINT)])
    return read if version.loaded is None else version.loaded

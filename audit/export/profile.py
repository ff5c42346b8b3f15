"""Profiles: who an export is for, and what may be in it.

What is left out of an export for an authority or an auditor is named with its reason. An export
for a subject, or for everybody, names no reasons: that something is kept from somebody for a reason
of its own would tell them of it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import cast
from uuid import UUID

from audit.canonical_json import canonical
from audit.entry import STEPS, Json, Kind
from audit.errors import MalformedError
from audit.fields import is_code, is_count, is_digest, is_id, is_time
from audit.leaf import DETAIL, Leaf

MILLION = 1_000_000
MAX_SUBMISSIONS = 1000
MAX_TEXT = 500


class Profile(StrEnum):
    """Who an export is for."""

    REGULATOR = "regulator"
    AUDITOR = "auditor"
    LAW_ENFORCEMENT = "law_enforcement"
    DATA_SUBJECT = "data_subject"
    TRANSPARENCY = "transparency"


class Withheld(StrEnum):
    """Why an entry is not in an export that has its hash."""

    OUTSIDE_PERIOD = "outside_period"
    OTHER_TENANT = "other_tenant"
    OTHER_CASE = "other_case"
    NOT_SAMPLED = "not_sampled"
    DROPPED = "dropped"


WITH_TILES = frozenset({Profile.REGULATOR, Profile.AUDITOR, Profile.LAW_ENFORCEMENT})
"""Those that get the hash of every entry. A subject could try their guesses on them."""
WITH_DETAILS = frozenset({Profile.AUDITOR, Profile.LAW_ENFORCEMENT, Profile.DATA_SUBJECT})
"""Those for which something is decrypted."""
KEYS = frozenset({Kind.GENESIS, Kind.KEY_CHANGE})
"""Whose log it is, and whose signatures count: nothing can be checked without."""
ALWAYS = KEYS | {Kind.ERASE, Kind.SHARD}
"""What every export with tiles has: what is not there any more, is on record."""

PUBLIC_PAPERS = frozenset({"subprocessors.json"})
"""Of what is said beside the log, that which a subject, or everybody, is given."""
OF_STAFF = frozenset({"person", "second", "reason"})
"""Personal fields that are not about a subject; they leave in no export."""
_OF_SUBJECT = STEPS.union(map(Kind, ("ruling", "dry_run", "notice", "appeal")))
_TIP_OFF_KINDS = frozenset(map(Kind, ("report", "media", "takedown", "legal_hold", "export")))
_REVIEWED = frozenset(
    {"case.assigned", "case.first_approval", "case.ruled", "case.ruling_undone", "check.given"}
)
"""What people do with any case. It tells of no investigation, unless its code does; whatever else
is done with one, an escalation first of all, may."""
_TIP_OFF_FAMILIES = frozenset({"CSE", "NCII", "TERR"})
_TIP_OFF_ACTION = "block_and_escalate"
_TEXT = re.compile(rf"[ -~]{{1,{MAX_TEXT}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked for. `nonce` is random, so that a digest of the scope tells nothing of it.

    `since` and `until` are times as leaves have them; an entry of `until` itself is outside.
    `authority` says by which right, `sample` how many of a million submissions.
    """

    profile: Profile
    nonce: str
    since: str | None = None
    until: str | None = None
    tenant: str | None = None
    submissions: tuple[str, ...] = ()
    subject: str | None = None
    authority: str | None = None
    sample: int | None = None

    def said(self) -> dict[str, Json]:
        """Return the scope as the manifest and the log have it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def digest(self) -> str:
        """Return what binds the manifest's scope to the log's entry of the export."""
        return sha256(canonical(self.said())).hexdigest()

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> "Scope":
        """Read a scope.

        Raises:
            MalformedError: a key or value is not one that a scope has.
        """
        if {*said} != {*cls.__slots__} or said["profile"] not in [*Profile]:
            raise MalformedError("scope", "a profile, and the keys of a scope", sorted(said))
        submissions = said["submissions"]
        if not isinstance(submissions, list | tuple):
            raise MalformedError("scope", "a list of submissions", "another type")
        values = cast("dict[str, str | None]", {**said})
        scope = cls(
            profile=Profile(str(said["profile"])),
            nonce=str(said["nonce"]),
            since=values["since"],
            until=values["until"],
            tenant=values["tenant"],
            submissions=tuple(map(str, submissions)),
            subject=values["subject"],
            authority=values["authority"],
            sample=cast("int | None", said["sample"]),
        )
        scope.check()
        return scope

    def check(self) -> None:
        """Return if this can be asked for.

        Raises:
            MalformedError: it names what is missing, or of another shape.
        """
        for name, holds in {
            "nonce": is_digest(self.nonce),
            "since": self.since is None or is_time(self.since),
            "until": self.until is None or is_time(self.until),
            "tenant": self.tenant is None or is_code(self.tenant),
            "submissions": len(self.submissions) <= MAX_SUBMISSIONS
            and all(map(is_id, self.submissions)),
            "subject": self.subject is None or _is_text(self.subject),
            "authority": self.authority is None or _is_text(self.authority),
            "sample": self.sample is None or (is_count(self.sample) and self.sample <= MILLION),
        }.items():
            if not holds:
                raise MalformedError("scope", f"the shape of {name!r}", "another")
        self._check_profile()

    def _check_profile(self) -> None:
        needs: dict[Profile, tuple[str, ...]] = {
            Profile.LAW_ENFORCEMENT: ("submissions", "authority"),
            Profile.DATA_SUBJECT: ("tenant", "subject"),
            Profile.AUDITOR: ("sample",),
        }
        what, needed = f"an export for {self.profile}", needs.get(self.profile, ())
        for name in needed:
            if getattr(self, name) in (None, ()):
                raise MalformedError(what, f"a value for {name}", "none")
        for name in {"submissions", "subject", "sample"}.difference(needed):
            if getattr(self, name) not in (None, ()):
                raise MalformedError(what, f"no {name}", "one")

    def withholds(self, leaf: Leaf, seed: str) -> Withheld | None:
        """Say why a leaf is left out of an export with tiles; None if it is in it.

        `seed` decides which submissions are a sample; nobody can choose it freely.
        """
        if leaf.kind in ALWAYS:
            return None
        if not self.spans(leaf.at):
            return Withheld.OUTSIDE_PERIOD
        if self.tenant is not None and leaf.public.get("tenant") != self.tenant:
            return Withheld.OTHER_TENANT
        submission = leaf.public.get("submission")
        if self.profile is Profile.LAW_ENFORCEMENT and submission not in self.submissions:
            return Withheld.OTHER_CASE
        if self.sample is not None and not _drawn(submission, seed, self.sample):
            return Withheld.NOT_SAMPLED
        return None

    def spans(self, at: str) -> bool:
        """Whether a time, written as leaves write it, is inside the period."""
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def discloses(self, kind: Kind, field: str) -> bool:
        """Whether a commitment of a leaf that is in the export is opened, if it can be.

        Never what an export was about: an auditor's would tell of other people's.
        """
        if kind is Kind.EXPORT:
            return False
        match self.profile:
            case Profile.AUDITOR:
                return field == DETAIL
            case Profile.LAW_ENFORCEMENT:
                return field not in OF_STAFF
            case Profile.DATA_SUBJECT:
                return field != DETAIL and field not in OF_STAFF
            case Profile.REGULATOR | Profile.TRANSPARENCY:
                return False


def tips_off(leaf: Leaf) -> bool:
    """Whether a subject who learns of this leaf could learn of an investigation.

    If a leaf of a submission does, nothing of that submission may be in a subject's export.
    """
    code, action = leaf.public.get("code"), leaf.public.get("action")
    family = code.partition(".")[0] if isinstance(code, str) else ""
    if family in _TIP_OFF_FAMILIES or action == _TIP_OFF_ACTION:
        return True
    if leaf.kind is Kind.CASE:
        return leaf.public.get("event") not in _REVIEWED
    return leaf.kind in _TIP_OFF_KINDS


def about_a_subject(leaf: Leaf, submissions: Collection[str]) -> bool:
    """Whether this leaf tells of one of these submissions, in a way that its subject may see."""
    return leaf.kind in _OF_SUBJECT and leaf.public.get("submission") in submissions


def _drawn(submission: Json, seed: str, sample: int) -> bool:
    """Draw whole submissions, and every entry that belongs to none."""
    if not isinstance(submission, str):
        return True
    drawn = sha256(f"imprimatur.sample/v1\n{seed}\n{UUID(submission)}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") * MILLION < sample << 64


def _is_text(value: object) -> bool:
    return isinstance(value, str) and _TEXT.fullmatch(value) is not None

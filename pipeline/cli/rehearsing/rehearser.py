"""Carries a request as far as the paid call, with the gateway's own parts, and keeps nothing."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from uuid import UUID

import structlog

from classifiers.canonical import Canonical
from classifiers.classifier import Capability, Classifier
from classifiers.content import Image, of_tenant
from classifiers.errors import UnreadableError
from classifiers.hash_bank_lookup import Banks
from classifiers.hash_bank_set import BankSet
from classifiers.hash_match import HashMatch
from classifiers.readers import embedded_readers
from classifiers.signals import Finding
from classifiers.viewers import embedded_viewers
from pipeline.banks import FOLDER, open_banks
from pipeline.cli.installed import detectors_of, installed, pulled_of
from pipeline.cli.policy_sets import in_place, load_set, stacked
from pipeline.cli.rehearsing.lines import asked_in
from pipeline.cli.screening.lines import Line
from pipeline.items import Cause, Halted, Held, PublicCode, Screened, Subject, Submission, Tier
from pipeline.judge import Judge
from pipeline.novelai.errors import RequestRefusedError
from pipeline.novelai.price import Plan, quote
from pipeline.novelai.uploaded import texts_in
from pipeline.settings import read as read_settings
from pipeline.stages.screen import Screen
from pipeline.workers import Workers
from policies.policy import Policy

DEADLINE_SECONDS = 60.0
"""How long one look may take: nobody waits at the other end of a connection."""
_NOBODY = UUID(int=0)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Terms:
    """By what is judged: names and facts only, from which every process makes its own rehearser."""

    policy: str | None
    """A set that takes the place of the one of its name, or is laid on top."""
    tier_adult: bool
    age_claim: bool
    today: date
    """The day, for exemptions."""
    installation: Path | None = None
    """The data directory whose policies, packs and models hold, if not the shipped ones alone."""


class Fate(StrEnum):
    """What would have become of a request, before anything is paid."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    HELD = "held"
    LATER = "later"
    """Refused for now: somebody could not look who otherwise can."""
    NOT_SERVED = "not_served"
    """No request that this gate serves, or a picture that is none."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would have become of one request; nothing of what it says."""

    line: int
    fate: Fate
    code: str = ""
    cause: Cause | None = None
    anlas: int = 0
    pictures: int = 0
    """How many of its pictures were looked at."""
    omitted: int = 0
    """How many were not there to be looked at."""
    missing: tuple[str, ...] = ()
    """The capabilities that it was refused for."""
    why: str = ""
    """Why it is not served: names of fields, never what they hold."""


class Uncompared:
    """Answers for the lists of known pictures as they are, and asks none: a match is an entry."""

    def __init__(self, banks: Banks) -> None:
        """Take what can be answered from `banks`."""
        self._real, self._empty = HashMatch(banks), HashMatch(BankSet(()))
        self.id, self.emits = self._empty.id, self._empty.emits

    @property
    def answers(self) -> frozenset[Capability]:
        """What the lists can be asked today: one that is past its time answers nothing."""
        return self._real.answers

    def warm(self) -> None:
        """Try what hashes.

        Raises:
            ClassifierError: it is not fit.
        """
        self._empty.warm()

    def classify(self, content: Canonical, /) -> Sequence[Finding]:
        """Report that no list knows it."""
        return self._empty.classify(content)


async def _repeats_nothing(_: Submission) -> bool:
    """Say that no picture of an earlier request was of the worst: none was made."""
    return False


class Rehearser:
    """A judge and a policy."""

    def __init__(self, judge: Judge, policy: Policy, subject: Subject) -> None:
        """Build from parts; `subject` is on whose behalf a line is that does not say."""
        self._judge = judge
        self._screen = Screen(judge, lambda: _NEVER, timedelta(), _repeats_nothing)
        self._policy = policy
        self._subject = subject

    @property
    def policy_digest(self) -> str:
        """The digest of the policy that decides."""
        return self._policy.digest

    async def rehearse(self, line: Line) -> Outcome:
        """Carry one request as far as the paid call."""
        try:
            return await self._rehearse(line)
        except (RequestRefusedError, UnreadableError) as fault:
            return Outcome(line.number, Fate.NOT_SERVED, why=str(fault))
        except TimeoutError:
            return Outcome(line.number, Fate.LATER)

    async def _rehearse(self, line: Line) -> Outcome:
        asked = asked_in(line, self._subject)
        images: Sequence[Image] = of_tenant(asked.images, asked.subject.tenant)
        submission = Submission(
            _NOBODY,
            asked.subject,
            asked.work,
            await self._judge.prepare(asked.work.prompt, images),
            "",
            self._policy,
            _NEVER,
            "",
        )
        end = await self._screen(submission)
        fate, cause = _fate(end)
        decision = None if end.judged is None else end.judged.decision
        return Outcome(
            line.number,
            fate,
            "" if decision is None else decision.code,
            cause,
            quote(asked.work, Plan()).total,
            len(images),
            asked.omitted,
            () if decision is None else tuple(sorted(map(str, decision.missing))),
        )


def _fate(end: Screened | Held | Halted) -> tuple[Fate, Cause | None]:
    match end:
        case Screened():
            return Fate.ALLOWED, None
        case Held():
            return Fate.HELD, end.cause
        case Halted(code=PublicCode.TEMPORARILY_UNAVAILABLE):
            return Fate.LATER, None
        case Halted():
            return Fate.BLOCKED, None


def outcomes(terms: Terms, lines: Sequence[Line]) -> list[Outcome]:
    """Carry some requests, in order, in whatever process this is."""
    return [_loop().run(rehearser(terms).rehearse(line)) for line in lines]


@cache
def _loop() -> asyncio.Runner:
    """Return the one loop of this process: what waits for a thread waits in it."""
    return asyncio.Runner()


@cache
def rehearser(terms: Terms) -> Rehearser:
    """Build the rehearser of `terms`, once in each process.

    Raises:
        UnusableError, PolicyError: a policy set cannot be used.
        ClassifierError: a classifier is not fit to be used.
        SettingsError: the installation's settings, or what they name, cannot be used.
    """
    if not structlog.is_configured():  # it would log to stdout, which is for answers
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    names, packs = installed(terms.installation)
    sets = [load_set(name) for name in names]
    policy = stacked(sets if terms.policy is None else in_place(sets, load_set(terms.policy)))
    banks, pulled = _banks(terms), pulled_of(terms.installation)
    readers = embedded_readers(packs)
    viewers: list[Classifier[Canonical]] = [
        Uncompared(banks) if isinstance(each, HashMatch) else each
        for each in embedded_viewers(banks, pulled, detectors_of(terms.installation))
    ]
    for reader in readers:
        reader.warm()
    for viewer in viewers:
        viewer.warm()
    workers = Workers(len(os.sched_getaffinity(0)), DEADLINE_SECONDS)
    judge = Judge(readers, viewers, workers, texts_in, lambda: terms.today)
    tier = Tier.ADULT if terms.tier_adult else Tier.GENERAL
    return Rehearser(judge, policy, Subject("rehearsal", tier=tier, assured=terms.age_claim))


def _banks(terms: Terms) -> Banks:
    here = terms.installation
    if here is None or not (here / FOLDER).is_dir():
        return BankSet(())
    settings = read_settings(here, os.environ)
    return open_banks(here, settings.keys_dir, lambda: _midnight(terms), os.urandom, settings.banks)


def _midnight(terms: Terms) -> datetime:
    return datetime.combine(terms.today, datetime.min.time(), UTC)

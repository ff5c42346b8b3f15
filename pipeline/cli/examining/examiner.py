"""Looks at a picture with every classifier, as the gateway does, and lets a policy decide."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter

import structlog

from classifiers.content import Grammar, Image, Prompt, Purpose, Rendition
from classifiers.hash_bank_set import BankSet
from classifiers.readers import embedded_readers
from classifiers.signals import Reason, Signal, SignalName
from classifiers.viewers import embedded_viewers
from pipeline.cli.installed import detectors_of, installed, pulled_of
from pipeline.cli.policy_sets import load_set, stacked
from pipeline.items import Judged
from pipeline.judge import Judge
from pipeline.novelai.uploaded import texts_in
from pipeline.workers import Workers
from policies.facts import Facts, Moment
from policies.policy import Policy

DEADLINE_SECONDS = 60.0
"""How long one look may take: nobody waits at the other end of a connection."""
_OF_LISTS = "hash."
"""What only lists of known pictures can answer, of which none is asked here."""
_NO_PROMPT = Prompt((), Grammar.V4)
_CARRIER = {Moment.REQUEST: ("image", Purpose.SOURCE), Moment.OUTPUT: ("output", Purpose.OUTPUT)}


@dataclass(frozen=True, slots=True)
class Terms:
    """By what is judged: names and facts only, from which every process makes its own examiner."""

    sets: tuple[str, ...]
    """Policy sets on top of the shipped floor and default."""
    moment: Moment
    tier_adult: bool
    age_claim: bool
    installation: Path | None = None
    """The data directory whose policies and term packs hold, if not the shipped ones alone."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What was seen in one picture, and what follows."""

    judged: Judged
    width: int
    height: int
    milliseconds: float

    @property
    def signals(self) -> Mapping[str, float]:
        """Each signal with its highest score."""
        highest: dict[str, float] = {}
        for each in self.judged.findings:
            if isinstance(each, Signal) and not each.name.startswith(_OF_LISTS):
                highest[each.name] = max(each.score, highest.get(each.name, 0.0))
        return dict(sorted(highest.items()))

    @property
    def unavailable(self) -> Mapping[str, str]:
        """Each question to which somebody had no answer, and why."""
        return {
            str(each.name): Reason.NO_BANKS if isinstance(each, Signal) else each.reason
            for each in self.judged.findings
            if not isinstance(each, Signal) or each.name.startswith(_OF_LISTS)
        }


class Examiner:
    """A judge and a policy, and the loop in which they work."""

    def __init__(self, judge: Judge, policy: Policy, terms: Terms) -> None:
        """Build from parts."""
        self._judge = judge
        self._policy = policy
        self._moment = terms.moment
        self._facts = Facts(terms.tier_adult, terms.age_claim)
        self._loop = asyncio.Runner()

    @property
    def policy_digest(self) -> str:
        """The digest of the policy that decides."""
        return self._policy.digest

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of the classifiers that look."""
        return self._judge.sources()

    def rendition(self, examined: Examined) -> Rendition | None:
        """Say how a picture was made, on the floor's scale; None if nobody could."""
        photograph = examined.signals.get(SignalName.IMAGE_PHOTOGRAPH)
        scale = self._policy.floor.evidence.scale
        if photograph is None:
            return None
        if photograph >= scale.photograph:
            return Rendition.PHOTOGRAPH
        return Rendition.DRAWING if photograph <= scale.drawing else Rendition.UNSURE

    def examine(self, data: bytes) -> Examined:
        """Judge one picture. A classifier that fails is `Unavailable` for each of its names.

        Raises:
            UnreadableError: it is no picture that the gateway would take.
        """
        return self._loop.run(self._examine(data))

    async def _examine(self, data: bytes) -> Examined:
        began = perf_counter()
        carrier, purpose = _CARRIER[self._moment]
        contents = await self._judge.prepare(_NO_PROMPT, [Image(carrier, 0, purpose, data)])
        judged = await self._judge.judge(contents, self._policy, self._moment, self._facts)
        (picture,) = contents.pictures
        took = round((perf_counter() - began) * 1000, 2)
        return Examined(judged, picture.width, picture.height, took)


@cache
def examiner(terms: Terms) -> Examiner:
    """Build the examiner of `terms`, once in each process.

    Raises:
        UnusableError, PolicyError: a policy set cannot be used.
        ClassifierError: a classifier is not fit to be used.
        SettingsError: the installation's settings or a term pack of theirs cannot be used.
    """
    if not structlog.is_configured():  # it would log to stdout, which is for answers
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    sets, packs = installed(terms.installation)
    pulled = pulled_of(terms.installation)
    policy = stacked([load_set(name) for name in (*sets, *terms.sets)])
    readers = embedded_readers(packs)
    viewers = embedded_viewers(BankSet(()), pulled, detectors_of(terms.installation))
    for reader in readers:
        reader.warm()
    for viewer in viewers:
        viewer.warm()
    workers = Workers(len(os.sched_getaffinity(0)), DEADLINE_SECONDS)
    return Examiner(Judge(readers, viewers, workers, texts_in), policy, terms)

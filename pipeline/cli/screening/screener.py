"""Looks at a prompt with every text classifier, and lets a policy decide.

It judges what was found. What an installation could not judge of a picture that might follow is
no question here: capabilities are left aside.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter

import structlog

from classifiers.classifier import Classifier
from classifiers.content import Prompt
from classifiers.normalise import Reading, read
from classifiers.readers import embedded_readers
from classifiers.signals import Field, Finding, Signal
from pipeline.cli.installed import installed
from pipeline.cli.policy_sets import load_set, stacked
from pipeline.judge import Watched
from policies.decision import Decision
from policies.facts import Facts, Moment, Rating
from policies.labels import HarmCode
from policies.policy import Policy

_TEXTS = Field("*")


@dataclass(frozen=True, slots=True)
class Screened:
    """What was found in one prompt, and what follows."""

    findings: tuple[Finding, ...]
    decision: Decision
    milliseconds: float

    @property
    def codes(self) -> tuple[HarmCode, ...]:
        """The codes of every binding verdict but `OK`, that of the decision first."""
        return self.decision.worst_first

    @property
    def signals(self) -> Mapping[str, float]:
        """Each signal with its highest score."""
        highest: dict[str, float] = {}
        for each in self.findings:
            if isinstance(each, Signal):
                highest[each.name] = max(each.score, highest.get(each.name, 0.0))
        return dict(sorted(highest.items()))

    @property
    def unavailable(self) -> tuple[str, ...]:
        """Each question to which somebody had no answer; it may have another's as well."""
        return tuple(
            sorted({str(each.name) for each in self.findings if not isinstance(each, Signal)})
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """By what is judged: names and facts only, from which every process makes its own screener."""

    sets: tuple[str, ...]
    """Policy sets on top of the shipped floor and default."""
    tier_adult: bool
    age_claim: bool
    installation: Path | None = None
    """The data directory whose policies and term packs hold, if not the shipped ones alone."""


class Screener:
    """The classifiers of text and a policy, ready to judge."""

    def __init__(
        self, readers: Sequence[Classifier[Reading]], policy: Policy, facts: Facts
    ) -> None:
        """Build from parts; `facts` name no place: the only one is the text."""
        self._readers = [Watched(reader) for reader in readers]
        self._policy = policy
        self._facts = facts
        self._answerable = policy.required(Rating.MATURE)

    @property
    def sources(self) -> tuple[str, ...]:
        """The ids of the classifiers that look."""
        return tuple(reader.classifier.id for reader in self._readers)

    @property
    def policy_digest(self) -> str:
        """The digest of the policy that decides."""
        return self._policy.digest

    def screen(self, prompt: Prompt) -> Screened:
        """Judge `prompt`. A classifier that fails is `Unavailable` for each of its names."""
        began = perf_counter()
        reading = read(prompt)
        findings = tuple(
            finding for reader in self._readers for finding in reader.look(reading, _TEXTS).findings
        )
        decision = self._policy.decide(Moment.REQUEST, findings, self._facts, self._answerable)
        return Screened(findings, decision, round((perf_counter() - began) * 1000, 2))


@cache
def screener(terms: Terms) -> Screener:
    """Build the screener of `terms`, once in each process.

    Raises:
        UnusableError, PolicyError: a policy set cannot be used.
        ClassifierError: a classifier is not fit to be used.
        SettingsError: the installation's settings or a term pack of theirs cannot be used.
    """
    if not structlog.is_configured():  # it would log to stdout, which is for answers
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    sets, packs = installed(terms.installation)
    readers = embedded_readers(packs)
    for reader in readers:
        reader.warm()
    policy = stacked([load_set(name) for name in (*sets, *terms.sets)])
    places = frozenset({_TEXTS})
    return Screener(readers, policy, Facts(terms.tier_adult, terms.age_claim, places))

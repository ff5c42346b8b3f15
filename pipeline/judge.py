"""Judges contents by a policy: what was seen, and what follows.

The one place where classifiers run. They run in worker threads, with a deadline, off the event
loop; whatever goes wrong with one is `Unavailable`, for each name that it should have reported.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from time import perf_counter, perf_counter_ns
from typing import Generic, TypeVar

import structlog

from classifiers import canonical, normalise
from classifiers.canonical import Canonical
from classifiers.classifier import Capability, Classifier
from classifiers.content import Image, Prompt, Purpose, Text
from classifiers.hidden import hidden_in
from classifiers.normalise import Reading
from classifiers.signals import (
    Field,
    Finding,
    Picture,
    Reason,
    Signal,
    SignalName,
    Unavailable,
    Where,
)
from pipeline.gathering import all_of
from pipeline.items import NO_TEXTS, Contents, Judged
from pipeline.workers import Workers
from policies.policy import Facts, Moment, Policy

C = TypeVar("C")
T = TypeVar("T")

_OF_SPELLING = frozenset(
    {
        SignalName.TEXT_READABLE,
        SignalName.TEXT_LANGUAGE_UNREAD,
        SignalName.TEXT_LANGUAGE_TERMS_ONLY,
        SignalName.TEXT_DISGUISED,
        SignalName.TEXT_TAGS,
    }
)
_TEXTS = Field("*")
_SHORT = 1_000
"""Characters read in place: in a millisecond at worst, about what it takes to wake a thread."""
_FAULTS = frozenset({Reason.FAILED, Reason.TIMED_OUT})

_say = structlog.get_logger("judge")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one classifier reported, and what is wrong with it, if anything is."""

    findings: tuple[Finding, ...]
    fault: str | None = None


@dataclass(slots=True)
class Watched(Generic[C]):
    """A classifier, and whether it worked when it was last used.

    Threads only report. What becomes of that is for the event loop: a report that comes after its
    deadline changes nothing.
    """

    classifier: Classifier[C]
    fault: str | None = field(default=None)

    def look(self, content: C, where: Where) -> Seen:
        """Report every name that the classifier emits, each with a finding or as unavailable.

        Whoever fails is tried at once on its known content: only if it fails there too is it sick.
        Else one request that nobody can look at would stop everybody's.
        """
        try:
            findings = tuple(self.classifier.classify(content))
            named = frozenset(finding.name for finding in findings)
        except Exception as fault:  # noqa: BLE001 - one of two: a failure to look is a finding
            return self._failed(where, type(fault).__name__)
        if named != self.classifier.emits:
            return self._failed(where, "reports other names than it declares")
        return Seen(findings)

    def _failed(self, where: Where, fault: str) -> Seen:
        _say.warning("could not look", classifier=self.classifier.id, fault=fault)
        sick = self.warmed() is not None
        return Seen(self.nothing(where, Reason.FAILED), fault if sick else None)

    def nothing(self, where: Where, reason: Reason) -> tuple[Unavailable, ...]:
        """Say for every name that nobody could look."""
        source = self.classifier.id
        return tuple(
            Unavailable(name, where, source, reason) for name in sorted(self.classifier.emits)
        )

    def warmed(self) -> str | None:
        """Try the classifier on its known content; return what is wrong with it."""
        try:
            self.classifier.warm()
        except Exception as fault:  # noqa: BLE001 - it stays sick, and says why
            return type(fault).__name__
        return None


@dataclass(frozen=True, slots=True)
class _Told:
    """What was found, and how long each classifier looked for that, in microseconds.

    Whoever had not answered in time is not among `took`: nobody knows how long it looks.
    """

    findings: tuple[Finding, ...]
    took: Counter[str]


@dataclass(slots=True)
class _Look(Generic[C]):
    """Everybody's look at one content, one after the other, in one thread."""

    watchers: Sequence[Watched[C]]
    content: C
    where: Where
    done: list[tuple[Seen, int]] = field(default_factory=list)

    def __call__(self) -> None:
        """Look, in a thread."""
        for watched in self.watchers:
            began = perf_counter_ns()
            seen = watched.look(self.content, self.where)
            self.done.append((seen, (perf_counter_ns() - began) // 1000))

    def told(self) -> _Told:
        """Return what was seen until now, for the event loop; who has not answered is late."""
        done = self.done[:]
        seen, late = [each for each, _ in done], self.watchers[len(done) :]
        seen += [Seen(each.nothing(self.where, Reason.TIMED_OUT), "timed out") for each in late]
        for watched, what in zip(self.watchers, seen, strict=True):
            watched.fault = what.fault
        took = Counter[str]()
        for watched, (_, microseconds) in zip(self.watchers, done, strict=False):
            took[watched.classifier.id] += microseconds
        return _Told(tuple(finding for what in seen for finding in what.findings), took)


class Judge:
    """Prepares contents, has every classifier look, and lets the policy decide."""

    def __init__(
        self,
        text: Sequence[Classifier[Reading]],
        picture: Sequence[Classifier[Canonical]],
        workers: Workers,
        texts_in: Callable[[Canonical], Sequence[Text]],
        today: Callable[[], date | None] = lambda: None,
    ) -> None:
        """Build from parts; where nobody says what day it is, no exemption holds.

        `texts_in` gives what an uploaded picture says of itself.
        """
        self._texts_in = texts_in
        self._today = today
        self._text = [Watched(classifier) for classifier in text]
        self._picture = [Watched(classifier) for classifier in picture]
        self._workers = workers
        self._installed = _answers(self._watched())

    def installed(self) -> frozenset[Capability]:
        """Every question that an installed classifier is qualified to answer, or was once."""
        self._installed |= _answers(self._watched())
        return self._installed

    def healthy(self) -> frozenset[Capability]:
        """Every question that a classifier can answer now."""
        return _answers(watched for watched in self._watched() if watched.fault is None)

    def faults(self) -> dict[str, str]:
        """The sick classifiers by id, each with the kind of its fault."""
        return {w.classifier.id: w.fault for w in self._watched() if w.fault is not None}

    def exchange(self, new: Classifier[Reading]) -> None:
        """Have `new` look at texts from the next look on, in the place of the one of its name."""
        name = new.id.partition("@")[0]
        self._text = [
            Watched(new) if each.classifier.id.partition("@")[0] == name else each
            for each in self._text
        ]

    def sources(self) -> tuple[str, ...]:
        """The ids of all classifiers, for the log."""
        return tuple(watched.classifier.id for watched in self._watched())

    async def recover(self) -> None:
        """Try every sick classifier once more."""
        for watched in self._watched():
            if watched.fault is not None:
                with suppress(TimeoutError):  # it stays sick
                    watched.fault = await self._workers.run(watched.warmed)

    async def prepare(self, prompt: Prompt, images: Sequence[Image]) -> Contents:
        """Read the texts in all their views, decode each image, and read what it says, once.

        Raises:
            UnreadableError: an image is not one, or is beyond the limits: the caller's bad input.
        """
        if not images and sum(len(each.text) for each in prompt.texts) <= _SHORT:
            return self._prepared(prompt, images)
        return await self._workers.run(lambda: self._prepared(prompt, images))

    def _prepared(self, prompt: Prompt, images: Sequence[Image]) -> Contents:
        pictures = tuple(canonical.read(image) for image in images)
        every = (each for picture in pictures for each in (picture, *picture.hidden))
        told = tuple(text for each in every for text in self._texts_in(each))
        metadata = normalise.read(replace(prompt, texts=told)) if told else NO_TEXTS
        return Contents(normalise.read(prompt), pictures, metadata)

    @property
    def queued(self) -> bool:
        """Whether a queue stands before the gate."""
        return self._workers.queued

    async def run(self, job: Callable[[], T]) -> T:
        """Do some other work on content where looking is done: off the event loop, in its turn."""
        return await self._workers.run(job)

    async def judge(
        self,
        contents: Contents,
        policy: Policy,
        moment: Moment,
        facts: Facts,
        before: Sequence[Finding] = (),
    ) -> Judged:
        """Look at `contents`, and decide over that and what was found `before`.

        Never raises for a classifier: what cannot be looked at is `Unavailable`.
        """
        began = perf_counter()
        pictures = (*contents.pictures, *await self._hidden(contents.pictures))
        seen = await self._seen(contents, pictures, before)
        found = replace(seen, findings=(*before, *contents.evidence, *seen.findings))
        return self._judged(began, pictures, found, policy, moment, facts)

    async def read_and_judge(
        self,
        read: Callable[[], tuple[Contents, T]],
        policy: Policy,
        moment: Moment,
        facts: Facts,
        before: Sequence[Finding] = (),
    ) -> tuple[Judged, T]:
        """Read contents and look at their pictures in one go, while those are at hand; and decide.

        Returns what `read` returned beside the contents, too.

        Raises:
            TimeoutError: nobody had read it in time. And whatever `read` raises.
        """
        began = perf_counter()
        came: list[tuple[Contents, T]] = []
        looks: list[_Look[Canonical]] = []

        def job() -> None:
            contents, more = read()
            looks.extend(_Look(self._picture, each, _place(each)) for each in contents.pictures)
            came.append((contents, more))
            for look in looks:
                look()

        try:
            await self._workers.run(job)
        except TimeoutError:
            if not came:
                raise
        ((contents, more),) = came
        told = [look.told() for look in looks]
        hidden = await self._hidden(contents.pictures)
        seen = _together([*told, await self._seen(contents, hidden, before)])
        found = replace(seen, findings=(*before, *contents.evidence, *seen.findings))
        pictures = (*contents.pictures, *hidden)
        return self._judged(began, pictures, found, policy, moment, facts), more

    async def _seen(
        self, contents: Contents, pictures: Sequence[Canonical], before: Sequence[Finding]
    ) -> _Told:
        """Look at the texts of `contents` and at `pictures`, all at once."""
        wordless = not contents.reading.fields and any(isinstance(f.where, Field) for f in before)
        # A picture that came back without words of its own: its request's were looked at before.
        jobs = [] if wordless else [self._look(self._text, contents.reading, _TEXTS)]
        jobs += [self._look(self._picture, each, _place(each)) for each in pictures]
        if contents.metadata.fields:
            jobs.append(self._evidence(contents.metadata))
        return _together(await all_of(jobs))

    def _judged(
        self,
        began: float,
        pictures: Sequence[Canonical],
        found: _Told,
        policy: Policy,
        moment: Moment,
        facts: Facts,
    ) -> Judged:
        """Let the policy decide over all that was found of texts and `pictures`."""
        places = {_place(each): each.purpose for each in pictures}
        masks = frozenset(place for place in places if places[place] is Purpose.MASK)
        facts = replace(
            facts, places=frozenset((_TEXTS, *places)), masks=masks, today=self._today()
        )
        installed = self.installed() if moment is Moment.REQUEST else None  # else it is not read
        decision = policy.decide(moment, found.findings, facts, installed)
        took = tuple(sorted(found.took.items()))
        return Judged(found.findings, decision, round((perf_counter() - began) * 1000), took)

    async def _hidden(self, pictures: Sequence[Canonical]) -> tuple[Canonical, ...]:
        """Return what the files of `pictures` carry beside them, but what shows them once more."""
        carrying = [picture for picture in pictures if picture.hidden]
        if not carrying:
            return ()
        try:
            return await self._workers.run(
                lambda: tuple(each for picture in carrying for each in hidden_in(picture))
            )
        except TimeoutError:  # nobody compared them
            return tuple(each for picture in carrying for each in picture.hidden)

    async def _evidence(self, metadata: Reading) -> _Told:
        """Look at what is never forwarded: what was seen there counts, and that somebody failed.

        That nobody can read it does not, nor how it is spelled: nobody asks for it.
        """
        told = await self._look(self._text, metadata, _TEXTS)
        return replace(told, findings=tuple(filter(_is_evidence, told.findings)))

    async def _look(self, watchers: Sequence[Watched[C]], content: C, where: Where) -> _Told:
        look = _Look(watchers, content, where)
        with suppress(TimeoutError):  # who has not answered by now is late
            await self._workers.run(look)
        return look.told()

    def _watched(self) -> Iterable[Watched[Reading] | Watched[Canonical]]:
        return (*self._text, *self._picture)

    def close(self) -> None:
        """Stop looking."""
        self._workers.close()


def _together(told: Iterable[_Told]) -> _Told:
    """Return all that was found, and for how long each looked at all of it."""
    findings, took = list[Finding](), Counter[str]()
    for each in told:
        findings += each.findings
        took.update(each.took)
    return _Told(tuple(findings), took)


def _place(picture: Canonical) -> Picture:
    return Picture(picture.carrier, picture.index)


def _answers(watched: Iterable[Watched[Reading] | Watched[Canonical]]) -> frozenset[Capability]:
    return frozenset[Capability]().union(*(each.classifier.answers for each in watched))


def _is_evidence(finding: Finding) -> bool:
    if isinstance(finding, Signal):
        return finding.score > 0 and finding.name not in _OF_SPELLING
    return finding.reason in _FAULTS

"""What became of each request of a platform in a period, as the log said it at one moment.

Everything comes from public parts of entries, so that whoever holds the log counts the same. The
same question with the same moment has the same answer for ever: what was written later is not read.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from sys import intern
from typing import Final

from audit.entry import OUTCOMES, STEPS, Json, Kind
from audit.fields import write_time
from audit.leaf import Leaf
from pipeline.duties.dsa.filings import Filings, confirms, filings_of
from pipeline.duties.dsa.ground import code_of, is_about, is_of_the_worst
from pipeline.duties.dsa.taxonomy import Place, place_of
from pipeline.store.takedowns import NoticeKind
from policies.labels import HarmCode

_ENDS = frozenset({Kind.HALTED, Kind.WITHHOLD})
_NEEDED = ("action", "cause", "code", "entries", "event", "outcome", "reason", "sample", "samples")
_NEEDED_TOO = ("stage", "submission", "tenant", "automated")
_KEPT: Final = frozenset((*_NEEDED, *_NEEDED_TOO))
BY_A_PERSON = "blind_check"
"""Why something is withheld that machines had let go, and a person then did not."""
_OF_A_DECISION: Final = "notice."
_STRUCK: Final = "strike.added"
_SUSPENDS: Final = frozenset({"suspend", "refer"})
_BY_OTHERS: Final = frozenset({NoticeKind.ARTICLE_16, NoticeKind.TRUSTED_FLAGGER})
"""The notices of the DSA; what the law of another country asks for is not among them."""
_DAY = len("2026-11-23")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: whose, of which days, as known at which moment."""

    tenant: str
    first: date
    last: date
    as_of: datetime

    def has(self, at: str) -> bool:
        """Whether a time of an entry is in the period."""
        return self.first.isoformat() <= at[:_DAY] <= self.last.isoformat()


@dataclass(frozen=True, slots=True)
class Measure:
    """One restriction: a request that was refused, or a picture that was not given out."""

    code: HarmCode
    place: Place
    of_request: bool
    detected_by_machine: bool
    decided_by_machine: bool


@dataclass(frozen=True, slots=True)
class Complaint:
    """An appeal that was received in the period, and what came of it by then."""

    of_request: bool
    received_at: str
    outcome: str | None = None
    decided_at: str | None = None

    @property
    def hours(self) -> float | None:
        """From when it was sent until it was decided, which is when it is told."""
        return _hours(self.received_at, self.decided_at)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice by somebody else (Article 16) that was received in the period."""

    by_flagger: bool
    received_at: str
    outcome: str | None = None
    decided_at: str | None = None

    @property
    def hours(self) -> float | None:
        """From when it was received until it was decided."""
        return _hours(self.received_at, self.decided_at)


@dataclass(slots=True)
class Counted:
    """What was counted."""

    requests: int = 0
    standing: Counter[str] = field(default_factory=Counter[str])
    """How requests stand: released, withheld, refused, open; or what cannot be (`unexplained`)."""
    ended: int = 0
    """The entries by which something was refused or withheld, whatever for."""
    without_ground: int = 0
    """Of these, those that are no decision about content: nobody could look, or it failed."""
    measures: list[Measure] = field(default_factory=list[Measure])
    blocks: int = 0
    """Requests that were refused something for its content."""
    notices: Counter[str] = field(default_factory=Counter[str])
    """Of the blocks: notice `given`, its ground `suppressed`, or `not_fetched` by the platform."""
    stray_notices: int = 0
    """Requests that a notice was given of though nothing was decided on them: there are none."""
    complaints: list[Complaint] = field(default_factory=list[Complaint])
    stray_decisions: int = 0
    """Decisions on appeals that nobody made: there are none."""
    confirmed: int = 0
    """Requests of which people said that it was of `CSE.*`."""
    received: list[Notice] = field(default_factory=list[Notice])
    suspensions: int = 0
    """How often an end user was suspended for what was confirmed of them."""
    filings: Filings | None = None
    """What became of those; None where nothing is filed from here."""


@dataclass(slots=True)
class Counting:
    """Counts what is given to it, in parts too; it keeps what may be of this platform alone."""

    query: Query
    _courses: defaultdict[str, list[Leaf]] = field(default_factory=lambda: defaultdict(list))
    _notices: list[Leaf] = field(default_factory=list[Leaf])

    def take(self, leaves: Iterable[Leaf]) -> None:
        """Read on. Leaves MUST come in the order of the log."""
        until, tenant = write_time(self.query.as_of), self.query.tenant
        for leaf in leaves:
            submission = leaf.public.get("submission")
            if leaf.at > until or leaf.public.get("tenant", tenant) != tenant:
                continue
            if leaf.kind is Kind.TAKEDOWN:
                self._notices.append(leaf)
            elif isinstance(submission, str):
                self._courses[submission].append(_slim(leaf))

    def done(self) -> Counted:
        """Return what was counted."""
        found, own = Counted(), list[Sequence[Leaf]]()
        found.received = _notices(self._notices, self.query)
        for course in self._courses.values():
            if any("tenant" in leaf.public for leaf in course):
                own.append(course)
                _count(found, course, self.query.has)
        found.filings = filings_of(own, self.query.has, self.query.as_of)
        return found


def counted(leaves: Iterable[Leaf], query: Query) -> Counted:
    """Count all at once. Leaves MUST come in the order of the log."""
    counting = Counting(query)
    counting.take(leaves)
    return counting.done()


def _notices(leaves: Sequence[Leaf], query: Query) -> list[Notice]:
    """Return the notices of a platform, each with what was decided on it."""
    found: dict[str, Notice] = {}
    for leaf in leaves:
        said, case = leaf.public, str(leaf.public.get("case"))
        if said.get("tenant") != query.tenant or said.get("class") not in _BY_OTHERS:
            continue
        if said.get("event") == "takedown.received" and query.has(leaf.at):
            found[case] = Notice(said.get("class") == NoticeKind.TRUSTED_FLAGGER, leaf.at)
        elif said.get("event") == "takedown.decided" and case in found:
            outcome = str(said.get("outcome"))
            found[case] = replace(found[case], outcome=outcome, decided_at=leaf.at)
    return [*found.values()]


def _hours(since: str, until: str | None) -> float | None:
    if until is None:
        return None
    took = datetime.fromisoformat(until) - datetime.fromisoformat(since)
    return took.total_seconds() / 3600


def _slim(leaf: Leaf) -> Leaf:
    public: dict[str, Json] = {
        key: intern(value) if isinstance(value, str) else value
        for key, value in leaf.public.items()
        if key in _KEPT
    }
    return replace(leaf, public=public, personal={})


def _count(found: Counted, course: Sequence[Leaf], has: Callable[[str], bool]) -> None:
    steps = [leaf for leaf in course if leaf.kind in STEPS]
    if steps and has(steps[0].at):
        found.requests += 1
        found.standing[_standing(steps)] += 1
    measures, ground = list[Measure](), False
    for leaf in _last_ends(course):
        code = code_of(leaf, course)
        place = place_of(code)
        ground |= place is not None
        if not has(leaf.at):
            continue
        found.ended += 1
        if place is None:
            found.without_ground += 1
        else:
            measures.append(_measure(leaf, course, code, place))
    found.measures += measures
    notices = [
        leaf
        for leaf in course
        if leaf.kind is Kind.NOTICE and str(leaf.public.get("event")).startswith(_OF_A_DECISION)
    ]
    if measures:
        found.blocks += 1
        found.notices[_notice(course, notices)] += 1
    found.stray_notices += bool(notices) and not ground
    _appeals(found, course, has)
    found.suspensions += sum(
        leaf.public.get("event") == _STRUCK and leaf.public.get("outcome") in _SUSPENDS
        for leaf in course
        if has(leaf.at)
    )
    found.confirmed += any(has(leaf.at) and confirms(leaf) for leaf in course)


def _standing(steps: Sequence[Leaf]) -> str:
    """Say how a request stands; `unexplained` if the entries contradict each other."""
    ends = [leaf for leaf in steps if leaf.kind in OUTCOMES]
    if any(leaf.kind is Kind.HALTED for leaf in ends):
        return "unexplained" if any(leaf.kind is Kind.RELEASE for leaf in ends) else "refused"
    admitted = [leaf for leaf in steps if leaf.kind is Kind.ADMIT]
    if ends and not admitted:
        return "unexplained"
    samples = int(str(admitted[-1].public.get("samples", 1))) if admitted else 0
    last = {int(str(leaf.public.get("sample", 0))): leaf.kind for leaf in ends}
    if any(index >= samples for index in last):
        return "unexplained"
    if Kind.RELEASE in last.values():
        return "released"
    return "withheld" if ends and len(last) == samples else "open"


def _last_ends(course: Sequence[Leaf]) -> Iterable[Leaf]:
    """Return by what each part of a request was refused or withheld in the end, once each."""
    ends = {
        (leaf.kind is Kind.HALTED, leaf.public.get("sample", 0)): leaf
        for leaf in course
        if leaf.kind in _ENDS
    }
    return ends.values()


def _measure(end: Leaf, course: Sequence[Leaf], code: HarmCode, place: Place) -> Measure:
    ruled = any(leaf.kind is Kind.RULING and is_about(leaf, end) for leaf in course)
    by_a_person = end.public.get("reason") == BY_A_PERSON
    return Measure(
        code, place, end.kind is Kind.HALTED, not by_a_person, not (ruled or by_a_person)
    )


def _notice(course: Sequence[Leaf], notices: Sequence[Leaf]) -> str:
    lifted = any(leaf.public.get("event") == "notice.lifted" for leaf in notices)
    if any(map(is_of_the_worst, course)) and not lifted:
        return "suppressed"
    given = any(leaf.public.get("event") == "notice.given" for leaf in notices)
    return "given" if given else "not_fetched"


def _appeals(found: Counted, course: Sequence[Leaf], has: Callable[[str], bool]) -> None:
    events = {
        str(leaf.public["event"]): leaf for leaf in course if leaf.kind is Kind.APPEAL
    }  # one decision is contested once
    received, decided = events.get("appeal.received"), events.get("appeal.decided")
    if received is None:
        found.stray_decisions += decided is not None
        return
    if has(received.at):
        of_request = any(leaf.kind is Kind.HALTED for leaf in course)
        complaint = Complaint(of_request, received.at)
        if decided is not None:
            outcome = str(decided.public.get("outcome"))
            complaint = replace(complaint, outcome=outcome, decided_at=decided.at)
        found.complaints.append(complaint)

"""How the installation stands: what `/ready` knows, for people who may see it. No case is on it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import APIRouter, Depends
from starlette.responses import Response

from pipeline.access.permissions import Permission
from pipeline.console.frame import Frame, Link
from pipeline.console.sessions import Session
from pipeline.items import Cause

LINK = Link("/operation", "Operation", Permission.OPERATION_SHOW)
_PARTS = ("log", "store", "vault", "admission", "seizures", "tenants")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the page, or a sentence instead of its rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    otherwise: str = "None."


@dataclass(frozen=True, slots=True)
class Standing:
    """Who tells how the installation stands."""

    ready: Callable[[], Awaitable[Mapping[str, object]]]
    held: Callable[[], Awaitable[Mapping[Cause, int]]]
    """Open holds, by cause."""
    head: Callable[[], str]
    """The newest checkpoint of the log."""


def routes(frame: Frame, standing: Standing) -> APIRouter:
    """Return the route of the page."""
    router = APIRouter()

    @router.get(LINK.path)
    async def operation(
        session: Annotated[Session, Depends(frame.signed_in(LINK.permission))],
    ) -> Response:
        report = await standing.ready()
        return frame.page(
            "operation.html",
            session,
            ready=report["ready"] is True,
            tables=tables(report, await standing.held()),
            head=standing.head(),
        )

    return router


def tables(report: Mapping[str, object], held: Mapping[Cause, int]) -> list[Table]:
    """Return a report of readiness as tables. What it does not say is told as `unknown`."""
    outside = _mapping(report.get("outside"))
    serves = _mapping(report.get("serves"))
    anchors = outside.get("anchors")
    banks = report.get("banks")
    return [
        Table("Parts", ("part", "state"), [(part, _told(report.get(part))) for part in _PARTS]),
        Table(
            "What can be served",
            ("tier", "served", "missing"),
            [
                (tier, _told(_mapping(how).get("served")), _told(_mapping(how).get("missing")))
                for tier, how in serves.items()
            ],
        ),
        Table(
            "What waits",
            ("what", "how many"),
            [
                *((f"held for {cause}", str(count)) for cause, count in held.items()),
                ("in flight", _told(report.get("in_flight"))),
                ("in flight at most", _told(report.get("queue_limit"))),
            ],
        ),
        _facts(
            "What waits for people, against what they can rule on in a day",
            "tenant",
            queues := report.get("queues"),
            "Nobody can say." if queues is None else "No tenant declared that.",
        ),
        Table(
            "Minutes in which not all could be served",
            ("in the last", "minutes"),
            [(time, _told(each)) for time, each in _mapping(report.get("closed_minutes")).items()],
            "Nobody can say.",
        ),
        _pairs("Classifiers that fail", "classifier", report.get("sick"), "None of them."),
        _pairs("Classifiers", "version", report.get("classifiers"), "There are none."),
        _accounts(report),
        _pairs("Engines of one's own", "engine", report.get("engines"), "There are none."),
        _facts("Banks", "bank", banks, banks if isinstance(banks, str) else "There are none."),
        _facts(
            "The log, remembered outside",
            "witness",
            {str(number): each for number, each in enumerate(_list(anchors), 1)},
            "Nobody outside remembers the log.",
        ),
        _pairs("Fork guard", "guard", {"file": outside.get("fork_guard")}, ""),
    ]


def _accounts(report: Mapping[str, object]) -> Table:
    """Return the accounts at NovelAI, and what was left on them when that was last asked."""
    left, low = _mapping(report.get("balances")), _list(report.get("low"))
    rows = [
        (label, _told(state), _told(left[label]) if label in left else "not asked yet")
        if label not in low
        else (label, _told(state), f"{_told(left[label])}, runs low")
        for label, state in _mapping(report.get("accounts")).items()
    ]
    columns = ("account", "state", "Anlas")
    return Table("Upstream accounts", columns, rows, "There are none.")


def _pairs(title: str, named: str, said: object, otherwise: str) -> Table:
    rows = [(name, _told(value)) for name, value in _mapping(said).items()]
    return Table(title, (named, "state"), rows, otherwise)


def _facts(title: str, named: str, said: object, otherwise: str) -> Table:
    """Return a table whose rows are objects: a column for each key that any of them has."""
    things = {name: _mapping(each) for name, each in _mapping(said).items()}
    keys = [*dict.fromkeys(key for each in things.values() for key in each)]
    rows = [
        (name, *(_told(each[key]) if key in each else "-" for key in keys))
        for name, each in things.items()
    ]
    return Table(title, (named, *keys), rows, otherwise)


def _mapping(said: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", said) if isinstance(said, Mapping) else {}


def _list(said: object) -> Sequence[object]:
    return cast("Sequence[object]", said) if isinstance(said, list | tuple) else ()


def _told(said: object) -> str:
    """Return a value of a report in words."""
    match said:
        case None:
            return "unknown"
        case bool():
            return "yes" if said else "no"
        case Mapping():
            pairs = cast("Mapping[object, object]", said).items()
            return ", ".join(f"{name}: {_told(each)}" for name, each in pairs) or "none"
        case list() | tuple():
            return ", ".join(map(_told, cast("Iterable[object]", said))) or "none"
        case _:
            return str(said)

"""Each kind of entry is written by something, and each event that auditors look for has a place."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from audit.entry import Kind

ROOT = Path(__file__).parents[2]
EXPECTED = [
    "request.received",
    "policy.evaluated",
    "hash.matched",
    "upstream.called",
    "upstream.answered",
    "output.classified",
    "output.marked",
    "decision.final",
    "notice.user_sent",
    "case.opened",
    "case.assigned",
    "case.viewed",
    "case.decided",
    "case.second_approved",
    "media.quarantined",
    "media.accessed",
    "media.destroyed",
    "report.drafted",
    "report.approved",
    "report.attempt",
    "report.filed",
    "report.retracted",
    "hold.placed",
    "hold.released",
    "sor.created",
    "sor.submitted",
    "appeal.received",
    "appeal.decided",
    "ncii.received",
    "ncii.valid",
    "ncii.removed",
    "le.request",
    "config.changed",
    "policy.published",
    "model.changed",
    "hashlist.synced",
    "access.granted",
    "access.denied",
    "export.created",
    "key.rotated",
    "key.destroyed",
    "erasure.done",
    "chain.checkpoint",
]
"""What a record of this kind has to tell at least."""
WITHOUT = frozenset({"sor.submitted", "chain.checkpoint"})
"""The page says in words why these are no entries."""
CHANGED = frozenset({"policy", "model"})
"""What the door of changes says `activated` of, and the like."""
_CODE = re.compile(r"`([a-z_]+(?:\.[a-z_]+)?)`")


def rows() -> dict[str, str]:
    """The table of the page: what is looked for, and where it stands."""
    page = (ROOT / "docs/log.md").read_text()
    table = page.partition("### What auditors look for")[2].partition("## Check it")[0]
    found = re.findall(r"^\| ([a-z_]+\.[a-z_]+) \| (.+) \|$", table, re.MULTILINE)
    return dict(found)


@cache
def trees() -> tuple[ast.Module, ...]:
    """The program's own modules."""
    files = [path for folder in ("audit", "pipeline") for path in (ROOT / folder).rglob("*.py")]
    return tuple(ast.parse(path.read_bytes()) for path in files)


def handed_on(node: ast.AST) -> Iterator[ast.AST]:
    """What a node makes something of; what it only compares with is not among it."""
    if isinstance(node, ast.Call):
        yield from (*node.args, *(each.value for each in node.keywords))
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Dict):
        yield from node.values


@cache
def kinds_written() -> frozenset[str]:
    """The kinds that some call is given, by their names in the code."""
    return frozenset(
        given.attr
        for tree in trees()
        for node in ast.walk(tree)
        for given in handed_on(node)
        if isinstance(given, ast.Attribute)
        and isinstance(given.value, ast.Name)
        and given.value.id == "Kind"
    )


@cache
def texts() -> frozenset[str]:
    """Every text in the program, and the parts of those that are put together."""
    return frozenset(
        node.value
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def is_said(event: str) -> bool:
    """Whether the program says it: in one piece, or as `report.` and `filed`."""
    before, _, after = event.partition(".")
    composed = f"{before}." in texts() or before in CHANGED
    return event in texts() or (composed and after in texts())


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_written_by_something(kind: Kind) -> None:
    """A kind that nobody writes is a promise to whoever reads the log's format."""
    assert kind.name in kinds_written()


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_on_the_page(kind: Kind) -> None:
    """And what it means is told."""
    assert f"\n| `{kind.value}` |" in (ROOT / "docs/log.md").read_text()


def test_the_page_names_all_that_is_looked_for_and_no_more() -> None:
    """An auditor goes down their own list."""
    assert list(rows()) == EXPECTED


@pytest.mark.parametrize("expected", EXPECTED)
def test_each_has_its_entry(expected: str) -> None:
    """The kinds are written, the events are said, and the few that are neither are known."""
    named = set(_CODE.findall(rows()[expected]))
    kinds = named & {kind.value for kind in Kind}

    assert bool(kinds) is (expected not in WITHOUT)
    assert {Kind(kind).name for kind in kinds} <= kinds_written()
    assert [each for each in named if "." in each and not is_said(each)] == []

"""Finds the entries about one subject, without those that would tell them of an investigation."""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from audit.export.order import Details
from audit.export.profile import Scope, about_a_subject, tips_off
from audit.leaf import Leaf
from audit.store import Row


def entries_of_subject(
    batches: Callable[[], Iterator[Sequence[Row]]], scope: Scope, details: Details
) -> set[UUID]:
    """Return the ids of what the subject of `scope` may be given; goes over the log twice.

    Whose an entry is, only its detail says: `details` answers for those of the subject alone. If
    one entry of a submission would tip off, wherever it stands, all of them are left out.
    """
    own, secret, submissions = set[UUID](), set[str](), set[str]()
    for leaves in map(_parsed, batches()):
        asked = [each.entry_id for each in leaves if _may_be(scope, each)]
        found = details(asked) if asked else {}
        for leaf in leaves:
            submission = leaf.public.get("submission")
            if isinstance(submission, str) and tips_off(leaf):
                secret.add(submission)
            if leaf.entry_id not in found:
                continue
            if isinstance(submission, str):
                submissions.add(submission)
            elif not tips_off(leaf):
                own.add(leaf.entry_id)
    told = submissions - secret
    for leaves in map(_parsed, batches()):
        own |= {each.entry_id for each in leaves if about_a_subject(each, told)}
    return own


def _parsed(rows: Sequence[Row]) -> list[Leaf]:
    return [Leaf.parse(row.leaf) for row in rows]


def _may_be(scope: Scope, leaf: Leaf) -> bool:
    mine = leaf.public.get("tenant") == scope.tenant and "subject" in leaf.personal
    return mine and scope.spans(leaf.at)

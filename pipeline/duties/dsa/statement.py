"""Statements of reasons from the log's decisions: the public part of an entry is all they need.

What machines refused or withheld with a code, what people saw in a picture that machines had let
out, and what people rejected of what machines held. Each is one entry with the code; the entry that
ends what was rejected has none, so nothing is stated twice.
"""

from dataclasses import dataclass

from audit.entry import Kind
from audit.leaf import Leaf
from pipeline.duties.dsa.courses import BY_A_PERSON
from pipeline.duties.dsa.errors import StatementError
from pipeline.duties.dsa.projection import PROJECTION, Row
from pipeline.duties.dsa.rules import Statement, problems
from pipeline.items import Stage
from policies.labels import HarmCode

_DAY = len("2026-11-23")
_REFUSED = "DECISION_PROVISION_PARTIAL_SUSPENSION"
_DISABLED = "DECISION_VISIBILITY_CONTENT_DISABLED"
_FACTS = {
    Kind.HALTED: "A request to make a picture was refused before any picture was made.",
    Kind.WITHHOLD: "A picture that was made at a request was not given out.",
}


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform says of itself in each of its statements.

    `ground` names the clause of its terms, `explanation` says what it forbids and that it was
    broken. Neither MUST be about one person.
    """

    tenant: str
    ground: str
    explanation: str
    terms_url: str | None = None
    territories: tuple[str, ...] = ()


def statement_of(platform: Platform, leaf: Leaf) -> Statement | None:
    """Return the statement of a decision; None if it is another's, or restricts nothing.

    The same decision always gives the same `puid`: sent twice, it is there once.

    Raises:
        StatementError: it breaks a rule of the database, for what the platform says of itself.
    """
    row = _row(leaf)
    kind = _restricts(leaf)
    if row is None or kind is None or leaf.public.get("tenant") != platform.tenant:
        return None
    refused = kind is Kind.HALTED
    seen_by_a_person = leaf.public.get("reason") == BY_A_PERSON
    by_people = leaf.kind is Kind.RULING or seen_by_a_person
    made: dict[str, str | list[str]] = {
        **({"decision_provision": _REFUSED} if refused else {"decision_visibility": [_DISABLED]}),
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": platform.ground,
        "incompatible_content_explanation": platform.explanation,
        "content_type": [f"CONTENT_TYPE_{'TEXT' if refused else 'SYNTHETIC_MEDIA'}"],
        "category": f"STATEMENT_CATEGORY_{row.category}",
        "category_specification": [f"KEYWORD_{each}" for each in row.keywords],
        "content_date": leaf.at[:_DAY],
        "application_date": leaf.at[:_DAY],
        "decision_facts": _FACTS[kind],
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "No" if seen_by_a_person else "Yes",
        "automated_decision": f"AUTOMATED_DECISION_{'NOT_AUTOMATED' if by_people else 'FULLY'}",
        "puid": f"{platform.tenant}-{leaf.entry_id.hex}",
    }
    if "OTHER" in row.keywords:
        made["category_specification_other"] = "A harm that the list of keywords does not name."
    if platform.terms_url is not None:
        made["decision_ground_reference_url"] = platform.terms_url
    if platform.territories:
        made["territorial_scope"] = [*platform.territories]
    wrong = problems(made)
    if wrong:
        raise StatementError("statement of reasons", "what the database takes", "; ".join(wrong))
    return made


def _restricts(leaf: Leaf) -> Kind | None:
    """Say what an entry does: as a refusal does, or a withheld picture; None if neither."""
    if leaf.kind is Kind.RULING and leaf.public.get("outcome") == "rejected":
        return Kind.HALTED if leaf.public.get("stage") == Stage.SCREEN else Kind.WITHHOLD
    return leaf.kind if leaf.kind in _FACTS else None


def _row(leaf: Leaf) -> Row | None:
    code = leaf.public.get("code")
    return PROJECTION[HarmCode(str(code))] if code in [*HarmCode] else None

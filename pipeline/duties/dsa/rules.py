"""The database's rules, held here: it drops silently what does not apply, and we refuse it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

Statement = Mapping[str, str | Sequence[str]]

MOST_AT_ONCE = 100
TERRITORIES = frozenset(
    (
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
        "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    )
)  # fmt: skip
_VISIBILITY = frozenset(
    f"DECISION_VISIBILITY_{name}"
    for name in (
        "CONTENT_REMOVED", "CONTENT_DISABLED", "CONTENT_DEMOTED", "CONTENT_AGE_RESTRICTED",
        "CONTENT_INTERACTION_RESTRICTED", "CONTENT_LABELLED", "OTHER",
    )
)  # fmt: skip
_PROVISION = frozenset(
    f"DECISION_PROVISION_{much}_{what}"
    for much in ("PARTIAL", "TOTAL")
    for what in ("SUSPENSION", "TERMINATION")
)
_ILLEGAL, _INCOMPATIBLE = (
    f"DECISION_GROUND_{name}_CONTENT" for name in ("ILLEGAL", "INCOMPATIBLE")
)
_CONTENT = frozenset(
    f"CONTENT_TYPE_{name}"
    for name in ("APP", "AUDIO", "IMAGE", "PRODUCT", "SYNTHETIC_MEDIA", "TEXT", "VIDEO", "OTHER")
)
CATEGORIES = frozenset(
    f"STATEMENT_CATEGORY_{name}"
    for name in (
        "ANIMAL_WELFARE", "CONSUMER_INFORMATION", "CYBER_VIOLENCE", "CYBER_VIOLENCE_AGAINST_WOMEN",
        "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", "ILLEGAL_OR_HARMFUL_SPEECH",
        "INTELLECTUAL_PROPERTY_INFRINGEMENTS", "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS",
        "NOT_SPECIFIED_NOTICE", "OTHER_VIOLATION_TC", "PROTECTION_OF_MINORS",
        "RISK_FOR_PUBLIC_SECURITY", "SCAMS_AND_FRAUD", "SELF_HARM",
        "UNSAFE_AND_PROHIBITED_PRODUCTS", "VIOLENCE",
    )
)  # fmt: skip
_ONE_OF: Mapping[str, frozenset[str]] = {
    "decision_monetary": frozenset(
        f"DECISION_MONETARY_{name}" for name in ("SUSPENSION", "TERMINATION", "OTHER")
    ),
    "decision_provision": _PROVISION,
    "decision_account": frozenset({"DECISION_ACCOUNT_SUSPENDED", "DECISION_ACCOUNT_TERMINATED"}),
    "account_type": frozenset({"ACCOUNT_TYPE_BUSINESS", "ACCOUNT_TYPE_PRIVATE"}),
    "decision_ground": frozenset({_ILLEGAL, _INCOMPATIBLE}),
    "incompatible_content_illegal": frozenset({"Yes", "No"}),
    "category": CATEGORIES,
    "source_type": frozenset(
        f"SOURCE_{name}"
        for name in ("ARTICLE_16", "TRUSTED_FLAGGER", "TYPE_OTHER_NOTIFICATION", "VOLUNTARY")
    ),
    "automated_detection": frozenset({"Yes", "No"}),
    "automated_decision": frozenset(
        f"AUTOMATED_DECISION_{name}" for name in ("FULLY", "PARTIALLY", "NOT_AUTOMATED")
    ),
}
_SOME_OF: Mapping[str, frozenset[str]] = {
    "decision_visibility": _VISIBILITY,
    "content_type": _CONTENT,
    "category_addition": CATEGORIES,
    "territorial_scope": TERRITORIES,
}
_LONGEST: Mapping[str, int] = {
    "decision_visibility_other": 500, "decision_monetary_other": 500, "content_type_other": 500,
    "decision_ground_reference_url": 500, "illegal_content_legal_ground": 500,
    "illegal_content_explanation": 2000, "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000, "category_specification_other": 500,
    "decision_facts": 5000, "source_identity": 500, "puid": 500,
}  # fmt: skip
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "puid": re.compile(r"[a-zA-Z0-9_-]+", re.ASCII),
    "content_language": re.compile(r"[A-Z]{2}", re.ASCII),
    "decision_ground_reference_url": re.compile(r"https?://[!-~]+", re.ASCII),
}
_DATES: Mapping[str, int] = {
    "content_date": 2000, "application_date": 2020, "end_date_visibility_restriction": 2020,
    "end_date_monetary_restriction": 2020, "end_date_service_restriction": 2020,
    "end_date_account_restriction": 2020,
}  # fmt: skip
_LAST_DAY = date(2038, 1, 1)
_KEYWORD = re.compile(r"KEYWORD_[A-Z_]+", re.ASCII)
_NEEDED = (
    "decision_ground", "content_type", "category", "content_date", "application_date",
    "decision_facts", "source_type", "automated_detection", "automated_decision", "puid",
)  # fmt: skip
_DECISIONS = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
_KNOWN = {*_ONE_OF, *_SOME_OF, *_LONGEST, *_SHAPES, *_DATES, "category_specification"}
_PERSONAL: Mapping[str, re.Pattern[str]] = {
    "an e-mail address": re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+"),
    "an IP address": re.compile(
        r"\b\d{1,3}(?:\.\d{1,3}){3}\b|(?:[0-9a-fA-F]{1,4}:){3,}[0-9a-fA-F:]+"
    ),
    "a handle": re.compile(r"(?<![\w@])@\w{2,}"),
    "an address with an id": re.compile(r"https?://\S*\d{4,}\S*|https?://\S+\?\S+"),
    "a telephone number": re.compile(r"\+\d[\d ()/-]{7,}\d"),
}
_FREE = (
    "decision_visibility_other", "decision_monetary_other", "content_type_other",
    "illegal_content_legal_ground", "illegal_content_explanation", "incompatible_content_ground",
    "incompatible_content_explanation", "category_specification_other", "decision_facts",
    "source_identity", "decision_ground_reference_url",
)  # fmt: skip


def problems(statement: Statement) -> list[str]:
    """Return every rule that a statement breaks, a line each; never what it says."""
    return [
        *(f"{name}: it is missing" for name in _NEEDED if not statement.get(name)),
        *(f"{name}: the database knows no such field" for name in statement.keys() - _KNOWN),
        *_values(statement),
        *_together(statement),
        *_personal(statement),
    ]


def _values(statement: Statement) -> Iterator[str]:
    for name, value in statement.items():
        lists = name in _SOME_OF or name == "category_specification"
        if isinstance(value, str) == lists:
            yield f"{name}: expected {'a list' if lists else 'text'}"
        elif not isinstance(value, str):
            yield from _listed(name, value)
        elif not _fits(name, value):
            yield f"{name}: not a value that the database takes"


def _listed(name: str, values: Sequence[str]) -> Iterator[str]:
    known = _SOME_OF.get(name)
    if not values or len({*values}) != len(values):
        yield f"{name}: expected some, each once"
    elif not all(each in known if known else _KEYWORD.fullmatch(each) for each in values):
        yield f"{name}: not values that the database takes"


def _fits(name: str, value: str) -> bool:
    if len(value) > _LONGEST.get(name, len(value)) or not value.strip():
        return False
    if name in _ONE_OF:
        return value in _ONE_OF[name]
    if name in _DATES:
        return _is_day(value, _DATES[name])
    return name not in _SHAPES or _SHAPES[name].fullmatch(value) is not None


def _is_day(value: str, first_year: int) -> bool:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return False
    return value == day.isoformat() and date(first_year, 1, 1) <= day <= _LAST_DAY


def _together(statement: Statement) -> Iterator[str]:
    """Hold fields to each other: some need another, some forbid it."""
    if not any(name in statement for name in _DECISIONS):
        yield f"expected one of {', '.join(_DECISIONS)}"
    illegal = statement.get("decision_ground") == _ILLEGAL
    mine, foreign = ("illegal", "incompatible") if illegal else ("incompatible", "illegal")
    for name in (
        f"{mine}_content_{'legal_ground' if illegal else 'ground'}",
        f"{mine}_content_explanation",
    ):
        if name not in statement:
            yield f"{name}: it is missing"
    for name in statement:
        if name.startswith(f"{foreign}_content_"):
            yield f"{name}: it does not go with this ground"
    for name in ("decision_visibility", "decision_monetary", "content_type"):
        other = any(each.endswith("_OTHER") for each in _all(statement.get(name, ())))
        if other != (f"{name}_other" in statement):
            yield f"{name}_other: it goes with OTHER, and OTHER with it"
    if statement.get("source_type") == "SOURCE_VOLUNTARY" and "source_identity" in statement:
        yield "source_identity: it does not go with SOURCE_VOLUNTARY"


def _all(value: str | Sequence[str]) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value


def _personal(statement: Statement) -> Iterator[str]:
    """Find what may be somebody's: the database is public, and keeps its dumps for five years."""
    for name in _FREE:
        value = statement.get(name)
        for what, pattern in _PERSONAL.items():
            if isinstance(value, str) and pattern.search(value):
                yield f"{name}: it may hold {what}"

"""Roles: what each kind of person may do in the console."""

from collections.abc import Mapping
from enum import StrEnum

from pipeline.access.permissions import Permission


class Role(StrEnum):
    """What an account is for."""

    ADMIN = "admin"
    AUDITOR = "auditor"
    CHILD_SAFETY = "child-safety"
    POLICY = "policy"
    REVIEWER = "reviewer"
    SENIOR = "senior"


_READS = frozenset(
    {
        Permission.APPEALS_SHOW,
        Permission.CONSOLE_USE,
        Permission.REVIEW_LIST,
        Permission.REVIEW_SHOW,
    }
)
_REVIEWS = _READS | {
    Permission.CASES_CLAIM,
    Permission.CASES_ESCALATE,
    Permission.MEDIA_REVEAL,
    Permission.REVIEW_RULE,
}
_SECONDS = _REVIEWS | {
    Permission.APPEALS_DECIDE,
    Permission.OPERATION_SHOW,
    Permission.REVIEW_APPROVE_SECOND,
}

MAY: Mapping[Role, frozenset[Permission]] = {
    # Whoever makes accounts sees no case: else they could make themselves one that does.
    Role.ADMIN: frozenset(
        {Permission.ACCOUNTS_MANAGE, Permission.CONSOLE_USE, Permission.OPERATION_SHOW}
    ),
    Role.AUDITOR: _READS | {Permission.OPERATION_SHOW},
    Role.CHILD_SAFETY: _SECONDS
    | {Permission.CHILD_SAFETY_OPEN, Permission.NOTICES_LIFT, Permission.REPORTS_DECIDE},
    Role.POLICY: _READS | {Permission.OPERATION_SHOW},
    Role.REVIEWER: _REVIEWS,
    Role.SENIOR: _SECONDS,
}
"""What each role may do. An auditor and a policy maker read, and change nothing."""

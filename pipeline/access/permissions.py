"""Permissions, and the people who hold them."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.errors import ForbiddenError


class Permission(StrEnum):
    """Everything that somebody may be allowed to do, as `scope:action`, in alphabetical order."""

    ACCOUNTS_MANAGE = "accounts:manage"
    APPEALS_DECIDE = "appeals:decide"
    APPEALS_SHOW = "appeals:show"
    AUDIT_LOG_READ = "audit-log:read"
    AUDIT_READ = "audit:read"
    CASES_CLAIM = "cases:claim"
    CASES_ESCALATE = "cases:escalate"
    CHILD_SAFETY_OPEN = "child-safety:open"
    CONSOLE_USE = "console:use"
    EVIDENCE_GIVE = "evidence:give"
    GENERATIONS_CREATE = "generations:create"
    KEYS_MANAGE = "keys:manage"
    MEDIA_REVEAL = "media:reveal"
    MODERATION_DRY_RUN = "moderation:dry-run"
    NOTICES_LIFT = "notices:lift"
    OPERATION_SHOW = "operation:show"
    REPORTS_DECIDE = "reports:decide"
    REVIEW_APPROVE_SECOND = "review:approve-second"
    REVIEW_LIST = "review:list"
    REVIEW_RULE = "review:rule"
    REVIEW_SHOW = "review:show"
    SUBJECT_TOKENS_CREATE = "subject-tokens:create"
    TENANTS_MANAGE = "tenants:manage"


FOR_API_KEYS = frozenset(
    {
        Permission.AUDIT_LOG_READ,
        Permission.EVIDENCE_GIVE,
        Permission.GENERATIONS_CREATE,
        Permission.MODERATION_DRY_RUN,
        Permission.SUBJECT_TOKENS_CREATE,
    }
)
"""What a tenant's key can be given. The rest is for people of the operator: a key is no person."""

FOR_AUDITORS = frozenset({Permission.AUDIT_LOG_READ})
"""What the key of a tenant's auditor is given, and no other key: it opens the tree and nothing."""

FOR_EVIDENCE = frozenset({Permission.EVIDENCE_GIVE})
"""What the key is given by which a platform says who somebody is, and no other key."""

USUAL = FOR_API_KEYS - FOR_AUDITORS - FOR_EVIDENCE
"""What a key is given if nothing else is said."""

FOR_SUBJECT_TOKENS = frozenset({Permission.GENERATIONS_CREATE})
"""What a subject token can do at most; never more than the key that minted it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the operator's, by the name that rulings and the log record."""

    name: str
    permissions: frozenset[Permission] = frozenset()

    def require(self, permission: Permission) -> None:
        """Return if the person has the permission.

        Raises:
            ForbiddenError: they have not.
        """
        if permission not in self.permissions:
            raise ForbiddenError(permission)

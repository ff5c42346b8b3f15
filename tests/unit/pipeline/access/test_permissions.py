import re

import pytest

from pipeline.access.permissions import FOR_API_KEYS, FOR_SUBJECT_TOKENS, Permission, Person
from pipeline.errors import ForbiddenError


class TestPermission:
    def test_they_stand_in_alphabetical_order(self) -> None:
        """A list that people check has an order that they can check."""
        assert list(Permission) == sorted(Permission)

    def test_each_is_a_scope_and_an_action(self) -> None:
        """Names that follow one form can be guessed and searched."""
        assert all(re.fullmatch(r"[a-z-]+:[a-z-]+", item) for item in Permission)

    def test_a_token_can_do_no_more_than_a_key(self) -> None:
        """What a platform gives its users is less than what it has."""
        assert FOR_SUBJECT_TOKENS < FOR_API_KEYS

    @pytest.mark.parametrize(
        "permission", ["audit:read", "child-safety:open", "review:rule", "keys:manage"]
    )
    def test_what_people_answer_for_is_not_for_keys(self, permission: str) -> None:
        """A ruling needs a name."""
        assert Permission(permission) not in FOR_API_KEYS


class TestPerson:
    def test_who_has_a_permission_may(self) -> None:
        """A reviewer can do a reviewer's work."""
        person = Person("mira", frozenset({Permission.REVIEW_RULE}))

        person.require(Permission.REVIEW_RULE)

    def test_nobody_has_a_permission_by_default(self) -> None:
        """Forgetting to grant is safe."""
        with pytest.raises(ForbiddenError, match="review:rule"):
            Person("mira").require(Permission.REVIEW_RULE)

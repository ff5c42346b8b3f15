from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.access.subjects import fingerprint, subject_of
from pipeline.errors import InvalidSubjectError
from pipeline.items import Subject, Tier


class TestSubjectOf:
    def test_nobody_named_is_the_general_audience(self) -> None:
        """A key without a subject serves everybody, children too."""
        assert subject_of("harbour", assured=False) == Subject("harbour")

    def test_every_field_is_carried(self) -> None:
        """What the tenant states is what policies are asked about."""
        stated = subject_of(
            "harbour",
            assured=True,
            pseudonym="user-7",
            tier="adult",
            territory="US-CA",
            language="pt-BR",
            age_claim="claim-9",
        )

        expected = Subject("harbour", "user-7", Tier.ADULT, "US-CA", "pt-BR", "claim-9", True)  # noqa: FBT003 - every field, in order
        assert stated == expected

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("tier", "grown-up"),
            ("territory", "Germany"),
            ("territory", "de"),
            ("language", "deutsch!"),
            ("pseudonym", ""),
            ("pseudonym", "a b"),
            ("pseudonym", "a\n"),
            ("pseudonym", "x" * 201),
            ("age_claim", "ünder"),
        ],
    )
    def test_what_does_not_parse_is_refused_and_not_repeated(self, field: str, value: str) -> None:
        """A wrong field is the tenant's mistake, and may hold a person's name."""
        fields = {"pseudonym": "user-7", field: value}

        with pytest.raises(InvalidSubjectError, match=field) as caught:
            subject_of("harbour", assured=False, **fields)
        assert len(value) < 3 or value not in str(caught.value)

    @pytest.mark.parametrize("fields", [{"tier": "adult"}, {"age_claim": "claim-9"}])
    def test_nobody_in_particular_is_no_adult(self, fields: dict[str, str]) -> None:
        """An age belongs to somebody."""
        with pytest.raises(InvalidSubjectError, match="pseudonym"):
            subject_of("harbour", assured=False, **fields)

    @given(st.text())
    def test_any_pseudonym_is_taken_as_it_is_or_refused(self, pseudonym: str) -> None:
        """No input makes another error, or somebody else."""
        try:
            subject = subject_of("harbour", assured=False, pseudonym=pseudonym)
        except InvalidSubjectError:
            return
        assert subject.pseudonym == pseudonym
        assert pseudonym.isascii()
        assert pseudonym.isprintable()

    def test_pseudonym_and_claim_do_not_show(self) -> None:
        """Objects are printed in errors and logs."""
        subject = subject_of(
            "harbour", assured=False, pseudonym="user-7", tier="adult", age_claim="claim-9"
        )

        assert "user-7" not in repr(subject)
        assert "claim-9" not in repr(subject)


class TestFingerprint:
    SUBJECT = subject_of("harbour", assured=False, pseudonym="user-7")

    def test_it_is_stable(self) -> None:
        """A budget counts the same person each time."""
        again = subject_of("harbour", assured=False, pseudonym="user-7", territory="DE")

        assert fingerprint(b"k", self.SUBJECT) == fingerprint(b"k", again)

    @pytest.mark.parametrize(
        "other",
        [
            replace(SUBJECT, tenant="meadow"),
            replace(SUBJECT, pseudonym="user-8"),
            replace(SUBJECT, pseudonym=None),
            replace(SUBJECT, pseudonym="key"),
        ],
    )
    def test_others_have_another(self, other: Subject) -> None:
        """Nobody pays for somebody else's refusals, and tenants cannot compare users."""
        assert fingerprint(b"k", self.SUBJECT) != fingerprint(b"k", other)

    def test_a_pseudonym_called_like_the_absence_of_one_is_somebody(self) -> None:
        """`key` stands for nobody named; a user may be called so."""
        named = replace(self.SUBJECT, pseudonym="key")

        assert fingerprint(b"k", named) != fingerprint(b"k", replace(named, pseudonym=None))

    def test_without_the_key_it_cannot_be_made(self) -> None:
        """Who has the database has no list of users."""
        assert fingerprint(b"k", self.SUBJECT) != fingerprint(b"l", self.SUBJECT)

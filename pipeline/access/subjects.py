"""Subjects: what a tenant states about the end user it makes a request for."""

import hmac
import re

from pipeline.errors import InvalidSubjectError
from pipeline.items import Subject, Tier

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+/=-]{0,199}", re.ASCII)
_TERRITORY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)


def subject_of(
    tenant: str,
    *,
    assured: bool,
    pseudonym: str | None = None,
    tier: str = Tier.GENERAL,
    territory: str | None = None,
    language: str | None = None,
    age_claim: str | None = None,
) -> Subject:
    """Return the subject that a tenant states; the one place where its fields are checked.

    `pseudonym` and `age_claim` are ids of the tenant's own; `territory` is ISO 3166 (`DE`,
    `US-CA`), `language` BCP 47. Who is nobody named is served as the general audience, and so
    neither tier nor claim can be stated without a pseudonym.

    Raises:
        InvalidSubjectError: a field does not parse.
    """
    if tier not in set(Tier):
        raise InvalidSubjectError("tier", " or ".join(Tier), "another word")
    _check("pseudonym", _NAME, pseudonym, "an id of up to 200 letters, digits and marks")
    _check("age_claim", _NAME, age_claim, "an id of up to 200 letters, digits and marks")
    _check("territory", _TERRITORY, territory, "an ISO 3166 code such as DE or US-CA")
    _check("language", _LANGUAGE, language, "a BCP 47 tag such as en or pt-BR")
    if pseudonym is None and (tier != Tier.GENERAL or age_claim is not None):
        raise InvalidSubjectError("pseudonym", "one, with a tier or an age claim", "none")
    return Subject(
        tenant=tenant,
        pseudonym=pseudonym,
        tier=Tier(tier),
        territory=territory,
        language=language,
        age_claim=age_claim,
        assured=assured,
    )


def fingerprint(key: bytes, subject: Subject) -> str:
    """Return what stands for a subject where a pseudonym must not: 64 hexadecimal digits.

    Without `key` nobody can tell whose it is, or that two tenants name the same person.
    """
    named = "key" if subject.pseudonym is None else f"subject:{subject.pseudonym}"
    message = f"{subject.tenant}\x00{named}".encode()
    return hmac.digest(key, message, "sha256").hex()


def _check(name: str, shape: re.Pattern[str], value: str | None, expected: str) -> None:
    if value is not None and not shape.fullmatch(value):
        raise InvalidSubjectError(name, expected, f"{len(value)} other characters")

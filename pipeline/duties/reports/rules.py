"""The rules that the service's schema does not hold, R1 to R16 (compliance.md 1.6), held here.

R8 (characters that XML cannot carry) is the writer's: it replaces them, and counts them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from pipeline.duties.reports.document import (
    AssociatedAccount,
    Disabled,
    Email,
    EmailIncident,
    FileDetails,
    FileFlag,
    IncidentSummary,
    InternetDetails,
    IpCaptureEvent,
    Part,
    Person,
    Phone,
    Relevance,
    Report,
    tag_of,
)
from pipeline.duties.reports.writing import parts, tags, values

_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]+\.[^\s@<>,;]+")
_URLS = frozenset({"url", "legal_url", "profile_url", "location_of_file"})
_LONGEST: Mapping[str, int] = {
    "platform": 256, "escalate_to_high_priority": 3000, "incident_date_time_description": 3000,
    "url": 2083, "legal_url": 2083, "profile_url": 2083, "location_of_file": 2083,
    "chat_client": 255, "chat_room_name": 255, "first_name": 100, "last_name": 100,
    "esp_identifier": 255, "esp_service": 100, "screen_name": 256, "display_name": 255,
    "group_identifier": 255, "id_type": 255, "id_value": 2083, "original_file_name": 2056,
    "hash_type": 64, "name": 64,
}  # fmt: skip
_LONGEST_TEXT: Mapping[type[Part], int] = {Email: 255, Phone: 50}
_CLASSIFICATIONS = frozenset({"A1", "A2", "B1", "B2"})
_CODE = re.compile(r"\+[0-9]{1,3}", re.ASCII)
_OLDEST, _HIGHEST_PORT = 150, 65_535
FUTURE = timedelta(seconds=1)
"""How long ago a moment has to lie at least: the service refuses its own clock's future."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What the service's schema knows now: names of elements, and words for values."""

    elements: frozenset[str]
    words: frozenset[str]


def problems(
    document: Report | FileDetails,
    now: datetime,
    schema: Schema | None = None,
    *,
    viewed: bool | None = None,
) -> list[str]:
    """Return every rule that a document breaks, a line each; never what it says.

    `viewed` is what the record says of a file: whether a person was shown all of it.
    """
    found = [*_each(document, now)]
    if isinstance(document, Report):
        found += _report(document)
    else:
        found += _file(document, viewed)
    if schema is not None:
        found += _known(document, schema)
    return found


def problems_of(part: Part, now: datetime) -> list[str]:
    """Return every rule that a part of a document breaks by itself, likewise."""
    return [*_each(part, now)]


def _each(document: Part, now: datetime) -> Iterator[str]:
    for part in parts(document):
        yield from _values(part, now)
        match part:
            case IpCaptureEvent():
                yield from _address(part)
            case Disabled():
                yield from _disabled(part)
            case Phone() | Email():
                yield from _reached(part)
            case AssociatedAccount():
                if (part.approximate_age is None) == (part.date_of_birth is None):
                    yield "R12 associatedAccount: expected an age or a date of birth, not both"
            case IncidentSummary():
                yield from _summary(part)
            case Person() if part.age is not None and not 0 <= part.age <= _OLDEST:
                yield "R7 age: expected 0 to 150"
            case _:
                pass


def _values(part: Part, now: datetime) -> Iterator[str]:
    for name, value in values(part):
        tag = tag_of(name)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                yield f"R2 {tag}: it has no zone"
            elif value > now - FUTURE:
                yield f"R2 {tag}: it does not lie in the past"
        if not isinstance(value, str):
            continue
        most = _LONGEST_TEXT.get(type(part)) if name == "text" else _LONGEST.get(name)
        if most is not None and len(value) > most:
            yield f"R7 {tag}: more than {most} characters"
        if name in _URLS and not _is_url(value):
            yield f"R3 {tag}: not an absolute http address"


def _is_url(text: str) -> bool:
    try:
        split = urlsplit(text)
        return split.scheme in {"http", "https"} and bool(split.hostname) and text.split() == [text]
    except ValueError:
        return False


def _address(event: IpCaptureEvent) -> Iterator[str]:
    try:
        ip_address(event.ip_address)
    except ValueError:
        yield "R4 ipAddress: not an address"
    if event.port is not None and not 1 <= event.port <= _HIGHEST_PORT:
        yield "R4 port: expected 1 to 65535"


def _disabled(account: Disabled) -> Iterator[str]:
    since = account.disabled_date
    notified, again = account.user_notified_date, account.reenabled_date
    if notified is not None and (since is None or notified < since):
        yield "R10 userNotifiedDate: before it was disabled"
    if again is not None and (since is None or again <= since):
        yield "R10 reenabledDate: not after it was disabled"


def _reached(by: Phone | Email) -> Iterator[str]:
    if by.verification_date is not None and by.verified is not True:
        yield "R11 verificationDate: only of what is verified"
    if isinstance(by, Email):
        if not _EMAIL.fullmatch(by.text):
            yield "R1 email: not an address of mail"
        return
    code = by.country_calling_code
    if code is not None and not _CODE.fullmatch(code):
        yield "R11 countryCallingCode: expected + and at most three digits"
    elif code is not None and by.text.startswith((code, code.removeprefix("+"))):
        yield "R11 phone: it begins with its own calling code"


def _summary(summary: IncidentSummary) -> Iterator[str]:
    if summary.incident_date_time is None:
        yield "R2 incidentDateTime: it is missing"
    urgent = summary.escalate_to_high_priority
    if urgent is not None and not urgent.strip():
        yield "R9 escalateToHighPriority: blank"


def _report(report: Report) -> Iterator[str]:
    if not report.reporter.reporting_person.email:
        yield "R1 reportingPerson: it has no email"
    if not report.person_or_user_reported:
        yield "personOrUserReported: it is missing"
    for details in report.internet_details:
        if len([*values(details)]) != 1:
            yield f"internetDetails: expected one of {len(fields(InternetDetails))} kinds"
    known = {
        each.text.casefold()
        for part in parts(report)
        if isinstance(part, Person | AssociatedAccount)
        for each in part.email
    }
    for part in parts(report):
        if isinstance(part, EmailIncident):
            for each in part.email_address:
                if each.text.casefold() not in known:
                    yield "R14 emailIncident: an address that no person in the report has"


def _file(details: FileDetails, viewed: bool | None) -> Iterator[str]:
    if details.exif_viewed_by_esp and details.file_viewed_by_esp is not True:
        yield "R5 exifViewedByEsp: of a file that was not viewed"
    if details.file_relevance is Relevance.SUPPLEMENTAL:
        if details.industry_classification is not None:
            yield "R6 industryClassification: not of a supplemental file"
        if FileFlag.MEME in details.file_annotations:
            yield "R6 potentialMeme: not of a supplemental file"
    classed = details.industry_classification
    if classed is not None and classed not in _CLASSIFICATIONS:
        yield "R16 industryClassification: expected A1, A2, B1 or B2"
    if len(details.ip_capture_event) > 1:
        yield "R13 ipCaptureEvent: more than one"
    if details.file_viewed_by_esp is not viewed:
        yield "R15 fileViewedByEsp: not what the record says"


def _known(document: Report | FileDetails, schema: Schema) -> Iterator[str]:
    for tag in sorted({*tags(document)} - schema.elements):
        yield f"R16 {tag}: the service's schema does not know it"
    if isinstance(document, Report):
        word = document.incident_summary.incident_type
        if word not in schema.words:
            yield "R16 incidentType: the service's schema does not know it"
    elif document.file_relevance not in schema.words:
        yield "R16 fileRelevance: the service's schema does not know it"

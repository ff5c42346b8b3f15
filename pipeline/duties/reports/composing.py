"""Puts a report together: what people chose, what the record says, and who reports."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import md5, sha1, sha256

from pipeline.duties.reports.choices import Choices
from pipeline.duties.reports.document import (
    ChatImIncident,
    Details,
    Email,
    FileDetails,
    FileFlag,
    Hash,
    IncidentSummary,
    InternetDetails,
    NameValuePair,
    Person,
    Relevance,
    Report,
    Reported,
    Reporter,
    WebPageIncident,
)
from pipeline.duties.reports.facts import Facts
from pipeline.duties.reports.rules import FUTURE
from pipeline.settings.reporting import Reporting
from pipeline.store.reports import Report as Case

URGENT = "The provider's child-safety team asks for this to be looked at before others."


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that goes with a report."""

    name: str
    data: bytes = field(repr=False)
    relevance: Relevance
    viewed: bool | None
    generated: bool
    """Whether it was made by a machine here; what was uploaded may be anything."""
    told: Sequence[tuple[str, str]] = field(default=(), repr=False)
    """Of its making: the prompt, the model, the seed."""


@dataclass(frozen=True, slots=True)
class Composed:
    """What is to be filed."""

    report: Report = field(repr=False)
    files: Sequence[Attachment] = field(repr=False)
    choices: Choices
    profile: Reporting
    uploaded_at: datetime
    delivered: bool

    def details(self, number: str, file_id: str, attachment: Attachment) -> FileDetails:
        """Say what a file is, once the service has it under an id."""
        is_reported = attachment.relevance is Relevance.REPORTED
        flags = self.choices.file_flags if is_reported else frozenset[FileFlag]()
        if attachment.generated:
            flags |= {FileFlag.GENERATED}
        classed = self.profile.industry_mou and is_reported
        told = tuple(NameValuePair(name, value) for name, value in attachment.told if value)
        return FileDetails(
            number,
            file_id,
            original_file_name=attachment.name,
            uploaded_to_esp_timestamp=self.uploaded_at,
            file_viewed_by_esp=attachment.viewed,
            exif_viewed_by_esp=None if attachment.viewed is None else False,
            publicly_available=None if self.delivered or not attachment.generated else False,
            file_relevance=attachment.relevance,
            file_annotations=flags,
            industry_classification=self.choices.classification if classed else None,
            original_file_hash=hashes(attachment.data),
            details=(Details("EXIF", told),) if told else (),
        )


def compose(
    case: Case,
    facts: Facts,
    choices: Choices,
    profile: Reporting,
    who: Reported,
    files: Sequence[Attachment],
    now: datetime,
) -> Composed:
    """Put a report together; it is still to be held to the rules."""
    what = "The request was refused." if facts.refused else "A picture that was made was withheld."
    summary = IncidentSummary(
        choices.incident,
        platform=f"{profile.service} image generator",
        escalate_to_high_priority=URGENT if choices.urgent else None,
        report_annotations=choices.flags,
        incident_date_time=min(facts.received_at, now - FUTURE),
        incident_date_time_description="When the request to make a picture was received.",
    )
    left = "" if facts.delivered else " No picture of this request was given out."
    somebody = replace(who, esp_service=profile.service)
    report = Report(
        summary,
        (_where(profile, what + left),),
        _reporter(profile),
        (somebody,),
        f"{what}{left} Decided {facts.decided_at.isoformat()} as {case.code}, by policy "
        f"{facts.policy_digest}. Case {case.id}. The request as received and as it would be, or "
        "was, sent to the generator is attached.",
    )
    at = min(facts.received_at, now - FUTURE)
    return Composed(report, files, choices, profile, at, facts.delivered)


def _where(profile: Reporting, said: str) -> InternetDetails:
    if profile.page is None:
        return InternetDetails(chat_im_incident=ChatImIncident(profile.chat, additional_info=said))
    page = WebPageIncident(
        third_party_hosted_content=False, url=(profile.page,), additional_info=said
    )
    return InternetDetails(page)


def _reporter(profile: Reporting) -> Reporter:
    mail = () if profile.email is None else (Email(profile.email, "Work"),)
    legal = profile.legal_email
    return Reporter(
        Person(profile.first_name, profile.last_name, email=mail),
        contact_person=None if legal is None else Person(email=(Email(legal, "Work"),)),
        company_template=profile.process,
        legal_url=profile.legal_url,
    )


def hashes(data: bytes) -> tuple[Hash, ...]:
    """Return the digests of a file as it was before it was sent."""
    return (
        Hash(md5(data).hexdigest(), "MD5"),  # noqa: S324 - the service's own
        Hash(sha1(data).hexdigest(), "SHA1"),  # noqa: S324 - the same
        Hash(sha256(data).hexdigest(), "SHA256"),
    )

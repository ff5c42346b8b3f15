"""The report and what is said of each file, as NCMEC's schema has them (compliance.md 1.4, 1.5).

The order of a class's fields is the order of its elements: another order is refused. A field is
written under its name in camel case, those of `ATTRIBUTES` as attributes, `text` as the element's
own text; what is None, empty or no flag is not written. Elements that a generator of pictures has
no use for are left out: there are no intended recipients, victims, games, telephones or newsgroups.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

_OWN_NAMES = {"legal_url": "legalURL", "prior_ct_reports": "priorCTReports"}


class IncidentType(StrEnum):
    """What is reported. There is none for generated pictures: that is said of each file."""

    PORNOGRAPHY = "Child Pornography (possession, manufacture, and distribution)"
    TRAFFICKING = "Child Sex Trafficking"
    TOURISM = "Child Sex Tourism"
    MOLESTATION = "Child Sexual Molestation"
    DOMAIN_NAME = "Misleading Domain Name"
    MISLEADING = "Misleading Words or Digital Images on the Internet"
    ENTICEMENT = "Online Enticement of Children for Sexual Acts"
    UNSOLICITED = "Unsolicited Obscene Material Sent to a Child"


class ReportFlag(StrEnum):
    """What is said of a whole report, each as an empty element."""

    SEXTORTION = "sextortion"
    SOLICITATION = "csamSolicitation"
    MINOR_TO_MINOR = "minorToMinorInteraction"
    SPAM = "spam"
    SADISTIC = "sadisticOnlineExploitation"


class FileFlag(StrEnum):
    """What is said of one file, each as an empty element."""

    DRAWN = "animeDrawingVirtualHentai"
    MEME = "potentialMeme"
    VIRAL = "viral"
    SELF_PRODUCED = "possibleSelfProduction"
    PHYSICAL_HARM = "physicalHarm"
    GORE = "violenceGore"
    BESTIALITY = "bestiality"
    LIVE = "liveStreaming"
    INFANT = "infant"
    GENERATED = "generativeAi"


class Relevance(StrEnum):
    """Whether a file is what is reported, or tells more of it."""

    REPORTED = "Reported"
    SUPPLEMENTAL = "Supplemental Reported"


class EventName(StrEnum):
    """What somebody did from an address."""

    LOGIN = "Login"
    REGISTRATION = "Registration"
    PURCHASE = "Purchase"
    UPLOAD = "Upload"
    OTHER = "Other"
    UNKNOWN = "Unknown"


def tag_of(name: str) -> str:
    """Return the element or attribute that a field is written as."""
    first, *others = name.split("_")
    return _OWN_NAMES.get(name, first + "".join(each.capitalize() for each in others))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a document."""

    ATTRIBUTES: ClassVar[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Email(Part):
    """An address of mail."""

    ATTRIBUTES = frozenset({"type", "verified", "verification_date"})
    text: str = field(repr=False)
    type: str | None = None
    verified: bool | None = None
    verification_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Phone(Part):
    """A telephone number."""

    ATTRIBUTES = frozenset({"type", "verified", "verification_date", "country_calling_code"})
    text: str = field(repr=False)
    type: str | None = None
    verified: bool | None = None
    verification_date: datetime | None = None
    country_calling_code: str | None = None


@dataclass(frozen=True, slots=True)
class Person(Part):
    """Somebody, as far as they are known."""

    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    phone: tuple[Phone, ...] = field(default=(), repr=False)
    email: tuple[Email, ...] = field(default=(), repr=False)
    age: int | None = field(default=None, repr=False)
    date_of_birth: datetime | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class IpCaptureEvent(Part):
    """From which address something was done, and when."""

    ip_address: str = field(repr=False)
    event_name: EventName | None = None
    date_time: datetime | None = None
    possible_proxy: bool | None = None
    port: int | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeviceId(Part):
    """A device, as the platform knows it."""

    id_type: str
    id_value: str = field(repr=False)
    event_name: EventName | None = None
    date_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Disabled(Part):
    """Whether an account was disabled, and when that and what followed was."""

    ATTRIBUTES = frozenset(
        {"disabled_date", "user_notified", "user_notified_date", "reenabled_date"}
    )
    text: bool
    disabled_date: datetime | None = None
    user_notified: bool | None = None
    user_notified_date: datetime | None = None
    reenabled_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentSummary(Part):
    """What happened, and when."""

    incident_type: IncidentType
    platform: str | None = None
    escalate_to_high_priority: str | None = None
    """Its presence escalates."""
    report_annotations: frozenset[ReportFlag] = frozenset()
    incident_date_time: datetime | None = None
    incident_date_time_description: str | None = None


@dataclass(frozen=True, slots=True)
class WebPageIncident(Part):
    """It happened on a page."""

    ATTRIBUTES = frozenset({"third_party_hosted_content"})
    third_party_hosted_content: bool | None = None
    url: tuple[str, ...] = ()
    additional_info: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class EmailIncident(Part):
    """It happened by mail."""

    email_address: tuple[Email, ...] = field(default=(), repr=False)
    content: str | None = field(default=None, repr=False)
    additional_info: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ChatImIncident(Part):
    """It happened in a chat: with a bot, as a rule."""

    chat_client: str | None = None
    chat_room_name: str | None = None
    content: str | None = field(default=None, repr=False)
    additional_info: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class InternetDetails(Part):
    """Where it happened: exactly one of these."""

    web_page_incident: WebPageIncident | None = None
    email_incident: EmailIncident | None = None
    chat_im_incident: ChatImIncident | None = None


@dataclass(frozen=True, slots=True)
class Reporter(Part):
    """Who reports."""

    reporting_person: Person
    contact_person: Person | None = None
    company_template: str | None = None
    terms_of_service: str | None = None
    legal_url: str | None = None


@dataclass(frozen=True, slots=True)
class AssociatedAccount(Part):
    """Another account of the same person."""

    ATTRIBUTES = frozenset({"type"})
    type: str
    platform: str | None = None
    first_name: str | None = field(default=None, repr=False)
    middle_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    approximate_age: int | None = field(default=None, repr=False)
    date_of_birth: datetime | None = field(default=None, repr=False)
    phone: tuple[Phone, ...] = field(default=(), repr=False)
    email: tuple[Email, ...] = field(default=(), repr=False)
    esp_identifier: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reported(Part):
    """Who is reported. Written as `personOrUserReported`."""

    person_or_user_reported_person: Person | None = field(default=None, repr=False)
    esp_identifier: str | None = field(default=None, repr=False)
    esp_service: str | None = None
    compromised_account: bool | None = None
    screen_name: str | None = field(default=None, repr=False)
    display_name: tuple[str, ...] = field(default=(), repr=False)
    profile_url: tuple[str, ...] = field(default=(), repr=False)
    profile_bio: str | None = field(default=None, repr=False)
    ip_capture_event: tuple[IpCaptureEvent, ...] = field(default=(), repr=False)
    device_id: tuple[DeviceId, ...] = field(default=(), repr=False)
    third_party_user_reported: bool | None = None
    prior_ct_reports: tuple[int, ...] = ()
    group_identifier: str | None = field(default=None, repr=False)
    account_temporarily_disabled: Disabled | None = None
    account_permanently_disabled: Disabled | None = None
    associated_account: tuple[AssociatedAccount, ...] = field(default=(), repr=False)
    additional_info: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Report(Part):
    """A report, as it is opened."""

    incident_summary: IncidentSummary
    internet_details: tuple[InternetDetails, ...]
    reporter: Reporter
    person_or_user_reported: tuple[Reported, ...]
    additional_info: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Hash(Part):
    """A digest of a file as it was before it was sent. Written as `originalFileHash`."""

    ATTRIBUTES = frozenset({"hash_type"})
    text: str = field(repr=False)
    hash_type: str


@dataclass(frozen=True, slots=True)
class NameValuePair(Part):
    """One thing that is told of a file."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Details(Part):
    """Things that are told of a file: of its making (`EXIF`), or more hashes (`HASH`)."""

    ATTRIBUTES = frozenset({"type"})
    type: str
    name_value_pair: tuple[NameValuePair, ...]


@dataclass(frozen=True, slots=True)
class FileDetails(Part):
    """What is said of one file that was uploaded."""

    report_id: str
    file_id: str
    file_name: str | None = None
    original_file_name: str | None = None
    uploaded_to_esp_timestamp: datetime | None = None
    location_of_file: str | None = None
    file_viewed_by_esp: bool | None = None
    """None: nobody knows. It decides whether the police need a warrant."""
    exif_viewed_by_esp: bool | None = None
    publicly_available: bool | None = None
    file_relevance: Relevance = Relevance.REPORTED
    file_annotations: frozenset[FileFlag] = frozenset()
    industry_classification: str | None = None
    original_file_hash: tuple[Hash, ...] = field(default=(), repr=False)
    ip_capture_event: tuple[IpCaptureEvent, ...] = field(default=(), repr=False)
    """At most one."""
    device_id: tuple[DeviceId, ...] = field(default=(), repr=False)
    details: tuple[Details, ...] = field(default=(), repr=False)
    additional_info: tuple[str, ...] = field(default=(), repr=False)

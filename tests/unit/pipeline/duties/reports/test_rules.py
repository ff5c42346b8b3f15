"""The rules R1 to R16, each with what keeps it and what breaks it, and the order of elements."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pipeline.duties.reports.document import (
    AssociatedAccount,
    ChatImIncident,
    Details,
    Disabled,
    Email,
    EmailIncident,
    FileFlag,
    IncidentSummary,
    InternetDetails,
    IpCaptureEvent,
    NameValuePair,
    Part,
    Person,
    Phone,
    Relevance,
    Report,
    Reported,
    Reporter,
    ReportFlag,
    tag_of,
)
from pipeline.duties.reports.rules import Schema, problems
from pipeline.duties.reports.writing import tags, write
from tests.unit.pipeline.duties.reports.documents import (
    ADDRESS,
    DETAILS,
    EARLIER,
    PAGE,
    REPORT,
    SOMEBODY,
    SUMMARY,
    US,
)
from tests.unit.pipeline.duties.reports.ispws import StandIn
from tests.unit.pipeline.world import NOON

FUTURE = NOON + timedelta(seconds=1)
NAIVE = datetime(2031, 5, 4, 11)  # noqa: DTZ001 - a time without a zone is what is tried


def about(**changes: Any) -> Report:
    """The report, of somebody of whom other things are said."""
    return replace(REPORT, person_or_user_reported=(replace(SOMEBODY, **changes),))


def incident(**changes: Any) -> Report:
    return replace(REPORT, incident_summary=replace(SUMMARY, **changes))


def by(*, email: tuple[Email, ...] = US.email, **changes: Any) -> Report:
    return replace(REPORT, reporter=Reporter(replace(US, email=email), **changes))


def page(address: str) -> Report:
    return replace(REPORT, internet_details=(InternetDetails(replace(PAGE, url=(address,))),))


def phoned(number: str, **more: Any) -> Report:
    return about(person_or_user_reported_person=Person(phone=(Phone(number, **more),)))


def mailed(address: str) -> Report:
    by_mail = EmailIncident((Email(address),))
    return replace(REPORT, internet_details=(InternetDetails(email_incident=by_mail),))


def other(**said: Any) -> Report:
    return about(associated_account=(AssociatedAccount("Linked", **said),))


KEPT: list[Any] = [
    REPORT,
    about(display_name=("a", "b"), compromised_account=False),
    incident(escalate_to_high_priority="at once", report_annotations=frozenset(ReportFlag)),
    by(contact_person=US, legal_url="https://platform.example/legal"),
    phoned("301 555 0100", country_calling_code="+1", verified=True, verification_date=EARLIER),
    about(account_permanently_disabled=Disabled(text=True, disabled_date=EARLIER)),
    about(
        account_temporarily_disabled=Disabled(
            text=True,
            disabled_date=EARLIER,
            user_notified=True,
            user_notified_date=EARLIER,
            reenabled_date=EARLIER + timedelta(minutes=1),
        )
    ),
    mailed("Somebody@example.net"),
    other(approximate_age=30),
    replace(REPORT, internet_details=(InternetDetails(chat_im_incident=ChatImIncident("Bot")),)),
    about(ip_capture_event=(IpCaptureEvent("2001:db8::1"), IpCaptureEvent("::ffff:192.0.2.1"))),
]
BROKEN: list[tuple[str, Any]] = [
    ("R1", by(email=())),
    ("R1", by(email=(Email("nobody"),))),
    ("R1", by(email=(Email(f"{'a' * 65}@example.net"),))),
    ("R2", incident(incident_date_time=None)),
    ("R2", incident(incident_date_time=FUTURE)),
    ("R2", incident(incident_date_time=NOON)),
    ("R2", about(ip_capture_event=(replace(ADDRESS, date_time=NAIVE),))),
    ("R3", page("/generate")),
    ("R3", page("ftp://platform.example/")),
    ("R3", page("https://platform.example/a page")),
    ("R3", page("https://[")),
    ("R3", by(legal_url="platform.example")),
    ("R4", about(ip_capture_event=(IpCaptureEvent("192.0.2.300"),))),
    ("R4", about(ip_capture_event=(replace(ADDRESS, port=0),))),
    ("R4", about(ip_capture_event=(replace(ADDRESS, port=65_536),))),
    ("R7", page("https://platform.example/" + "a" * 2083)),
    ("R7", incident(platform="a" * 257)),
    ("R7", about(esp_identifier="a" * 256)),
    ("R7", about(screen_name="a" * 257)),
    ("R7", phoned("1" * 51)),
    ("R7", about(person_or_user_reported_person=Person(age=151))),
    ("R9", incident(escalate_to_high_priority=" ")),
    ("R10", about(account_permanently_disabled=Disabled(text=True, user_notified_date=EARLIER))),
    (
        "R10",
        about(
            account_temporarily_disabled=Disabled(
                text=True, disabled_date=EARLIER, reenabled_date=EARLIER
            )
        ),
    ),
    ("R11", phoned("+1 301 555 0100", country_calling_code="+1")),
    ("R11", phoned("1 301 555 0100", country_calling_code="+1")),
    ("R11", phoned("301", country_calling_code="001")),
    ("R11", phoned("301", verification_date=EARLIER)),
    ("R11", by(email=(Email("ts@platform.example", verified=False, verification_date=EARLIER),))),
    ("R12", other()),
    ("R12", other(approximate_age=30, date_of_birth=EARLIER)),
    ("R14", mailed("another@example.net")),
    ("internetDetails", replace(REPORT, internet_details=(InternetDetails(),))),
    (
        "internetDetails",
        replace(REPORT, internet_details=(InternetDetails(PAGE, EmailIncident()),)),
    ),
    ("personOrUserReported", replace(REPORT, person_or_user_reported=())),
]


@pytest.mark.parametrize("report", KEPT)
def test_what_keeps_the_rules_is_taken(report: Report) -> None:
    """By us, and by a server that shares no rule with us: order, flags, times and words."""
    assert problems(report, NOON) == []
    assert StandIn().submit(write(report).xml)[0] == 200


@pytest.mark.parametrize(("rule", "report"), BROKEN)
def test_what_breaks_a_rule_is_told_by_its_number(rule: str, report: Report) -> None:
    """And nothing of what it says: the words may be anybody's."""
    (told,) = problems(report, NOON)

    assert told.startswith(rule)
    assert "example" not in told


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("R5", {"exif_viewed_by_esp": True}),
        (
            "R6",
            {"file_relevance": Relevance.SUPPLEMENTAL, "industry_classification": "A1"},
        ),
        (
            "R6",
            {
                "file_relevance": Relevance.SUPPLEMENTAL,
                "file_annotations": frozenset({FileFlag.MEME}),
            },
        ),
        ("R7", {"details": (Details("EXIF", (NameValuePair("a" * 65, "b"),)),)}),
        ("R7", {"original_file_name": "a" * 2057}),
        ("R13", {"ip_capture_event": (ADDRESS, ADDRESS)}),
        ("R15", {"file_viewed_by_esp": True}),
        ("R15", {"file_viewed_by_esp": None}),
        ("R16", {"industry_classification": "C1"}),
    ],
)
def test_rules_of_files(rule: str, changes: dict[str, Any]) -> None:
    """What is said to be viewed is what the record says, also where the record does not know."""
    assert problems(DETAILS, NOON, viewed=False) == []

    (told,) = problems(replace(DETAILS, **changes), NOON, viewed=False)

    assert told.startswith(rule)


def test_what_xml_cannot_carry_is_replaced_and_counted() -> None:
    """R8: prompts hold control characters, halves of characters, and markup."""
    said = "a\x00b\x0b<c attr='\"'>&é 船 \ud800\uffff\U0001f6a2"

    written = write(replace(REPORT, additional_info=said))

    assert written.replaced == 4
    assert "a\ufffdb\ufffd&lt;c attr=&#x27;&quot;&#x27;&gt;&amp;é 船" in written.xml.decode()
    assert StandIn().submit(written.xml)[0] == 200


def test_the_schema_of_today_decides() -> None:
    """R16: an element, a flag or a word that it does not know is not sent."""
    everything = Schema(frozenset(tags(REPORT)), frozenset({SUMMARY.incident_type.value}))
    spam = incident(report_annotations=frozenset({ReportFlag.SPAM}))

    assert problems(REPORT, NOON, everything) == []
    assert problems(REPORT, NOON, Schema(everything.elements, frozenset()))[0].startswith("R16")
    (told, *_) = problems(spam, NOON, everything)
    assert told == "R16 reportAnnotations: the service's schema does not know it"
    unknown = Schema(everything.elements - {"url"}, everything.words)
    assert problems(REPORT, NOON, unknown) == ["R16 url: the service's schema does not know it"]


def test_a_flag_is_an_empty_element_and_absent_if_it_does_not_hold() -> None:
    """The text `false` in one is refused."""
    drawn = write(replace(DETAILS, file_annotations=frozenset({FileFlag.DRAWN}))).xml
    none = write(replace(DETAILS, file_annotations=frozenset[FileFlag]())).xml

    assert b"<fileAnnotations><animeDrawingVirtualHentai/></fileAnnotations>" in drawn
    assert b"fileAnnotations" not in none
    assert b"<fileViewedByEsp>false</fileViewedByEsp>" in none


def test_names_are_those_of_the_schema() -> None:
    """Camel case, but for those that have capitals of their own."""
    assert [*map(tag_of, ("esp_identifier", "legal_url", "prior_ct_reports", "url"))] == [
        "espIdentifier",
        "legalURL",
        "priorCTReports",
        "url",
    ]


@pytest.mark.parametrize("part", [REPORT, DETAILS, SOMEBODY, SUMMARY, ADDRESS])
def test_nothing_personal_shows_when_a_part_is_printed(part: Part) -> None:
    """A document must not leak into a log by being named there."""
    assert "192.0.2.44" not in repr(part)
    assert "somebody" not in repr(part)


def test_a_summary_of_nobody_is_whole() -> None:
    """Only the type and the time are asked for by the service."""
    least = Report(
        IncidentSummary(SUMMARY.incident_type, incident_date_time=EARLIER),
        (),
        Reporter(US),
        (Reported(),),
    )

    assert problems(least, NOON) == []
    assert StandIn().submit(write(least).xml)[0] == 200

"""Documents that keep every rule, to begin with. Everybody in them is made up."""

from datetime import timedelta

from pipeline.duties.reports.document import (
    Email,
    EventName,
    FileDetails,
    FileFlag,
    Hash,
    IncidentSummary,
    IncidentType,
    InternetDetails,
    IpCaptureEvent,
    Person,
    Report,
    Reported,
    Reporter,
    WebPageIncident,
)
from tests.unit.pipeline.world import NOON

EARLIER = NOON - timedelta(hours=1)
US = Person("Trust", "Safety", email=(Email("ts@platform.example", "Work"),))
SUMMARY = IncidentSummary(IncidentType.PORNOGRAPHY, platform="Harbour", incident_date_time=EARLIER)
PAGE = WebPageIncident(
    third_party_hosted_content=False,
    url=("https://platform.example/generate",),
    additional_info="Nothing was published.",
)
ADDRESS = IpCaptureEvent("192.0.2.44", EventName.UPLOAD, EARLIER, possible_proxy=False, port=50123)
SOMEBODY = Reported(
    Person(email=(Email("somebody@example.net"),)),
    esp_identifier="u-123",
    ip_capture_event=(ADDRESS,),
    prior_ct_reports=(123456789,),
)
REPORT = Report(SUMMARY, (InternetDetails(PAGE),), Reporter(US), (SOMEBODY,), "As decided.")
DETAILS = FileDetails(
    "4564654",
    "b" * 32,
    original_file_name="picture-0.png",
    file_viewed_by_esp=False,
    publicly_available=False,
    file_annotations=frozenset({FileFlag.GENERATED, FileFlag.DRAWN}),
    original_file_hash=(Hash("0" * 32, "MD5"),),
    additional_info=("A drawn shape.",),
)

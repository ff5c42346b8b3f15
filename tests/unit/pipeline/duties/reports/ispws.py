"""A stand-in for NCMEC's reporting service, from compliance.md 1.1 to 1.6: a server of its own.

It shares no rule with what it tests. What it takes it holds to the order of the schema; what it is
told to break, it breaks once.
"""

import re
from base64 import b64encode
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.parser import BytesParser
from email.policy import HTTP
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Event, Thread
from typing import Any, cast
from xml.etree import ElementTree as ET

from typing_extensions import override

from tests.unit.pipeline.world import NOON

USER, PASSWORD = "harbour-esp", "a password of theirs"
TYPES = (
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
)
_PERSON = "firstName? lastName? phone* email* address* age? dateOfBirth?"
_ACCOUNT = (
    "compromisedAccount? screenName? displayName* profileUrl* profileBio? ipCaptureEvent* deviceId*"
)
ORDER = {
    "report": "batchedReport? incidentSummary internetDetails* lawEnforcement? reporter "
    "personOrUserReported+ intendedRecipient* victim* additionalInfo?",
    "incidentSummary": "incidentType platform? escalateToHighPriority? reportAnnotations? "
    "incidentDateTime incidentDateTimeDescription?",
    "internetDetails": "webPageIncident|emailIncident|newsgroupIncident|chatImIncident|"
    "onlineGamingIncident|cellPhoneIncident|nonInternetIncident|peer2peerIncident",
    "webPageIncident": "url* additionalInfo?",
    "emailIncident": "emailAddress* content? additionalInfo?",
    "chatImIncident": "chatClient? chatRoomName? content? additionalInfo?",
    "reporter": "reportingPerson contactPerson? companyTemplate? termsOfService? legalURL?",
    "reportingPerson": _PERSON,
    "contactPerson": "firstName? lastName? phone* email* address*",
    "personOrUserReportedPerson": _PERSON,
    "personOrUserReported": "personOrUserReportedPerson? vehicleDescription? espIdentifier? "
    f"espService? {_ACCOUNT} thirdPartyUserReported? priorCTReports* groupIdentifier? "
    "accountTemporarilyDisabled? accountPermanentlyDisabled? estimatedLocation? "
    "allEmailsReported? associatedAccount* additionalInfo?",
    "associatedAccount": "platform? firstName? middleName? lastName? approximateAge? dateOfBirth? "
    "phone* email* allEmailsReported? address* espService? espIdentifier? profileUrl* "
    "screenName? displayName* profileBio? groupIdentifier? compromisedAccount? "
    "accountTemporarilyDisabled? accountPermanentlyDisabled? ipCaptureEvent* deviceId* "
    "priorCTReport* additionalInfo?",
    "ipCaptureEvent": "ipAddress eventName? dateTime? possibleProxy? port?",
    "deviceId": "idType idValue eventName? dateTime?",
    "fileDetails": "reportId fileId fileName? originalFileName? uploadedToEspTimestamp? "
    "locationOfFile? fileViewedByEsp? exifViewedByEsp? publiclyAvailable? fileRelevance? "
    "potentialMeme? fileAnnotations? industryClassification? originalFileHash* ipCaptureEvent? "
    "deviceId* details* additionalInfo*",
    "details": "nameValuePair+",
    "nameValuePair": "name value",
}
FLAGS = {
    "reportAnnotations": "sextortion csamSolicitation minorToMinorInteraction spam "
    "sadisticOnlineExploitation",
    "fileAnnotations": "animeDrawingVirtualHentai potentialMeme viral possibleSelfProduction "
    "physicalHarm violenceGore bestiality liveStreaming infant generativeAi",
}
TIMES = {"incidentDateTime", "dateTime", "uploadedToEspTimestamp", "dateOfBirth"}
BOOLEANS = {
    "fileViewedByEsp", "exifViewedByEsp", "publiclyAvailable", "possibleProxy",
    "compromisedAccount", "thirdPartyUserReported", "accountTemporarilyDisabled",
    "accountPermanentlyDisabled",
}  # fmt: skip
_KNOWN = {re.sub(r"[?*+]", "", each) for line in ORDER.values() for each in re.split(r"[ |]", line)}
_LIVES = timedelta(hours=24)


@dataclass
class Opened:
    """A report as the service has it."""

    xml: bytes
    at: datetime
    state: str = "open"
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    details: dict[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass
class StandIn:
    """What it holds, and how its next answers are to fail."""

    address: str = ""
    now: datetime = NOON
    reports: dict[str, Opened] = field(default_factory=dict[str, Opened])
    asked: list[str] = field(default_factory=list[str])
    faults: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """The call, and what becomes of it: each fails once."""
    lets_go: Event = field(default_factory=Event)
    expires_at: str = ""
    """At the next of these calls a day went by."""
    without: set[str] = field(default_factory=set[str])
    """What its schema does not know today."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(4_564_654))

    @property
    def finished(self) -> list[str]:
        """The numbers of what is filed."""
        return [number for number, each in self.reports.items() if each.state == "finished"]

    def breaks(self, call: str, how: str) -> None:
        """Have the next of these calls fail."""
        self.faults.append((call, how))

    def fault(self, call: str) -> str:
        """Return how this call is to fail, once."""
        for each in self.faults:
            if each[0] == call:
                self.faults.remove(each)
                return each[1]
        return ""

    def answer(self, call: str, content_type: str, body: bytes) -> tuple[int, str]:
        """Do what is asked."""
        self.asked.append(call)
        if call == self.expires_at:
            self.now, self.expires_at = self.now + _LIVES, ""
        for each in self.reports.values():
            if each.state == "open" and each.at + _LIVES <= self.now:
                each.state = "expired"
        match call:
            case "submit" if content_type == "text/xml; charset=utf-8":
                return self.submit(body)
            case "fileinfo" if content_type == "text/xml; charset=utf-8":
                return self.file_info(body)
            case "upload" | "finish" | "retract" if content_type.startswith("multipart/form-data;"):
                form = read_form(content_type, body)
                return getattr(self, call)(form)  # type: ignore[no-any-return] # one of three
            case _:
                return 400, coded(4000)

    def submit(self, xml: bytes) -> tuple[int, str]:
        """Open a report."""
        wrong = self.wrong(xml, "report")
        if wrong:
            return 400, coded(4100, responseDescription=wrong)
        number = str(next(self._numbers))
        self.reports[number] = Opened(xml, self.now)
        return 200, coded(0, reportId=number)

    def upload(self, form: dict[str, bytes]) -> tuple[int, str]:
        """Take a file."""
        number = form["id"].decode()
        refused = self.closed(number)
        if refused:
            return 200, coded(refused)
        data = form["file"]
        known_as = md5(f"{number}/{len(self.reports[number].files)}".encode()).hexdigest()  # noqa: S324 - the service's own
        self.reports[number].files[known_as] = data
        echo = md5(data).hexdigest()  # noqa: S324 - the service's own
        return 200, coded(0, reportId=number, fileId=known_as, hash=echo)

    def file_info(self, xml: bytes) -> tuple[int, str]:
        """Take what is said of a file, once."""
        wrong = self.wrong(xml, "fileDetails")
        if wrong:
            return 400, coded(4100, responseDescription=wrong)
        root = ET.fromstring(xml)  # noqa: S314 - it comes from the test
        number, known_as = root.findtext("reportId", ""), root.findtext("fileId", "")
        refused = self.closed(number)
        if refused:
            return 200, coded(refused)
        report = self.reports[number]
        if known_as not in report.files:
            return 200, coded(5002)
        if known_as in report.details:
            return 400, coded(4000)
        report.details[known_as] = xml
        return 200, coded(0, reportId=number, fileId=known_as)

    def finish(self, form: dict[str, bytes]) -> tuple[int, str]:
        """File a report, for good."""
        number = form["id"].decode()
        refused = self.closed(number)
        if refused:
            return 200, coded(refused)
        self.reports[number].state = "finished"
        files = "".join(f"<fileId>{each}</fileId>" for each in self.reports[number].files)
        return 200, (
            "<reportDoneResponse><responseCode>0</responseCode>"
            f"<reportId>{number}</reportId><files>{files}</files></reportDoneResponse>"
        )

    def retract(self, form: dict[str, bytes]) -> tuple[int, str]:
        """Throw an open report away."""
        number = form["id"].decode()
        refused = self.closed(number)
        if refused:
            return 200, coded(refused)
        self.reports[number].state = "retracted"
        return 200, coded(0, reportId=number)

    def closed(self, number: str) -> int:
        """Return why nothing can be done to a report, or 0."""
        found = self.reports.get(number)
        state = "expired" if found is None else found.state
        return {"open": 0, "expired": 5001, "retracted": 5101, "finished": 5102}[state]

    def wrong(self, xml: bytes, root: str) -> str:
        """Return what the schema and the server have against a document; nothing if it is taken."""
        try:
            tree = ET.fromstring(xml)  # noqa: S314 - it comes from the test
        except ET.ParseError:
            return "malformed"
        if tree.tag != root:
            return "another root"
        if root == "report" and tree.find("reporter/reportingPerson/email") is None:
            return "no email"
        return next(filter(None, map(self.wrong_element, tree.iter())), "")

    def wrong_element(self, element: ET.Element) -> str:
        """Return what is wrong with one element."""
        tag, children, text = element.tag, [each.tag for each in element], element.text or ""
        if tag in FLAGS:
            unknown = {*children} - {*FLAGS[tag].split()} | {*children} & self.without
            full = [each for each in element if each.text or len(each)]
            wrong = unknown or full or len({*children}) < len(children)
            return f"{tag}: flags" if wrong else ""
        order = ORDER.get(tag)
        if order is None:
            return f"{tag}: children" if children else self.wrong_text(tag, text)
        if "|" in order:
            return "" if len(children) == 1 and children[0] in order.split("|") else f"{tag}: one"
        pattern = "".join(
            f"(?:{each.rstrip('?*+')} ){each[-1] if each[-1] in '?*+' else ''}"
            for each in order.split()
        )
        taken = re.fullmatch(pattern, "".join(f"{each} " for each in children))
        return f"{tag}: order" if taken is None else ""

    def wrong_text(self, tag: str, text: str) -> str:
        """Return what is wrong with the text of an element."""
        if tag == "incidentType" and text not in TYPES:
            return "incidentType"
        if tag in BOOLEANS and text not in {"true", "false"}:
            return f"{tag}: boolean"
        if tag in TIMES:
            at = datetime.fromisoformat(text)
            if at.tzinfo is None or at >= self.now:
                return f"{tag}: past, with a zone"
        if tag == "escalateToHighPriority" and not text.strip():
            return "escalateToHighPriority: blank"
        return ""

    def schema(self) -> str:
        """Return the schema, as far as anybody reads it."""
        names = (
            _KNOWN | {*ORDER, *FLAGS} | {each for line in FLAGS.values() for each in line.split()}
        )
        elements = "".join(f'<xs:element name="{each}"/>' for each in sorted(names - self.without))
        words = (*TYPES, "Reported", "Supplemental Reported")
        values = "".join(f'<xs:enumeration value="{each}"/>' for each in words)
        return (
            '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
            f"{elements}<xs:simpleType>{values}</xs:simpleType></xs:schema>"
        )


def coded(code: int, **more: str) -> str:
    """Return a response."""
    said = {"responseCode": code, "responseDescription": "as documented", **more}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in said.items())
    return f"<reportResponse>{inner}</reportResponse>"


def read_form(content_type: str, body: bytes) -> dict[str, bytes]:
    """Read a form of several parts."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message: Any = BytesParser(policy=HTTP).parsebytes(head + body)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in message.iter_parts()
    }


_BROKEN = {
    "500": (500, "<html>no</html>"),
    "busy": (200, coded(1000)),
    "unsaved": (200, coded(1110)),
    "not_ours": (200, coded(3100)),
    "invalid": (400, coded(4100)),
    "garbage": (200, "<reportResponse><responseCode>0"),
    "doctype": (200, f'<!DOCTYPE a [<!ENTITY b "c">]>{coded(0, reportId="1")}'),
    "other": (200, "<html><responseCode>0</responseCode></html>"),
    "endless": (200, " " * (11 * 1024 * 1024)),
}
"""Answers that are given instead of doing anything."""


_KNOWN_AS = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class _Server(ThreadingHTTPServer):
    stand_in: StandIn


class _Answers(BaseHTTPRequestHandler):
    @property
    def stand_in(self) -> StandIn:
        return cast("_Server", self.server).stand_in

    def do_GET(self) -> None:
        if self.headers["Authorization"] != _KNOWN_AS:
            self.say(401, "")
        elif self.path == "/ispws/xsd":
            fault = self.stand_in.fault("xsd")
            self.say(*(_BROKEN[fault] if fault else (200, self.stand_in.schema())))

    def do_POST(self) -> None:
        call = self.path.removeprefix("/ispws/")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.stand_in.fault(call)
        if self.headers["Authorization"] != _KNOWN_AS or fault == "401":
            self.say(401, "")
        elif fault == "cut_before":
            self.close_connection = True
        elif fault in _BROKEN:
            self.say(*_BROKEN[fault])
        else:
            self.do(call, body, fault)

    def do(self, call: str, body: bytes, fault: str) -> None:
        status, answer = self.stand_in.answer(call, self.headers["Content-Type"], body)
        if fault == "hangs_after":
            self.stand_in.lets_go.wait()
        if fault in {"cut_after", "hangs_after"}:
            self.close_connection = True
        elif fault == "wrong_hash":
            self.say(status, re.sub("<hash>.*</hash>", f"<hash>{'0' * 32}</hash>", answer))
        else:
            self.say(status, answer, less=20 if fault == "half" else 0)

    def say(self, status: int, text: str, less: int = 0) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Request-ID", f"request-{len(self.stand_in.asked)}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with suppress(OSError):  # whoever asked may have read enough
            self.wfile.write(data[: len(data) - less])
        self.close_connection = True

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Generator[StandIn]:
    """Serve a stand-in on a port of this machine."""
    server = _Server(("127.0.0.1", 0), _Answers)
    server.stand_in = stand_in = StandIn()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stand_in.address = f"http://127.0.0.1:{server.server_port}/ispws"
    try:
        yield stand_in
    finally:
        stand_in.lets_go.set()
        server.shutdown()
        thread.join()
        server.server_close()

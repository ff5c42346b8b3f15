"""Each call of the reporting service, and everything that it may answer or not answer."""

from dataclasses import replace
from hashlib import md5

import httpx
import pytest
from pydantic import SecretStr

from pipeline.duties.reports.answers import Answer, class_of, read_answer, read_schema
from pipeline.duties.reports.client import Ispws
from pipeline.duties.reports.errors import AnswerError, RefusedError, UnansweredError
from pipeline.duties.reports.rules import problems
from pipeline.duties.reports.writing import write
from tests.unit.pipeline.duties.reports.documents import DETAILS, REPORT
from tests.unit.pipeline.duties.reports.ispws import PASSWORD, StandIn, coded
from tests.unit.pipeline.world import NOON

pytestmark = pytest.mark.enable_socket
DRAWN = b"the bytes of a drawn shape"


async def opened(client: Ispws) -> str:
    """The number of a report that was opened."""
    answered = await client.submit(write(REPORT).xml)
    assert answered.said is not None
    assert answered.said.report_id is not None
    return answered.said.report_id


async def test_a_report_goes_from_open_to_filed(client: Ispws, service: StandIn) -> None:
    """Each answer says what came of it, and keeps the id that their support asks for."""
    assert problems(REPORT, NOON, await client.schema()) == []
    number = await opened(client)
    uploaded = await client.upload(number, "picture-0.png", DRAWN)
    assert uploaded.said is not None
    assert uploaded.said.hash == md5(DRAWN).hexdigest()  # noqa: S324 - the service's own
    details = replace(DETAILS, report_id=number, file_id=str(uploaded.said.file_id))
    told = await client.file_info(write(details).xml)
    done = await client.finish(number)

    assert told.answer is done.answer is Answer.DONE
    assert done.request_id == "request-4"
    assert done.said is not None
    assert done.said.files == [uploaded.said.file_id]
    assert service.finished == [number]
    assert service.reports[number].files == {str(uploaded.said.file_id): DRAWN}


async def test_what_is_open_can_be_taken_back_and_what_is_filed_cannot(client: Ispws) -> None:
    """By 5101 and 5102 the two are told apart afterwards."""
    first, second = await opened(client), await opened(client)
    await client.finish(second)

    assert (await client.retract(first)).answer is Answer.DONE
    assert (await client.retract(first)).answer is Answer.GONE
    assert (await client.retract(second)).answer is Answer.FILED
    assert (await client.upload(second, "a", DRAWN)).answer is Answer.FILED
    assert (await client.finish("1")).answer is Answer.GONE


async def test_a_file_is_told_of_once(client: Ispws) -> None:
    """The second time is a mistake of ours, which a person looks at."""
    number = await opened(client)
    uploaded = await client.upload(number, "a", DRAWN)
    assert uploaded.said is not None
    details = write(replace(DETAILS, report_id=number, file_id=str(uploaded.said.file_id))).xml

    assert (await client.file_info(details)).answer is Answer.DONE
    assert (await client.file_info(details)).answer is Answer.FIX


@pytest.mark.parametrize("how", ["cut_before", "cut_after", "hangs_after", "half", "endless"])
async def test_an_answer_that_does_not_come_is_no_answer(
    client: Ispws, http: httpx.AsyncClient, service: StandIn, how: str
) -> None:
    """Whether it was done nobody knows: that is its own outcome."""
    service.breaks("submit", how)
    http.timeout = 0.3 if how == "hangs_after" else http.timeout

    with pytest.raises(UnansweredError) as caught:
        await opened(client)

    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ("500", Answer.RETRY),
        ("busy", Answer.RETRY),
        ("garbage", Answer.RETRY),
        ("doctype", Answer.RETRY),
        ("other", Answer.RETRY),
        ("invalid", Answer.FIX),
        ("not_ours", Answer.REFUSED),
        ("401", Answer.REFUSED),
    ],
)
async def test_what_follows_from_an_answer(
    client: Ispws, service: StandIn, how: str, answer: Answer
) -> None:
    """A 4100 comes with a 400: the body counts, not the status."""
    service.breaks("submit", how)

    assert (await client.submit(write(REPORT).xml)).answer is answer


async def test_elements_in_another_order_are_refused(client: Ispws) -> None:
    """The stand-in holds to the schema: else no test of the order would mean anything."""
    xml = write(REPORT).xml.replace(b"<incidentType>", b"<platform>x</platform><incidentType>")

    assert (await client.submit(xml)).answer is Answer.FIX


async def test_the_wrong_credentials(client: Ispws, http: httpx.AsyncClient) -> None:
    """They take nothing from us; no secret is told by whatever is printed of it."""
    wrong = Ispws(http, client.address, client.user, SecretStr("another"), is_test=True)

    with pytest.raises(RefusedError):
        await wrong.schema()

    assert (await wrong.retract("1")).answer is Answer.REFUSED
    assert PASSWORD not in repr(client)


@pytest.mark.parametrize("how", ["500", "garbage", "doctype", "other"])
async def test_a_schema_that_cannot_be_had(client: Ispws, service: StandIn, how: str) -> None:
    """Without it nothing can be held to it."""
    service.breaks("xsd", how)

    with pytest.raises(UnansweredError):
        await client.schema()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<reportResponse/>",
        b"<reportResponse><responseCode>zero</responseCode></reportResponse>",
        b"<a><responseCode>0</responseCode></a>",
        coded(0, reportId="1").replace("<reportId>", "<reportId>2</reportId><reportId>").encode(),
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><reportResponse/>',
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_none(answer: bytes) -> None:
    """It is refused as a whole."""
    with pytest.raises(AnswerError):
        read_answer(answer)
    with pytest.raises(AnswerError):
        read_schema(answer)


@pytest.mark.parametrize("code", [1, 999, 1000, 1100, 1110, 1111, 1300, 7777])
def test_a_code_that_nobody_knows_is_tried_again(code: int) -> None:
    """It is neither filed nor lost."""
    assert class_of(code) is Answer.RETRY

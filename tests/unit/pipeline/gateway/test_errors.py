"""One shape for every failure, and nothing in it that tells why."""

import json

import pytest

from pipeline.gateway.errors import HELP, STATUS, GateError
from pipeline.gateway.shapes import MEANING, Failure, errors
from pipeline.items import PublicCode


def test_it_is_novelais_shape_with_our_fields_beside() -> None:
    """The community SDKs read `statusCode` and `message`."""
    fault = GateError(403, "Waiting.", code="HELD", id="1", headers={"X-Audit-Id": "2"})

    answer = fault.response()

    assert json.loads(bytes(answer.body)) == {
        "statusCode": 403,
        "message": "Waiting.",
        "code": "HELD",
        "retry": False,
        "help": HELP,
        "id": "1",
    }
    assert answer.headers["x-audit-id"] == "2"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_whoever_may_try_again_is_told_when() -> None:
    """A client that does not know waits for ever, or not at all."""
    answer = GateError(503, "Later.", code="X", retry_after_seconds=30).response()

    assert answer.headers["retry-after"] == "30"
    assert json.loads(bytes(answer.body))["retry"] is True


def test_details_are_given_by_field() -> None:
    """What to change, where the request is malformed."""
    answer = GateError(400, "No.", details={"width": ["too wide"]}).response()

    assert json.loads(bytes(answer.body))["details"] == {"width": ["too wide"]}


@pytest.mark.parametrize("code", PublicCode)
def test_every_public_code_has_a_status_that_sdks_do_not_retry_wrongly(code: PublicCode) -> None:
    """They retry 429 and 5xx: a refusal must never be one of those."""
    retried = {PublicCode.UPSTREAM_REFUSED, PublicCode.TEMPORARILY_UNAVAILABLE}

    assert (STATUS[code] >= 500) is (code in retried)
    assert STATUS[code] != 500
    assert STATUS[code] in MEANING


@pytest.mark.parametrize("status", MEANING)
def test_every_failure_is_described_by_its_shape(status: int) -> None:
    """OpenAPI says what comes, for each status that a route lists."""
    said = errors(status)[status]

    assert said["content"]["application/json"]["schema"]["$ref"].endswith("/Failure")
    assert said["description"]


def test_the_shape_describes_what_is_sent() -> None:
    """A field that is sent and not described would surprise a client."""
    sent = GateError(403, "m", code="c", id="i", details={"a": ["b"]}).response()

    assert set(json.loads(bytes(sent.body))) == set(Failure.model_fields)

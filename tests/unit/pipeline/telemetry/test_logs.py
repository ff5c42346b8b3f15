import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from pipeline.telemetry import HIDDEN, configure

BEARER = "pst-" + "t" * 64
NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where the logs go; afterwards everything is as before."""
    root = logging.getLogger()
    handlers, level, written = root.handlers[:], root.level, io.StringIO()
    configure(lambda: NOON, written)
    yield written
    logging.captureWarnings(capture=False)
    logging.basicConfig(handlers=handlers, level=level, force=True)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail() -> None:
    raise ValueError("a harbour at dawn")


class TestOurs:
    def test_a_line_is_json_with_its_time(self, stream: io.StringIO) -> None:
        """Machines read logs before people do."""
        structlog.get_logger("gateway").info("released", withheld=1)

        (line,) = lines(stream)
        assert line == {
            "at": "2031-05-04T12:00:00.000+00:00",
            "level": "info",
            "event": "released",
            "withheld": 1,
        }

    def test_redaction_is_in_force(self, stream: io.StringIO) -> None:
        """A processor that nobody calls hides nothing."""
        structlog.get_logger().warning(f"refused {BEARER}", prompt="a harbour at dawn")

        assert lines(stream)[0]["prompt"] == HIDDEN
        assert BEARER not in stream.getvalue()

    def test_what_was_bound_is_redacted_too(self, stream: io.StringIO) -> None:
        """A logger that carries a request carries its prompt."""
        structlog.get_logger().bind(prompt="a harbour at dawn").info("read")

        assert "harbour" not in stream.getvalue()

    def test_an_exception_is_told_without_its_message(self, stream: io.StringIO) -> None:
        """Messages of parsers repeat what they could not parse."""
        try:
            fail()
        except ValueError:
            structlog.get_logger().exception("stage failed")

        (line,) = lines(stream)
        assert "harbour" not in stream.getvalue()
        (told,) = line["exception"]
        assert told["type"] == "ValueError"
        assert "fail" in told["at"][-1]

    def test_what_caused_it_is_told_as_well(self, stream: io.StringIO) -> None:
        """The place where it began is the one to look at."""
        fault = RuntimeError("outer")
        fault.__cause__ = ValueError("a harbour at dawn")

        structlog.get_logger().error("stage failed", exc_info=fault)

        assert "harbour" not in stream.getvalue()
        assert [one["type"] for one in lines(stream)[0]["exception"]] == [
            "RuntimeError",
            "ValueError",
        ]

    def test_debug_is_not_told(self, stream: io.StringIO) -> None:
        """What is only for developers is not for the operator's log."""
        structlog.get_logger().debug("a detail")

        assert stream.getvalue() == ""


class TestLibraries:
    def test_what_would_be_filled_in_is_left_out(self, stream: io.StringIO) -> None:
        """A library does not know what must not be logged."""
        logging.getLogger("some.library").warning("cannot parse %s", "a harbour at dawn")

        (line,) = lines(stream)
        assert (line["event"], line["library"]) == ("cannot parse %s", "some.library")

    def test_further_lines_are_left_out(self, stream: io.StringIO) -> None:
        """The event loop puts the repr of a task, with its exception, on the second line."""
        logging.getLogger("asyncio").error("never retrieved\nfuture: ValueError('a harbour')")

        assert lines(stream)[0]["event"] == "never retrieved"
        assert "harbour" not in stream.getvalue()

    def test_its_exceptions_are_told_as_ours(self, stream: io.StringIO) -> None:
        """The server's own log of a crash is no way around redaction."""
        try:
            fail()
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application")

        assert "harbour" not in stream.getvalue()
        assert "ValueError" in stream.getvalue()

    def test_information_is_not_told(self, stream: io.StringIO) -> None:
        """Clients tell every address they call, and decoders every chunk they read."""
        logging.getLogger("httpx").info("HTTP Request")

        assert stream.getvalue() == ""

    def test_warnings_go_the_same_way(self, stream: io.StringIO) -> None:
        """Everything on standard error is a line of JSON."""
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=False)
            logging.captureWarnings(capture=True)
            warnings.warn("something is old", stacklevel=1)

        assert lines(stream)[0]["library"] == "py.warnings"

    def test_an_empty_message_is_a_line(self, stream: io.StringIO) -> None:
        """Nothing that is logged can fail the one who logs."""
        logging.getLogger("some.library").error("")

        assert lines(stream)[0]["event"] == ""

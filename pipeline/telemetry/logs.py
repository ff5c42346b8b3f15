"""Logs: JSON, one line each, ours and our libraries' alike.

Nothing after redaction adds what a caller brought. An exception is told by its type and its
place, since its message may repeat content. Of a library's message only the first line of its
template is told, without what would be filled in.
"""

import json
import logging
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

from pipeline.telemetry.redaction import redact

_DEEPEST = 12
_CHAIN = 4


def configure(now: Callable[[], datetime], stream: TextIO, level: int = logging.INFO) -> None:
    """Send every log to `stream`, redacted; what libraries say, from warnings upward.

    Called once, before anything is logged.
    """
    processors = _processors(now)
    structlog.configure(
        processors=[*processors, _render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Lines(processors))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)


def tell_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its type, its place and what caused it; never its message."""
    told = {name: value for name, value in event.items() if name != "exc_info"}
    fault = _fault(event.get("exc_info"))
    if fault is not None:
        told["exception"] = _chain(fault)
    return told


def _processors(now: Callable[[], datetime]) -> Sequence[Processor]:
    def stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"at": now().isoformat(timespec="milliseconds"), **event}

    return (redact, tell_exception, structlog.processors.add_log_level, stamp)


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=True)


class _Lines(logging.Formatter):
    """Writes what a library logs as we write our own."""

    def __init__(self, processors: Sequence[Processor]) -> None:
        super().__init__()
        self._processors = processors

    @override
    def format(self, record: logging.LogRecord) -> str:
        first, *_ = str(record.msg).splitlines() or [""]
        event: EventDict = {"event": first, "library": record.name, "exc_info": record.exc_info}
        for process in self._processors:
            event = cast("EventDict", process(None, record.levelname.lower(), event))
        return _render(None, "", event)


def _fault(given: object) -> BaseException | None:
    """Return the exception that `exc_info` speaks of, in each of the forms it takes."""
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        parts = cast("tuple[object, ...]", given)
        return next((part for part in parts if isinstance(part, BaseException)), None)
    return sys.exc_info()[1] if given else None


def _chain(fault: BaseException) -> list[dict[str, object]]:
    told: list[dict[str, object]] = []
    here: BaseException | None = fault
    while here is not None and len(told) < _CHAIN:
        told.append({"type": type(here).__name__, "at": _places(here.__traceback__)})
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)
    return told


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.StackSummary.extract(traceback.walk_tb(trace), lookup_lines=False)
    return [f"{'/'.join(Path(f.filename).parts[-2:])}:{f.lineno} {f.name}" for f in frames][
        -_DEEPEST:
    ]

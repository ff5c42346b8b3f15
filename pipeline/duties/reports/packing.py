"""Puts a report into one file for an authority that takes it from a person: NCMEC's XML, zipped."""

import io
from datetime import datetime
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pipeline.duties.reports.composing import Composed
from pipeline.duties.reports.errors import BrokenRuleError
from pipeline.duties.reports.rules import problems
from pipeline.duties.reports.writing import write

_NOBODY_S = "0"
"""Stands for numbers that only NCMEC gives."""


def packed(composed: Composed, now: datetime) -> bytes:
    """Return the pack: `report.xml`, and each file with what is said of it.

    Raises:
        BrokenRuleError: it breaks a rule, and is to be drafted anew.
    """
    wrong = problems(composed.report, now)
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as pack:
        _put(pack, "report.xml", write(composed.report).xml)
        for number, each in enumerate(composed.files):
            details = composed.details(_NOBODY_S, _NOBODY_S, each)
            wrong += problems(details, now, viewed=each.viewed)
            name = f"files/{number:02}-{each.name}"
            _put(pack, name, each.data)
            _put(pack, f"{name}.xml", write(details).xml)
    if wrong:
        raise BrokenRuleError("report", "one that keeps the rules", "; ".join(wrong))
    return out.getvalue()


def _put(pack: ZipFile, name: str, data: bytes) -> None:
    """Add a file without the time at which that was: the same report is the same pack."""
    pack.writestr(ZipInfo(name), data)

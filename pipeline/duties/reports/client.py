"""Speaks to NCMEC's reporting service (`ispws`, compliance.md 1.1). Each call is one question.

It decides nothing of what follows: that is the filing's, which notes each call before and after.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import httpx
from pydantic import SecretStr

from pipeline.duties.reports.answers import (
    MOST_BYTES,
    Answer,
    Said,
    class_of,
    read_answer,
    read_schema,
)
from pipeline.duties.reports.errors import AnswerError, RefusedError, UnansweredError
from pipeline.duties.reports.rules import Schema

PRODUCTION: Final = "https://report.cybertip.org/ispws"
TEST: Final = "https://exttest.cybertip.org/ispws"
"""Reports to it are thrown away."""
SECONDS: Final = 60.0
_UNAUTHORISED: Final = 401
_FIRST_FAULT: Final = 400
_MOST_ID: Final = 200
_PLAIN: Final = {"Accept-Encoding": "identity"}
_XML: Final = {"Content-Type": "text/xml; charset=utf-8"}


class Call(StrEnum):
    """What can be asked."""

    SUBMIT = "submit"
    UPLOAD = "upload"
    FILE_INFO = "fileinfo"
    FINISH = "finish"
    RETRACT = "retract"


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back of one call, to be kept as it is."""

    status: int
    request_id: str
    """What NCMEC's support asks for."""
    raw: bytes = field(repr=False)
    said: Said | None
    """None where it could not be read."""

    @property
    def answer(self) -> Answer:
        """What follows from it. Whatever could not be read is tried again."""
        if self.status == _UNAUTHORISED:
            return Answer.REFUSED
        if self.said is None:
            return Answer.RETRY
        answer = class_of(self.said.code)  # whatever the status: a 4100 comes with a 400
        is_fault = self.status >= _FIRST_FAULT and answer is Answer.DONE
        return Answer.RETRY if is_fault else answer


@dataclass(frozen=True, slots=True)
class Ispws:
    """The service, or its test. `http` MUST NOT follow redirects."""

    http: httpx.AsyncClient
    address: str
    user: str
    """Names the credentials; it is no secret."""
    password: SecretStr
    is_test: bool

    async def submit(self, report: bytes) -> Answered:
        """Open a report."""
        return await self._asked(self._request(Call.SUBMIT, content=report, headers=_XML))

    async def upload(self, report_id: str, name: str, data: bytes) -> Answered:
        """Add a file to an open report."""
        files = {"file": (name, data, "application/octet-stream")}
        return await self._asked(self._request(Call.UPLOAD, data={"id": report_id}, files=files))

    async def file_info(self, details: bytes) -> Answered:
        """Say what a file is, once."""
        return await self._asked(self._request(Call.FILE_INFO, content=details, headers=_XML))

    async def finish(self, report_id: str) -> Answered:
        """File a report, for good."""
        return await self._asked(self._request(Call.FINISH, files={"id": (None, report_id)}))

    async def retract(self, report_id: str) -> Answered:
        """Take back a report that is open."""
        return await self._asked(self._request(Call.RETRACT, files={"id": (None, report_id)}))

    async def schema(self) -> Schema:
        """Return what the service's schema knows now.

        Raises:
            UnansweredError: it did not answer with one.
            RefusedError: it takes nothing from us.
        """
        answered = await self._asked(self.http.build_request("GET", f"{self.address}/xsd"))
        if answered.status == _UNAUTHORISED:
            raise RefusedError("the CyberTipline", "our credentials to be taken", answered.status)
        try:
            return read_schema(answered.raw)
        except AnswerError as fault:
            raise UnansweredError("the CyberTipline", "its schema", answered.status) from fault

    def _request(self, call: Call, **how: object) -> httpx.Request:
        return self.http.build_request("POST", f"{self.address}/{call}", **how)  # type: ignore[arg-type] # httpx's own keywords

    async def _asked(self, request: httpx.Request) -> Answered:
        """Return the answer.

        Raises:
            UnansweredError: there was none, or more than anybody reads: nobody knows what it did.
        """
        auth = httpx.BasicAuth(self.user, self.password.get_secret_value())
        request.headers.update(_PLAIN)
        try:
            answer = await self.http.send(request, auth=auth, stream=True, follow_redirects=False)
            try:
                raw = await _short(answer)
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise UnansweredError("the CyberTipline", "an answer", type(fault).__name__) from None
        request_id = answer.headers.get("Request-ID", "")[:_MOST_ID]
        try:
            said = read_answer(raw)
        except AnswerError:
            said = None
        return Answered(answer.status_code, request_id, raw, said)


async def _short(answer: httpx.Response) -> bytes:
    read = bytearray()
    async for piece in answer.aiter_raw():
        read += piece
        if len(read) > MOST_BYTES:
            raise UnansweredError("the CyberTipline", "a short answer", "one without end")
    return bytes(read)

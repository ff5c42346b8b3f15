"""The sandbox's own routes, with which a test arranges and inspects; NovelAI has none of them."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from pipeline.sandbox import answers, body, faults, fields
from pipeline.sandbox.accounts import Accounts
from pipeline.sandbox.calls import Calls
from pipeline.sandbox.faults import Faults

_MOST_TIMES = 10_000


@dataclass(frozen=True, slots=True)
class Control:
    """Arms faults, tells what was sent, and begins afresh."""

    accounts: Accounts
    faults: Faults
    calls: Calls

    async def arm(self, request: Request) -> Response:
        """Let the next generations fail: `{"fault": "...", "times": 1}`.

        Raises:
            SandboxError: there is no such fault, or the body is malformed.
        """
        asked = body.read(await request.body(), "application/json").fields
        fault = faults.parse(fields.text(asked, "fault"))
        times = fields.whole(asked, "times", 1, 1, _MOST_TIMES)
        self.faults.arm(fault, times)
        return answers.json_object({"fault": fault.kind, "times": times})

    async def told(self, _request: Request) -> Response:
        """The generation calls that came."""
        return answers.json_object(self.calls.told())

    async def reset(self, _request: Request) -> Response:
        """Forget calls, armed faults and what was spent."""
        self.accounts.reset()
        self.faults.reset()
        self.calls.reset()
        return answers.json_object({"reset": True})

"""What goes wrong between a client and NovelAI.

* NovelAIError
  - AccountError                what is asked of an account cannot be done: the operator's fault
  - RequestRefusedError         the request is not one this gate serves: the caller's fault
  - UpstreamError
    - UpstreamBusyError         no account was free, or NovelAI said 429 to the end: not paid
    - UpstreamAbandonedError    nobody waited for it any more when an account was free: not paid
    - UpstreamUnreachableError  no byte of the request was sent: not paid
    - UpstreamUnknownError      it was sent and no answer came: perhaps paid, MUST NOT be repeated
    - UpstreamUnpaidError       the account cannot pay for it
    - UpstreamRefusedError      NovelAI refused the request
      - UpstreamObjectedError   it objects to what was approved here, or says so of the account
    - UpstreamFailedError       NovelAI failed: perhaps paid
    - UpstreamMalformedError    an answer came and is not what was asked for: paid
    - NoAccountError            every account is paused

No message holds content, a token or any byte of an answer.
"""

from collections.abc import Mapping


class NovelAIError(Exception):
    """Root of everything that goes wrong between a client and NovelAI."""


class AccountError(NovelAIError):
    """What is asked of an account cannot be done."""


class RequestRefusedError(NovelAIError):
    """A request that is not served; `message` and `details` may be shown to whoever sent it."""

    def __init__(
        self, status: int, message: str, details: Mapping[str, list[str]] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.details = details


class UpstreamError(NovelAIError):
    """A generation that did not happen, or whose pictures cannot be had."""

    reason = "upstream_error"
    """One coarse word for the log."""


class UpstreamBusyError(UpstreamError):
    """No account was free, or NovelAI was still busy after the last try."""

    reason = "upstream_busy"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class UpstreamAbandonedError(UpstreamError):
    """It was not wanted any more when an account was free: nothing was sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"generate-image: {reason}")
        self.reason = reason


class UpstreamUnreachableError(UpstreamError):
    """The connection could not be made: nothing was sent and nothing is paid."""

    reason = "upstream_unreachable"


class UpstreamUnknownError(UpstreamError):
    """Sent, and no answer came: it may have been generated and paid. MUST NOT be repeated."""

    reason = "upstream_unknown"


class UpstreamStatusError(UpstreamError):
    """Root of the answers that are a status and no picture."""

    def __init__(self, status: int) -> None:
        super().__init__(f"generate-image: expected status 200, got {status}")
        self.status = status


class UpstreamUnpaidError(UpstreamStatusError):
    """The account has too few Anlas or no subscription."""

    reason = "upstream_402"


class UpstreamRefusedError(UpstreamStatusError):
    """NovelAI did not accept the request as it was sent."""

    reason = "upstream_refused"


class UpstreamObjectedError(UpstreamRefusedError):
    """NovelAI objects to content that was approved here, or to the account that sent it."""

    def __init__(self, status: int, account: str, *, banned: bool) -> None:
        super().__init__(status)
        self.account = account
        self.banned = banned
        self.reason = "upstream_banned" if banned else "upstream_objected"


class UpstreamFailedError(UpstreamStatusError):
    """NovelAI failed, or answered with something that is neither success nor refusal."""

    reason = "upstream_failed"


class UpstreamMalformedError(UpstreamError):
    """An answer came, and it is not the pictures that were asked for."""

    reason = "upstream_malformed"


class NoAccountError(UpstreamError):
    """There is no account that is not paused."""

    reason = "upstream_no_account"

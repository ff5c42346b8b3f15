"""What one sandbox is told when it is built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pipeline.sandbox.keys import UNSAFE_TEST_SIGNING_KEY


@dataclass(frozen=True, slots=True)
class Account:
    """What a token's account holds when the sandbox starts.

    `tier` is 0 Paper to 3 Opus, `balance` is in Anlas, `usage_percent` is what is left of the
    meter for free V5 pictures.
    """

    tier: int = 3
    active: bool = True
    balance: int = 10_000
    usage_percent: float = 100.0


OPUS = Account()


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """How a sandbox behaves unless a request or the control routes say otherwise.

    * `tokens`: the tokens and login keys that are accepted; `None` accepts any `pst-` token
      and gives each an `account` of its own.
    * `pictures`: a folder of harmless PNG and JPEG files that the operator vouches for. They
      are served in place of drawn scenes if `serve_pictures` or the request says so.
    * `delay_seconds`: how long a generation takes at least.
    * `fault`: a fault that every generation meets, in the words of `faults.parse`.
    * `render_ahead`: how many finished pictures are kept for the next identical request.
    """

    tokens: Mapping[str, Account] | None = field(default=None, repr=False)
    account: Account = OPUS
    signing_key: Ed25519PrivateKey = field(default=UNSAFE_TEST_SIGNING_KEY, repr=False)
    pictures: Path | None = None
    serve_pictures: bool = True
    delay_seconds: float = 0.0
    fault: str | None = None
    render_ahead: int = 64

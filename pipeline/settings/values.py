"""The settings as values: every one of them, its bounds and its default."""

import base64
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    SecretStr,
    ValidationInfo,
)

from classifiers.device import Device
from classifiers.hash_bank import Kind
from classifiers.plugins import Pinned
from classifiers.pulled import Pulled
from pipeline.items import ReleasedMetadata
from pipeline.settings.engines import EnginePart, RoutePart
from pipeline.settings.openid import OpenId
from pipeline.settings.outside import Outside
from pipeline.settings.part import LocalPath, Part, within
from pipeline.settings.queues import ReviewQueue
from pipeline.settings.reporting import Reporting
from pipeline.settings.retention import Retention

FLOOR = "floor"
KEYS = "keys"
_SET_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
_ORIGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,95}", re.ASCII)
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@+-]{0,95}", re.ASCII)
_DETECTOR = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEY_BYTES = 32


def _policy_set(text: str, info: ValidationInfo) -> str:
    if text.endswith((".yaml", ".yml")):
        return str(within(Path(text), info))
    return _fits(text, _SET_NAME, "the name of a set or a .yaml file")


def _verify_key(text: str) -> str:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError("expected 32 bytes in base64")
    return text


def _origin(text: str) -> str:
    return _fits(text, _ORIGIN, "letters, digits, dots, slashes and dashes")


def _source(text: str) -> str:
    return _fits(text, _SOURCE, "a name without spaces")


def _pack_name(text: str) -> str:
    return _fits(text, _SET_NAME, "a name of small letters, digits and dashes")


def _detector_name(text: str) -> str:
    return _fits(text, _DETECTOR, "a name of small letters, digits and underscores")


def _digest(text: str) -> str:
    return _fits(text, _DIGEST, "a sha256 in 64 hexadecimal digits")


def _fits(text: str, shape: re.Pattern[str], expected: str) -> str:
    if not shape.fullmatch(text):
        message = f"expected {expected}"
        raise ValueError(message)
    return text


def _processors() -> int:
    return len(os.sched_getaffinity(0))


Hours = Annotated[int, Field(ge=0, le=30 * 24)]


class Listen(Part):
    """Where the gateway is reached. Port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8788


class Upstream(Part):
    """NovelAI, or what stands in for it."""

    base_url: str = "https://image.novelai.net"
    tokens_file: LocalPath | None = None
    spacing_seconds: Annotated[float, Field(ge=0, le=60)] = 1.0
    longest_seconds: Annotated[float, Field(ge=0, le=600)] = 60.0
    """The longest generation: so long an account rests of which nobody knows what it does."""
    verify_key: Annotated[str, AfterValidator(_verify_key)] = (
        "Y2JcQAOhLwzwSDUJPNgL04nS0Tbqm7cSRc4xk0vRMic="
    )
    tokens: Annotated[tuple[SecretStr, ...], Field(exclude=True, repr=False)] = ()
    """Never in the settings file: `load` finds them in the environment or in `tokens_file`."""


class Service(StrEnum):
    """Who hands out a list over HTTP."""

    NCMEC = "ncmec"
    STOPNCII = "stopncii"


class SyncPart(Part):
    """From where `imprimatur banks sync` fetches a bank."""

    service: Service
    address: str
    """NCMEC: of the environment, without `/v2`. StopNCII: of its version."""
    credentials_file: LocalPath
    """Mode 0600. NCMEC: `USER:PASSWORD`. StopNCII: `SUBSCRIPTION_KEY:KEY_OF_FETCHHASHES`."""
    stale_after_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 24 * 7
    """A bank that was not synced for so long is not looked in, and what needs it is not served."""
    expires_at: AwareDatetime | None = None
    """When its licence ends."""


class BankFile(Part):
    """A bank of hashes that must be there, and what a match in it means."""

    source: Annotated[str, AfterValidator(_source)]
    kind: Kind
    file: LocalPath | None = None
    """A canonical CSV that is imported at start; without one a command brings it."""
    sync: SyncPart | None = None


class TermPackFile(Part):
    """A sealed pack of an operator's own terms. No other file than the one of this digest goes."""

    name: Annotated[str, AfterValidator(_pack_name)]
    file: LocalPath
    digest: Annotated[str, AfterValidator(_digest)]


class DetectorPackage(Part):
    """A detector of pictures in an installed Python package, in the version that was reviewed."""

    name: Annotated[str, AfterValidator(_detector_name)]
    distribution: Annotated[str, AfterValidator(_source)]
    version: Annotated[str, AfterValidator(_source)]

    @property
    def pinned(self) -> Pinned:
        """It as a value."""
        return Pinned(self.name, self.distribution, self.version)


class RemoteListPart(Part):
    """Somebody else's list of known pictures, which is asked by hashes alone."""

    name: Annotated[str, AfterValidator(_detector_name)]
    address: str
    credentials_file: LocalPath
    """Holds `USER:PASSWORD`."""


class Signing(Part):
    """What signs the pictures that leave, with C2PA manifests."""

    certificate_file: LocalPath
    """PEM: its own certificate first, then those up to a root."""
    key_file: LocalPath
    """PEM, mode 0600."""


class Settings(Part):
    """Everything that an operator decides. Made by `load`, which also checks it as a whole."""

    data_dir: Path
    development: bool = False
    log_origin: Annotated[str, AfterValidator(_origin)] = "imprimatur.local/log"
    log_database_file: LocalPath | None = None
    """Holds the URL of the PostgreSQL database that has the log; without one it is `log.db`."""
    log_database: Annotated[SecretStr | None, Field(exclude=True, repr=False)] = None
    """Never in the settings file: `load` finds it in the environment or in that file."""
    store_database_file: LocalPath | None = None
    """Holds the URL of the PostgreSQL database that has the store; without one it is `app.db`."""
    store_database: Annotated[SecretStr | None, Field(exclude=True, repr=False)] = None
    """As `log_database`."""
    outside: Outside = Outside()
    """What remembers the log outside it."""
    openid: OpenId | None = None
    """Who else says who the console's people are."""
    listen: Listen = Listen()
    upstream: Upstream = Upstream()
    banks: tuple[BankFile, ...]
    """Has no default: to run without hash lists is a decision that somebody writes down."""
    child_safety_public_key: LocalPath | None = None
    child_safety_people: tuple[str, ...] = ()
    """Who may ask the banks about a picture of their own, by the name that the log records."""
    policies: tuple[Annotated[str, AfterValidator(_policy_set)], ...] = (FLOOR, "default")
    """Names of the sets that come with the program, or files; the floor first."""
    term_packs: tuple[TermPackFile, ...] = ()
    tagger: LocalPath | None = None
    """The folder of a tagger that was pulled, which looks at pictures too."""
    heads: LocalPath | None = None
    """The folder of a detector of heads that was pulled: the tagger looks at each of them too."""
    raters: tuple[LocalPath, ...] = ()
    """The folders of image classifiers that were pulled, which only raise evidence."""
    detectors: tuple[DetectorPackage, ...] = ()
    """Other packages whose detectors look at pictures too, and only raise evidence."""
    remote_lists: tuple[RemoteListPart, ...] = ()
    """Lists of others that are asked about what a request carries: only hashes are sent."""
    engines: tuple[EnginePart, ...] = ()
    """Engines of one's own, whose models requests name as `ENGINE/CHECKPOINT`."""
    routes: tuple[RoutePart, ...] = ()
    """Names that stand for one model or another, by whose request it is, by load and by budget."""
    reporting: tuple[Reporting, ...] = ()
    """How each tenant's cases are reported; of one without a profile nothing can be."""
    review_queues: tuple[ReviewQueue, ...] = ()
    """Queues of the console that have a name, and what is hidden in them."""
    hold_hours: Annotated[int, Field(ge=1, le=30 * 24)] = 72
    released_hours: Hours = 24
    released_metadata: ReleasedMetadata = ReleasedMetadata.STRIP_TEXT
    """Where a tenant has not chosen."""
    c2pa: Signing | None = None
    """Signs what leaves; without it pictures leave with their XMP alone."""
    retention: Retention = Retention()
    """How long what is encrypted in the log is kept."""
    checked_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    """Which share of what is released or held is drawn for people to check blindly."""
    queue_limit: Annotated[int, Field(ge=1, le=10_000)] = 64
    workers: Annotated[int, Field(ge=1, le=256)] = Field(default_factory=_processors)
    deadline_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    """How long one classifier may take over one content."""
    device: Device = Device.CPU
    """Where the prompt model and raters run."""
    refusals_per_day: Annotated[int, Field(ge=1, le=100_000)] = 20
    """After how many refusals a subject has no more dry runs that day, and waits to generate."""
    enforcement_file: LocalPath | None = None
    """The steps that follow from strikes; without one, those that come with it."""
    enforcement_files: Mapping[str, LocalPath] = {}
    """Those of tenants that have their own."""
    faults_dir: LocalPath | None = None
    """Where development looks for faults to inject."""

    @property
    def keys_dir(self) -> Path:
        """Where the keys lie: may be a volume of its own, whose backup is kept apart."""
        return self.data_dir / KEYS

    @property
    def pulled(self) -> Pulled:
        """The models that were pulled and are to be used."""
        return Pulled(self.tagger, self.heads, self.raters)

    @property
    def digest(self) -> str:
        """A digest over every setting but the secrets, for the log."""
        return sha256(self.model_dump_json().encode()).hexdigest()

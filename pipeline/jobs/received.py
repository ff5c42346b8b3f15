"""A request as received: sealed in the vault, and read again after a hold or a crash."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256

from pipeline.engines import request as engines
from pipeline.errors import AlteredObjectError
from pipeline.items import (
    NO_HELP,
    Operation,
    PromptHelp,
    Subject,
    Tier,
    Work,
    engine_of,
    wanted_in,
)
from pipeline.novelai.encodings import parse_encode
from pipeline.novelai.helping import helped
from pipeline.novelai.limits import Limits
from pipeline.novelai.reader import read
from pipeline.novelai.request import parse
from pipeline.novelai.tools import parse_augment, parse_upscale

_PARSERS = {
    Operation.GENERATE: parse,
    Operation.AUGMENT: parse_augment,
    Operation.UPSCALE: parse_upscale,
    Operation.ENCODE_VIBE: parse_encode,
}


@dataclass(frozen=True, slots=True)
class Received:
    """The bytes of a request, what they are, and on whose behalf they came."""

    content_type: str
    body: bytes = field(repr=False)
    subject: Subject
    operation: Operation = Operation.GENERATE
    wanted: PromptHelp = NO_HELP
    """What its tenant had added to its texts when it came: it stays so after a hold or a crash."""
    routed: Mapping[str, str] = field(default_factory=dict[str, str])
    """What names that are no model's stood for when it came; that stays so too."""

    def work(self, limits: Limits) -> Work:
        """Return what is asked for.

        Raises:
            RequestRefusedError: it asks for something that this gate does not serve.
            UnreadableError: an image of it is none.
        """
        asked, parts = read(self.content_type, self.body, limits)
        named = asked.get("model")
        if isinstance(named, str) and named in self.routed:
            asked = {**asked, "model": self.routed[named]}
        if self.operation is Operation.GENERATE and engine_of(str(asked.get("model"))) is not None:
            return engines.parse(asked, parts, limits=limits)
        if self.operation is not Operation.GENERATE or self.wanted == NO_HELP:
            return _PARSERS[self.operation](asked, parts, limits=limits)
        asked, added = helped(asked, self.wanted, general=self.subject.tier is Tier.GENERAL)
        return replace(parse(asked, parts, limits=limits), added=added)

    @property
    def sha256(self) -> str:
        """The digest by which an identical request is known: also of its subject and its help.

        Not of what names stood for: a request that is repeated may find others there.
        """
        return sha256(replace(self, routed={}).write()).hexdigest()

    def write(self) -> bytes:
        """Return it as it is sealed: one line of JSON, then the body."""
        subject = self.subject
        head = {
            "content_type": self.content_type,
            "operation": self.operation,
            "wanted": asdict(self.wanted),
            "routed": dict(self.routed),
            "tenant": subject.tenant,
            "pseudonym": subject.pseudonym,
            "tier": subject.tier,
            "territory": subject.territory,
            "language": subject.language,
            "age_claim": subject.age_claim,
            "assured": subject.assured,
        }
        return json.dumps(head, sort_keys=True).encode() + b"\n" + self.body

    @classmethod
    def read(cls, sealed: bytes) -> "Received":
        """Read back what `write` wrote.

        Raises:
            AlteredObjectError: these bytes are something else, or another version wrote them.
        """
        line, _, body = sealed.partition(b"\n")
        try:
            head = json.loads(line)
            content_type, operation = head.pop("content_type"), Operation(head.pop("operation"))
            wanted = wanted_in(head.pop("wanted"))
            routed = {str(name): str(model) for name, model in head.pop("routed").items()}
            subject = Subject(**head | {"tier": Tier(head["tier"])})
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise AlteredObjectError("request", "it as this version seals it", "others") from None
        return cls(content_type, body, subject, operation, wanted, routed)

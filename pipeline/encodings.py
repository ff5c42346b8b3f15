"""Encodings: a picture as NovelAI's models read it, opaque to all others.

Nobody can look into one. So only those are taken that were made here, for the same tenant, from a
picture that was looked at; what was seen in it is judged again at each use.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from classifiers.signals import Field, Finding, Picture, Reason, Signal, SignalName, Unavailable
from pipeline.items import Encoding, Submission
from pipeline.lineage import scores_of_texts
from pipeline.store.encodings import Encodings, Minted, Seen

KEPT: Final = timedelta(days=365)
"""How long an encoding is taken back; then its picture has to be encoded again."""
SOURCE: Final = "minted@1"
CARRIER: Final = "image"
"""Where the picture stands in the request that has it encoded."""


@dataclass(frozen=True, slots=True)
class Mintage:
    """Keeps what encodings were made of, and vouches for them when they come back."""

    encodings: Encodings
    now: Callable[[], datetime]

    async def keep(self, submission: Submission, sha256: str, findings: Sequence[Finding]) -> None:
        """Keep what was seen in the picture of an encoding that is about to leave.

        Raises:
            StoreError: it is not kept, and MUST NOT leave.
        """
        extracted = submission.work.body.get("information_extracted")
        await self.encodings.keep(
            Minted(
                submission.subject.tenant,
                submission.id,
                sha256,
                submission.work.model,
                float(extracted) if isinstance(extracted, int | float) else 1.0,
                _written(findings),
                self.now() + KEPT,
            )
        )

    async def minted(self, tenant: str, encoding: Encoding) -> tuple[Minted, ...]:
        """Return how an encoding came about: nothing if it was not made here for this tenant.

        Raises:
            StoreError: nobody could look.
        """
        return await self.encodings.of(tenant, encoding.sha256, self.now())


def evidence(encoding: Encoding, minted: Sequence[Minted]) -> tuple[Finding, ...]:
    """Return what was seen in the picture of an encoding, as seen in the encoding's place."""
    place = Picture(encoding.carrier, encoding.index)
    texts = Field(f"{encoding.carrier}[{encoding.index}].origin")
    found: list[Finding] = []
    for each in minted:
        for seen in each.seen:
            name, source = SignalName(str(seen["name"])), f"{SOURCE} {seen['source']}"
            if "unavailable" in seen:
                reason = Reason(str(seen["unavailable"]))
                found.append(Unavailable(name, place, source, reason))
            else:
                where = texts if seen["at"] == "texts" else place
                told = str(seen["evidence"])
                found.append(Signal(name, float(seen["score"]), where, source, told))
    return tuple(found)


def _written(findings: Sequence[Finding]) -> list[Seen]:
    """Write down all that was said of the picture, and what was seen in texts about it."""
    written: list[Seen] = []
    for each in findings:
        if not isinstance(each.where, Picture) or each.where.carrier != CARRIER:
            continue
        said: dict[str, str | float] = {"name": each.name, "source": each.source}
        if isinstance(each, Signal):
            written.append(
                {**said, "at": "picture", "score": each.score, "evidence": each.evidence}
            )
        else:
            written.append({**said, "at": "picture", "unavailable": each.reason})
    for name, score in sorted(scores_of_texts(findings).items()):
        said = {"name": name, "source": "texts", "at": "texts", "evidence": ""}
        written.append({**said, "score": score})
    return written

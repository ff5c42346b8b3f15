"""Lineage: a picture that left here and comes back, as it was or nearly, brings its origin along.

Else what no request may ask for could be asked for in two: a harmless picture first, and then to go
on from it. What was seen in the first request joins the evidence of the second.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from classifiers import canonical, perceptual
from classifiers.canonical import Canonical
from classifiers.content import Image, Purpose
from classifiers.hash_index.scan import Scan
from classifiers.hash_match import RADIUS
from classifiers.perceptual import BYTES, Hashed
from classifiers.signals import Field, Finding, Signal, SignalName
from pipeline.items import Submission
from pipeline.store.origins import Origin, Origins

T = TypeVar("T")

KEPT: Final = timedelta(days=90)
LEAST: Final = 0.3
"""Lower scores say nothing: no shipped policy asks for less, even beside other evidence."""
SOURCE: Final = "lineage@1"
_SPELLING = frozenset({SignalName.TEXT_READABLE, SignalName.TEXT_DISGUISED, SignalName.TEXT_TAGS})
_LANGUAGE = "text.language."


class Run(Protocol):
    """Does work on content off the event loop."""

    def __call__(self, job: Callable[[], T], /) -> Awaitable[T]:
        """Return what `job` does."""
        ...


@dataclass(slots=True)
class _Known:
    """The looks of one tenant's pictures, as far as they were read."""

    ids: list[int] = field(default_factory=list)
    pdqs: list[bytes] = field(default_factory=list, repr=False)
    scan: Scan | None = None


@dataclass(frozen=True, slots=True)
class Lineage:
    """Keeps what pictures were made from, and knows them again."""

    origins: Origins
    run: Run
    now: Callable[[], datetime]
    _known: dict[str, _Known] = field(default_factory=dict)

    async def keep(self, submission: Submission, data: bytes, findings: Sequence[Finding]) -> None:
        """Keep what a picture was made from that is about to leave as `data`, if it tells anything.

        Raises:
            StoreError: it is not kept, and MUST NOT leave.
            UnreadableError: it is no picture.
        """
        scores = scores_of_texts(findings)
        if scores:
            pdq = await self.run(lambda: _pdq(data))
            tenant, until = submission.subject.tenant, self.now() + KEPT
            digest = sha256(data).hexdigest()
            await self.origins.keep(Origin(tenant, submission.id, digest, pdq, scores, until))

    async def evidence(self, tenant: str, pictures: Sequence[Canonical]) -> tuple[Finding, ...]:
        """Return what was seen in the requests that these pictures, or near copies, came from.

        Raises:
            StoreError: nobody could look.
        """
        found: list[Finding] = []
        for picture in pictures:
            ids = await self._near(tenant, picture)
            where = Field(f"{picture.carrier}[{picture.index}].origin")
            highest: dict[str, float] = {}
            for scores in await self.origins.scores(tenant, picture.sha256, ids):
                for name, score in scores.items():
                    highest[name] = max(score, highest.get(name, 0.0))
            found += [Signal(SignalName(n), s, where, SOURCE) for n, s in sorted(highest.items())]
        return tuple(found)

    def forget(self, tenant: str) -> None:
        """Read a tenant's pictures anew when next asked: some were erased."""
        self._known.pop(tenant, None)

    async def _near(self, tenant: str, picture: Canonical) -> list[int]:
        known = self._known.setdefault(tenant, _Known())
        for number, pdq in await self.origins.hashes(tenant, known.ids[-1] if known.ids else 0):
            if not known.ids or number > known.ids[-1]:  # another may have read it meanwhile
                known.ids.append(number)
                known.pdqs.append(pdq)
                known.scan = None
        if not known.ids:
            return []
        if known.scan is None:
            known.scan = Scan(np.frombuffer(b"".join(known.pdqs), np.uint8).reshape(-1, BYTES))
        scan, ids = known.scan, known.ids
        rows = await self.run(lambda: {match.row for match in scan.within(_looks(picture), RADIUS)})
        return [ids[row] for row in rows]


def scores_of_texts(findings: Sequence[Finding]) -> dict[str, float]:
    """Return what was seen in texts; what is in the picture will be seen in it again."""
    scores: dict[str, float] = {}
    for each in findings:
        if isinstance(each, Signal) and isinstance(each.where, Field) and _tells(each):
            scores[each.name] = max(each.score, scores.get(each.name, 0.0))
    return scores


def _tells(signal: Signal) -> bool:
    """Whether it says more than how a text is spelled."""
    spelling = signal.name in _SPELLING or signal.name.startswith(_LANGUAGE)
    return signal.score >= LEAST and not spelling


def _pdq(data: bytes) -> bytes | None:
    hashed = _hashed(canonical.read(Image("output", 0, Purpose.OUTPUT, data)))
    return hashed[0].pdq[0].tobytes() if hashed else None


def _looks(picture: Canonical) -> NDArray[np.uint8]:
    """Return the picture's PDQ in all its views and turns, n x 32."""
    return np.concatenate([np.empty((0, BYTES), np.uint8), *(h.pdq for h in _hashed(picture))])


def _hashed(picture: Canonical) -> list[Hashed]:
    return [each for each in perceptual.hashes_of(picture) if isinstance(each, Hashed)]

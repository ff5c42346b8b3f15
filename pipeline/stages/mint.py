"""Mint: an encoding that came back is entered as made here, of a picture that was looked at."""

from dataclasses import dataclass

from pipeline.encodings import Mintage
from pipeline.items import Cleared, Examined, Generated, Recorded, Stage


@dataclass(frozen=True, slots=True)
class Mint:
    """Stands in the place of Examine where what came back cannot be looked into.

    What decides on an encoding is what decided on its picture, a moment ago in Screen.
    """

    mintage: Mintage
    stage: Stage = Stage.EXAMINE

    async def __call__(self, item: Recorded[Generated], /) -> Examined:
        """Return the encoding as cleared, once it is known what it was made of.

        Raises:
            StoreError: it is not, and the encoding is held.
        """
        generated = item.outcome
        screened = generated.screened
        for each in generated.pictures:
            await self.mintage.keep(screened.submission, each.sha256, screened.judged.findings)
        cleared = (Cleared(each, screened.judged, screened.ruling) for each in generated.pictures)
        return Examined(generated, tuple(cleared))

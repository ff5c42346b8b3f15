"""How right a classifier was, by what people said of a random sample."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One version of a classifier against people: how many of a sample it judged how.

    What it flagged and a person blocked is a hit; what neither did is a rest.
    """

    classifier: str
    hits: int
    false_alarms: int
    misses: int
    rests: int
    frame: str
    """What the sample was drawn from."""

    def value(self, figure: str) -> str:
        """Return a share from 0 to 1; empty if the sample says nothing of it."""
        right, of = {
            "Accuracy": (self.hits + self.rests, self._size),
            "Precision": (self.hits, self.hits + self.false_alarms),
            "Recall": (self.hits, self.hits + self.misses),
        }[figure]
        return f"{right / of:.4f}" if of else ""

    @property
    def told(self) -> str:
        """The sample in words."""
        return (
            f"{self.classifier}, a random sample of {self._size} ({self.frame}): {self.hits} hits, "
            f"{self.false_alarms} false alarms, {self.misses} misses, {self.rests} rests."
        )

    @property
    def _size(self) -> int:
        return self.hits + self.false_alarms + self.misses + self.rests

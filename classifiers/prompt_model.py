"""Asks the trained network what a request's texts are about, a window at a time.

It reads what is asked for, as it stands: undoing disguises is for the terms. Each distinct text is
read once, in windows that overlap; of more windows than `WINDOWS` nobody is told anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

from classifiers.classifier import Capability
from classifiers.normalise import FieldReading, Obstacle, Reading
from classifiers.prompt_heads import HEADS, Head
from classifiers.prompt_network import Likelihoods, PromptNetwork
from classifiers.prompt_pieces import Window
from classifiers.signals import Field, Finding, Reason, Signal, SignalName, Unavailable

WINDOWS: Final = 16
"""Windows that are read of one request."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen in one window."""

    where: Field
    likelihoods: Likelihoods


class PromptModel:
    """Reports for each head the highest likelihood over all windows, and where it was found.

    `signals` says under which name each head is reported; a head without a name is not.
    """

    def __init__(self, network: PromptNetwork, signals: Mapping[Head, SignalName]) -> None:
        self.id = network.card.id
        self.emits = frozenset(signals.values())
        self._network = network
        self._signals = dict(signals)

    @classmethod
    def embedded(cls, signals: Mapping[Head, SignalName]) -> Self:
        """Open the network that lies in the repository.

        Raises:
            ModelError: it is missing or altered.
        """
        return cls(PromptNetwork.open(), signals)

    @property
    def answers(self) -> frozenset[Capability]:
        """It answers of any rendition, in languages that it was trained on (see its card)."""
        return frozenset(Capability(name) for name in self.emits)

    def warm(self) -> None:
        """Look once at a known text.

        Raises:
            ModelError: it does not see what it must see.
        """
        self._network.warm()

    def classify(self, content: Reading, /) -> Sequence[Finding]:
        """Report each head once, and each head `Unavailable` for each stretch that was not read.

        Raises:
            ModelError: the network has no answer.
        """
        unread: list[Field] = []
        seen = [
            _Seen(where, self._network.answer(text, window))
            for text, window, where in self._windows(content, unread)
        ]
        missing = [
            Unavailable(name, where, self.id, Reason.NOT_ASSESSED)
            for where in unread
            for name in self._signals.values()
        ]
        return [*self._highest(seen), *missing]

    def _windows(
        self, content: Reading, unread: list[Field]
    ) -> Iterator[tuple[str, Window, Field]]:
        """Yield windows as long as there is room; note in `unread` what is left."""
        left, known = WINDOWS, set[str]()
        for one in content.fields:
            text = one.asked()
            if Obstacle.TOO_LONG in one.unread:
                unread.append(Field(one.path))
            if text in known or not text.strip():
                continue
            known.add(text)
            windows = self._network.pieces.windows(text)
            for window in islice(windows, left):
                left -= 1
                yield text, window, Field(one.path, _received(one, window))
            beyond = next(windows, None)
            if beyond is not None:
                unread.append(Field(one.path, _received(one, beyond)))

    def _highest(self, seen: Sequence[_Seen]) -> Iterator[Signal]:
        for column, head in enumerate(HEADS):
            name = self._signals.get(head)
            if name is None:
                continue
            score, where = 0.0, Field("*")
            for one in seen:
                if one.likelihoods[column] > score:
                    score, where = float(one.likelihoods[column]), one.where
            yield Signal(name, score, where, self.id, f"head:{head}")


def _received(field: FieldReading, window: Window) -> tuple[int, int] | None:
    """Return where a window stands in the text as received."""
    start, end = window.span
    return field.plain.span(start, end) if start < end else None

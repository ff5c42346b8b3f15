"""Asks the trained network what a request's texts are about, a window at a time.

It reads what a person typed and asks for, as it stands: undoing disguises is for the terms. Each
distinct text is read once, in windows of short panes; of more windows than `WINDOWS` nobody is told
anything. It speaks of English and of tags, in which it was measured. Of what stands in another
language it says that it could not look (`OTHER_LANGUAGE`), and `text.language.*` says what that
comes to; in a pane without a Latin letter it sees nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

import numpy as np

from classifiers.classifier import Capability
from classifiers.content import Polarity
from classifiers.device import Device
from classifiers.harmless import HarmlessPhrases
from classifiers.languages.reader import LanguageReader
from classifiers.normalise import FieldReading, Reading, Span
from classifiers.normalise.letters import SPACE, codes_of, covered, text_of
from classifiers.prompt_heads import HEADS
from classifiers.prompt_network import Likelihoods, PromptNetwork
from classifiers.prompt_pieces import Window
from classifiers.remembered import Remembered
from classifiers.signals import Field, Finding, Reason, Signal, SignalName, Unavailable

WINDOWS: Final = 18
"""Windows that are read of one request."""
SIGNALS: Final = {head: SignalName(f"text.model.{head}") for head in HEADS}
"""Under which name each head is reported."""
_ANSWERS: Final = frozenset(map(Capability, SIGNALS.values()))
_REMEMBERED: Final = 4096
"""Windows of which the answers are kept, minutes of a busy server in a few MiB: who is not content
with a picture asks for another of the same prompt, and characters come with many prompts."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen in one window."""

    where: Field
    likelihoods: Likelihoods


class PromptModel:
    """Reports for each head the highest likelihood over all windows, and where it was found."""

    def __init__(
        self, network: PromptNetwork, harmless: HarmlessPhrases, languages: LanguageReader
    ) -> None:
        self.id = network.card.id
        self.emits = frozenset(SIGNALS.values())
        self._network = network
        self._harmless = harmless
        self._languages = languages
        self._seen = Remembered[Likelihoods](_REMEMBERED)

    @classmethod
    def embedded(cls, device: Device = Device.CPU) -> Self:
        """Open the network that lies in the repository, on `device`.

        Raises:
            ModelError: it is missing or altered.
            TermsError: the lists of terms are.
        """
        network = PromptNetwork.open(device=device)
        return cls(network, HarmlessPhrases.embedded(), LanguageReader.embedded())

    @property
    def answers(self) -> frozenset[Capability]:
        """It answers of any rendition, in languages that it was trained on (see its card)."""
        return _ANSWERS

    def warm(self) -> None:
        """Look once at a known text.

        Raises:
            ModelError: it does not see what it must see.
        """
        self._network.warm()

    def classify(self, content: Reading, /) -> Sequence[Finding]:
        """Report each head once, and each head `Unavailable` for each stretch that was not read.

        Of texts that are all in other languages it reports nothing else.

        Raises:
            ModelError: the network has no answer.
        """
        unread: list[tuple[Field, Reason]] = []
        seen = [
            _Seen(where, self._answer(content.prompt.tenant, text, window))
            for text, window, where in self._windows(content, unread)
        ]
        missing = [
            Unavailable(name, where, self.id, reason)
            for where, reason in unread
            for name in SIGNALS.values()
        ]
        if not seen and any(reason is Reason.OTHER_LANGUAGE for _, reason in unread):
            return missing
        return [*self._highest(seen), *missing]

    def _windows(
        self, content: Reading, unread: list[tuple[Field, Reason]]
    ) -> Iterator[tuple[str, Window, Field]]:
        """Yield windows as long as there is room; note in `unread` what is left."""
        left, known = WINDOWS, set[str]()
        for one in content.fields:
            asks = any(run.polarity is Polarity.POSITIVE for run in one.runs)
            text = self._harmless.blanked(one.typed(Polarity.POSITIVE)) if asks else ""
            foreign = self._languages.foreign(one) if text.strip() else ()
            if foreign:
                whole, text = text, _blanked(one, text, foreign)
                if text != whole:
                    where = Field(one.path, (foreign[0][0], foreign[-1][1]))
                    unread.append((where, Reason.OTHER_LANGUAGE))
            if one.is_cut:
                unread.append((Field(one.path), Reason.NOT_ASSESSED))
            if text in known or not text.strip():
                continue
            known.add(text)
            windows = self._network.pieces.windows(text)
            for window in islice(windows, left):
                seen = self._network.pieces.readable(window)
                if seen is None:
                    continue
                left -= 1
                yield text, seen, Field(one.path, _received(one, seen))
            beyond = next(windows, None)
            if beyond is not None:
                unread.append((Field(one.path, _received(one, beyond)), Reason.NOT_ASSESSED))

    def _answer(self, tenant: str, text: str, window: Window) -> Likelihoods:
        parts = [f"{len(one.numbers)} {text[slice(*one.span)]}" for one in window.panes]
        question = "\0".join((tenant, *parts)).encode("utf-8", "surrogatepass")
        return self._seen.answer(question, lambda: self._network.answer(text, window))

    def _highest(self, seen: Sequence[_Seen]) -> Iterator[Signal]:
        thresholds = self._network.card.thresholds.numbers
        for column, (head, name) in enumerate(SIGNALS.items()):
            likelihood, where = 0.0, Field("*")
            for one in seen:
                if one.likelihoods[column] > likelihood:
                    likelihood, where = float(one.likelihoods[column]), one.where
            score = stretched(likelihood, thresholds[head])
            yield Signal(name, score, where, self.id, f"head:{head}")


def stretched(likelihood: float, threshold: float) -> float:
    """Return a score that is 0.5 at the threshold, and in proportion below and above it.

    So a policy need not change when a model is trained again and its thresholds move.
    """
    if likelihood < threshold:
        return 0.5 * likelihood / threshold
    return min(1.0, 0.5 + 0.5 * (likelihood - threshold) / (1.0 - threshold))


def _blanked(field: FieldReading, text: str, spans: Sequence[Span]) -> str:
    """Return what is read of a field, with a space for each letter that was received in `spans`."""
    places = np.asarray(field.plain.origin, np.intp)
    return text_of(np.where(covered(spans, len(field.text))[places], SPACE, codes_of(text)))


def _received(field: FieldReading, window: Window) -> tuple[int, int] | None:
    """Return where a window stands in the text as received."""
    start, end = window.span
    return field.plain.span(start, end) if start < end else None

"""Cards of pulled models come through the door: proposed, and activated by a second person.

A card pins a model wholly: the sha256 of its files, the map of its labels, and its measured
thresholds. Before anything of a name was activated, the card that the settings point at holds, as
policies do. From then on a model looks only with the card that two people activated last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, Generic, TypeVar

from audit.entry import Json
from classifiers.classifier import Capability, Classifier
from classifiers.errors import ModelError
from classifiers.pins import CARD, Kind, Pin, parse_pin
from classifiers.pulled import Pulled
from classifiers.signals import Finding, SignalName
from pipeline.changes import door
from pipeline.errors import ChangeError
from pipeline.store.changes import Change

_LONGEST: Final = 1 << 18
_PARTS: Final = {
    "model": (
        *("version", "kind", "repository", "revision", "folder", "files", "exported"),
        *("labels", "pixels"),
    ),
    "label_map": ("tag_map", "tag_map_sha256", "signals"),
    "thresholds": ("calibration",),
}
"""What of a card is which of the three things that are changed by it."""
_NOTHING: Final = ""
"""The digest in force of a name under which nothing may look."""

C = TypeVar("C")


@dataclass(slots=True)
class Cards:
    """The cards that were opened at start, and those that two people activated."""

    opened: Mapping[str, Pin]
    _standing: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """What was activated last under each name: a card, or that there is none."""
    _unproven: frozenset[str] = frozenset()

    @classmethod
    def of(cls, pulled: Pulled) -> "Cards":
        """Read the cards of the models that the settings name.

        Raises:
            ModelError: one is missing, or is none.
        """
        folders = [each for each in (pulled.tagger, pulled.heads, *pulled.raters) if each]
        pins = [_at(folder) for folder in folders]
        return cls({pin.name: pin for pin in pins})

    def guarded(self, classifier: Classifier[C]) -> Classifier[C]:
        """Return it so that it looks only while its card is in force; what ships stays as it is."""
        name = classifier.id.partition("@")[0]
        if name not in self.opened:
            return classifier
        heads = [pin.name for pin in self.opened.values() if pin.kind is Kind.HEAD_DETECTOR]
        with_it = heads if self.opened[name].kind is Kind.WD_TAGGER else []
        return Guarded(classifier, (name, *with_it), self)

    def check(self, name: str) -> None:
        """Hold the card that was opened under `name` to what is in force.

        Raises:
            ModelError: it is not what two people activated.
        """
        if name in self._unproven:
            message = f"{name}: the log has no entry of the card that was activated"
            raise ModelError(message)
        if name in self._standing and self._in_force(name) != _digest(_written(self.opened[name])):
            message = f"{name}: expected the card that was activated, got another"
            raise ModelError(message)

    async def tried(self, body: str, days: float, person: str) -> door.Trial:
        """Check a card; `days` is not for them: its model has seen nothing yet.

        Raises:
            ChangeError: it is none, or is not wholly pinned, or is in force already.
        """
        del days, person
        pin = _read(body)
        if self._in_force(pin.name) == _digest(_written(pin)):
            raise ChangeError("it is what is in force already")
        return await self._trial(pin.name, _written(pin))

    async def tried_back(self, last: Change, person: str) -> door.Trial:
        """Try the card that `last` took the place of, or that there is none."""
        del person
        return await self._trial(last.name, last.before_body)

    async def shadowed(self, change: Change, person: str) -> Mapping[str, Json]:
        """Say what is other in it: a model that was not loaded has found nothing since."""
        del person
        said = _said(change.before_body, change.body)
        return {"since": change.proposed_at.isoformat(), **said}

    async def basis(self) -> str:
        """Return the digest of all that is in force."""
        names = sorted({*self.opened, *self._standing})
        return _digest("\n".join(f"{name} {self._in_force(name)}" for name in names))

    def take(self, activated: Sequence[Change], unproven: frozenset[str]) -> None:
        """Let each model look only with the card that was activated last under its name."""
        self._standing = {change.name: change.body for change in activated}
        self._unproven = unproven

    def _in_force(self, name: str) -> str:
        text = self._text(name)
        return _NOTHING if text is None else _digest(text)

    def _text(self, name: str) -> str | None:
        if name in self._standing:
            return self._standing[name]
        pin = self.opened.get(name)
        return None if pin is None else _written(pin)

    async def _trial(self, name: str, body: str | None) -> door.Trial:
        old = self._text(name)
        return door.Trial(
            name,
            None if old is None else _digest(old),
            None if body is None else _digest(body),
            body,
            old,
            everywhere=True,
            milder=body is not None,
            basis=await self.basis(),
            report=_said(old, body),
        )


class Guarded(Generic[C]):
    """A classifier that cannot look while a card of its models is not what was activated."""

    def __init__(self, classifier: Classifier[C], names: Sequence[str], cards: Cards) -> None:
        """Guard `classifier` by the cards of these names."""
        self._classifier = classifier
        self._names = names
        self._cards = cards

    @property
    def id(self) -> str:
        """The id of the classifier itself."""
        return self._classifier.id

    @property
    def emits(self) -> frozenset[SignalName]:
        """What the classifier itself emits."""
        return self._classifier.emits

    @property
    def answers(self) -> frozenset[Capability]:
        """What the classifier itself answers."""
        return self._classifier.answers

    def warm(self) -> None:
        """Look once, whatever is in force: that is not known yet at start."""
        self._classifier.warm()

    def classify(self, content: C, /) -> Sequence[Finding]:
        """Look, if the cards are what was activated.

        Raises:
            ModelError: one is not: what it should have said is unavailable.
        """
        for name in self._names:
            self._cards.check(name)
        return self._classifier.classify(content)


def _said(old: str | None, new: str | None) -> dict[str, Json]:
    """Say which of model, label map and thresholds are other than before."""
    before, after = _tree(old), _tree(new)
    changed: list[Json] = [
        part
        for part, keys in _PARTS.items()
        if any(before.get(key) != after.get(key) for key in keys)
    ]
    return {"changed": changed, "measured": after.get("calibration") is not None}


def _tree(text: str | None) -> dict[str, Json]:
    return {} if text is None else _read(text).model_dump(mode="json")


def _written(pin: Pin) -> str:
    """Write a card in the one way in which it is compared."""
    return pin.write().decode()


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _at(folder: Path) -> Pin:
    try:
        return parse_pin(folder.name, (folder / CARD).read_bytes())
    except OSError as error:
        message = f"model {folder.name!r}: expected {CARD}, got {type(error).__name__}"
        raise ModelError(message) from error


def _read(body: str) -> Pin:
    if len(body) > _LONGEST:
        message = f"a card: expected at most {_LONGEST} characters"
        raise ChangeError(message)
    try:
        pin = Pin.model_validate_json(body)
    except ValueError:
        raise ChangeError("a card: expected all that pins a model (docs/models.md)") from None
    if not pin.pinned:
        raise ChangeError("a card: expected a revision and the sha256 of every file")
    return pin

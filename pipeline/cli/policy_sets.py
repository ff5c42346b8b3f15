"""Policy sets by name or file, laid on what the program ships."""

from collections.abc import Sequence
from pathlib import Path

import policies
from pipeline.cli.errors import UnusableError
from policies.layers import Layer, PolicySet
from policies.policy import Policy

SHIPPED = Path(policies.__file__).with_name("sets")
_UNDER = (Layer.FLOOR, Layer.DEFAULT)


def path_of(name: str) -> Path:
    """Return the file of a set: one that is named as a file, or a shipped one.

    Raises:
        UnusableError: there is none.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else SHIPPED / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in SHIPPED.glob("*.yaml")))
        raise UnusableError("policy set", f"a .yaml file, or one of {known}", repr(name))
    return path


def load_set(name: str) -> PolicySet:
    """Load a set, strictly.

    Raises:
        UnusableError: there is none.
        PolicyError: it is not a policy set.
    """
    return policies.load(text_of(path_of(name)), name)


def text_of(path: Path) -> str:
    """Read the text of a set or of findings.

    Raises:
        UnusableError: it is not text.
        OSError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UnusableError(str(path), "UTF-8 text", "something else") from None


def stacked(sets: Sequence[PolicySet]) -> Policy:
    """Lay sets on the shipped floor and default, unless one of them is of that layer itself.

    Raises:
        PolicyError: they do not fit together.
    """
    layers = {each.layer for each in sets}
    under = [load_set(layer) for layer in _UNDER if layer not in layers]
    return policies.compose(sorted([*under, *sets], key=lambda each: each.layer.height))


def in_place(sets: Sequence[PolicySet], new: PolicySet) -> list[PolicySet]:
    """Put `new` where the set of its name is, else on top."""
    if all(each.name != new.name for each in sets):
        return [*sets, new]
    return [new if each.name == new.name else each for each in sets]

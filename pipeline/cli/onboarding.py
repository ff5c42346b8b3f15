"""The questions of a tenant's profile, as people are asked them, and how their answers are read."""

from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.store.profile import Role

QUESTIONS: Final[Mapping[str, str]] = {
    "role": f"Role under the Digital Services Act ({', '.join(Role)})",
    "territories": "Where its users are (ISO 3166, commas between; WORLD for everywhere)",
    "age_provider": "Who assures its users' age",
    "reporting": "Where child sexual exploitation is reported (ncmec, national, none)",
    "reporting_reason": "Why it is reported nowhere",
    "lists": "Lists of known pictures that it may be served with (commas between; none)",
    "languages": "Languages of its users and reviewers (such as en, de)",
    "reviews_a_day": "How many held items its people can rule on in a day",
    "on_call": "Who is called at night",
}
NONE: Final = "none"
"""The answer that there is nothing: it is one, as silence is not."""
_SEVERAL: Final = frozenset({"territories", "lists", "languages"})


def is_open(name: str, profile: Mapping[str, object]) -> bool:
    """Whether a question is to be asked: why nothing is reported, only of whom that is said."""
    if name == "reporting_reason":
        return profile.get("reporting") == NONE and not profile.get(name)
    return profile.get(name) is None if name == "lists" else not profile.get(name)


def read(name: str, text: str) -> object:
    """Return an answer as the profile has it; what does not fit there is refused there."""
    text = text.strip()
    if name in _SEVERAL:
        several = [each.strip() for each in text.split(",") if each.strip()]
        return [] if name == "lists" and several == [NONE] else several
    return int(text) if name == "reviews_a_day" and text.isdecimal() else text


def told(missing: Sequence[str]) -> str:
    """Return in one line whether adults are served, or what is open."""
    if not missing:
        return "complete: the adult tier is open"
    return f"the adult tier is closed; open questions: {', '.join(missing)}"

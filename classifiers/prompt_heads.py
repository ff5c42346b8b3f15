"""What the prompt model is asked about a text, in the order of its answers."""

from enum import StrEnum


class Head(StrEnum):
    """One question about a text; each is answered by itself, with a likelihood."""

    SEXUAL = "sexual"
    MINOR_PRESENT = "minor_present"
    """Whether somebody young is there; learned from harmless texts only."""
    NONCONSENT = "nonconsent"
    ANIMAL = "animal"
    """Sexual content with animals."""
    GORE_VIOLENCE = "gore_violence"
    HATE = "hate"
    HARASSMENT = "harassment"
    SELF_HARM = "self_harm"
    ILLEGAL = "illegal"
    REAL_PERSON = "real_person"


HEADS = tuple(Head)
"""The order of the model's answers."""

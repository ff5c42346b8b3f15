"""Turns a prompt into everything it may be read as, each reading with its way back."""

from classifiers.normalise.fold import plain_form, plain_forms
from classifiers.normalise.forms import is_dressed_up, is_invisible
from classifiers.normalise.read import READ_AT_MOST, read
from classifiers.normalise.reading import (
    FieldReading,
    Obstacle,
    Reading,
    Run,
    Span,
    Spelling,
    Spellings,
    Tag,
    TagKind,
    View,
)

__all__ = [
    "READ_AT_MOST",
    "FieldReading",
    "Obstacle",
    "Reading",
    "Run",
    "Span",
    "Spelling",
    "Spellings",
    "Tag",
    "TagKind",
    "View",
    "is_dressed_up",
    "is_invisible",
    "plain_form",
    "plain_forms",
    "read",
]

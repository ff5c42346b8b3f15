"""Finds every known hash within a distance of one that is asked for, among millions."""

from classifiers.hash_index.banded import Banded
from classifiers.hash_index.library import Found, Library
from classifiers.hash_index.match import Index, Match
from classifiers.hash_index.memory import HashIndex
from classifiers.hash_index.scan import Scan
from classifiers.hash_index.state import Listed
from classifiers.hash_index.writing import add, alone, create, fill, withdraw

__all__ = [
    "Banded",
    "Found",
    "HashIndex",
    "Index",
    "Library",
    "Listed",
    "Match",
    "Scan",
    "add",
    "alone",
    "create",
    "fill",
    "withdraw",
]

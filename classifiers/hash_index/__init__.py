"""Finds every known hash within a distance of one that is asked for, among millions."""

from classifiers.hash_index.banded import Banded
from classifiers.hash_index.match import Index, Match
from classifiers.hash_index.memory import HashIndex
from classifiers.hash_index.scan import Scan

__all__ = ["Banded", "HashIndex", "Index", "Match", "Scan"]

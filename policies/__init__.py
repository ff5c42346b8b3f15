"""Findings in, decision out: pure, without files, network or clock."""

from policies.composing import compose
from policies.loading import load

__all__ = ["compose", "load"]

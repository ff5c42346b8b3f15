"""Findings in, decision out: pure, without files, network or clock."""

from policies.composing import compose
from policies.errors import PolicyError
from policies.layers import PolicySet
from policies.loading import load

__all__ = ["PolicyError", "PolicySet", "compose", "load"]

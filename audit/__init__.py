"""Remembers what happened, and can prove it to a stranger."""

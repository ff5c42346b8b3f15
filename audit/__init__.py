"""Remembers what happened, and can prove it to somebody who trusts nobody here."""

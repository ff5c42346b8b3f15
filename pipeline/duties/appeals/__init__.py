"""Notices to end users of what was decided against them, and their appeals (DSA, 17 and 20)."""

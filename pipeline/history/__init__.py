"""Reads what was decided from the log, with what it was decided over, and decides it again."""

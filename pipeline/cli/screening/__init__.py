"""Judges texts without a server: one, a file of them, or labelled ones to measure by."""

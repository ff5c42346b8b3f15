"""Tells the languages of a prompt apart, and says which of them are read here."""

"""Statements of reasons for the Transparency Database of the DSA (Articles 17 and 24(5))."""

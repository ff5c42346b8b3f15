"""Erasure, retention and legal holds: hold beats retention beats erasure."""

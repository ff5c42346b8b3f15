"""Keeps what the server must remember between requests; what happened is in the audit log."""

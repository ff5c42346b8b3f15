"""Judges a platform's own requests without a server, and counts what would have become of them."""

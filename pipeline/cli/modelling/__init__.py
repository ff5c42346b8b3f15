"""Fetches pinned models, and keeps them in the data directory."""

"""Self-hosted engines: another address behind the same gates, with the same record."""

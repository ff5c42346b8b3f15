"""The HTTP API: NovelAI's routes, gated, and our own under /v1."""

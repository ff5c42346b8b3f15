"""A stand-in for NovelAI's image API, written from its description alone."""

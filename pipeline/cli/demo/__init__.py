"""A demonstration: every kind of outcome, over real HTTP, against servers of its own."""

from pipeline.cli.demo.command import demo

__all__ = ["demo"]

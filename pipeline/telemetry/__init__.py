"""Tells how the gateway does, and nothing about whom it serves with what."""

from pipeline.telemetry.logs import configure
from pipeline.telemetry.metrics import Metrics
from pipeline.telemetry.redaction import HIDDEN, redact

__all__ = ["HIDDEN", "Metrics", "configure", "redact"]

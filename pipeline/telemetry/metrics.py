"""Figures for Prometheus. No label names a tenant, a subject, a rule or anything of content."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


@dataclass(frozen=True, slots=True)
class Metrics:
    """Every figure, on a registry of its own.

    `route` is a route's template, never the path that was asked for.
    """

    registry: CollectorRegistry
    requests: Counter
    """By `route` and `status`."""
    decisions: Counter
    """By `stage` and `action`."""
    stage_seconds: Histogram
    """By `stage`."""
    queue_depth: Gauge
    holds: Gauge
    """Open ones, by `cause`."""
    accounts_low: Gauge
    """How many accounts at NovelAI run low."""
    audit_appends: Counter
    audit_failures: Counter

    @classmethod
    def create(cls) -> "Metrics":
        """Make them all, at nought."""
        to = CollectorRegistry(auto_describe=True)
        return cls(
            registry=to,
            requests=Counter(
                "imprimatur_requests", "Requests answered.", ["route", "status"], registry=to
            ),
            decisions=Counter(
                "imprimatur_decisions", "Decisions taken.", ["stage", "action"], registry=to
            ),
            stage_seconds=Histogram(
                "imprimatur_stage_seconds",
                "How long each stage took.",
                ["stage"],
                registry=to,
                buckets=_SECONDS,
            ),
            queue_depth=Gauge("imprimatur_queue_depth", "Requests that wait.", registry=to),
            holds=Gauge("imprimatur_holds", "Open holds.", ["cause"], registry=to),
            accounts_low=Gauge(
                "imprimatur_accounts_low", "Accounts of which most is spent.", registry=to
            ),
            audit_appends=Counter(
                "imprimatur_audit_appends", "Entries that became durable.", registry=to
            ),
            audit_failures=Counter(
                "imprimatur_audit_failures", "Entries that could not be written.", registry=to
            ),
        )

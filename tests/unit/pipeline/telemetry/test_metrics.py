from prometheus_client import generate_latest

from pipeline.telemetry import Metrics

ALLOWED_LABELS = {"route", "status", "stage", "action", "cause", "le"}


class TestMetrics:
    def test_what_is_counted_is_told(self) -> None:
        """Prometheus reads what the gateway did."""
        metrics = Metrics.create()

        metrics.requests.labels(route="/ai/generate-image", status="403").inc()
        metrics.stage_seconds.labels(stage="screen").observe(0.004)

        told = generate_latest(metrics.registry).decode()
        assert 'imprimatur_requests_total{route="/ai/generate-image",status="403"} 1.0' in told
        assert 'imprimatur_stage_seconds_bucket{le="0.005",stage="screen"} 1.0' in told

    def test_two_servers_in_one_process_count_apart(self) -> None:
        """Tests and the demo run more than one."""
        first, second = Metrics.create(), Metrics.create()

        first.audit_appends.inc()

        assert "imprimatur_audit_appends_total 0.0" in generate_latest(second.registry).decode()

    def test_no_label_names_a_tenant_or_what_was_seen(self) -> None:
        """Whoever may read figures may not read who is served, or why."""
        metrics = Metrics.create()

        labels = {
            label
            for name in Metrics.__slots__
            if name != "registry"
            for label in getattr(metrics, name)._labelnames
        }

        assert labels <= ALLOWED_LABELS

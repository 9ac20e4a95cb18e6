"""What the doctor finds as metrics for Prometheus: which value of which finding is which gauge."""

import threading
import time
from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from infrastructure.doctor.doctor import CHECKS, examine
from infrastructure.doctor.findings import Finding, Severity
from infrastructure.wiring import Container

FRESH = 5.0
"""Seconds for which an examination serves all who ask."""


class Gauge(NamedTuple):
    """`value` of the findings of `check`; the largest, where several have the same `label`."""

    name: str
    check: str
    value: str
    help: str
    label: str | None = None
    """The value that tells findings apart."""

    def over(self, found: Sequence[Finding]) -> GaugeMetricFamily:
        labels = [self.label] if self.label else []
        family = GaugeMetricFamily(self.name, self.help, labels=labels)
        samples: dict[tuple[str, ...], float] = {}
        for finding in found:
            values = finding.values
            if finding.check != self.check or self.value not in values:
                continue
            key = tuple(str(values[label]) for label in labels)
            samples[key] = max(float(values[self.value]), samples.get(key, -inf))
        for key, value in samples.items():
            family.add_metric(key, value)
        return family


GAUGES = (
    Gauge(
        "stage_database_up", "database", "up", "1 if the database answers; if 0, all that it tells is missing"
    ),
    Gauge("stage_redis_up", "redis", "up", "1 if Redis answers"),
    Gauge("stage_object_store_up", "object_store", "up", "1 if the object store answers"),
    Gauge(
        "stage_followers_held_back_seconds",
        "held_back",
        "seconds",
        "Age of the oldest open transaction that writes; no follower passes it",
    ),
    Gauge(
        "stage_follower_lag_events", "follower", "events", "Events that a follower has yet to do", "follower"
    ),
    Gauge("stage_follower_lag_seconds", "follower", "seconds", "Age of the oldest of them", "follower"),
    Gauge("stage_parked_events", "parked_events", "events", "Events that a read model lacks", "read_model"),
    Gauge("stage_reactions_waiting", "reactions", "due", "Reactions that are due", "kind"),
    Gauge(
        "stage_reactions_waiting_seconds", "reactions", "oldest_due_seconds", "Wait of the oldest due", "kind"
    ),
    Gauge("stage_reactions_later", "reactions", "later", "Reactions that will be due", "kind"),
    Gauge("stage_reactions_running", "reactions", "running", "Reactions being performed", "kind"),
    Gauge("stage_reactions_dead", "reactions", "dead", "Reactions that were given up", "kind"),
    Gauge("stage_photos_staged", "photos", "staged", "Photos delivered within the last hour"),
    Gauge("stage_photos_refused", "photos", "refused", "Photos that the provider's rules refused, likewise"),
    Gauge("stage_photos_unusable", "photos", "unusable", "Photos that cannot be read or fetched, likewise"),
    Gauge("stage_photos_failed", "photos", "failed", "Photos that failed for no reason of theirs, likewise"),
    Gauge(
        "stage_webhooks_delivered",
        "webhooks",
        "delivered",
        "Messages that webhooks took within the last hour",
    ),
    Gauge("stage_webhooks_in_vain", "webhooks", "in_vain", "Attempts to deliver one that failed, likewise"),
    Gauge("stage_oldest_job_seconds", "oldest_job", "seconds", "Age of the oldest unfinished job, or 0"),
    Gauge("stage_oldest_hold_seconds", "oldest_hold", "seconds", "Age of the oldest hold, or 0"),
    Gauge("stage_debt_credits", "debt", "credits", "Credits that users owe"),
    Gauge("stage_unbalanced_lots", "ledgers", "unbalanced_lots", "Lots whose credits do not add up"),
    Gauge(
        "stage_unbalanced_ledgers",
        "ledgers",
        "unbalanced_ledgers",
        "Ledgers whose lots and statement differ, 100 at the most",
    ),
    Gauge(
        "stage_ledgers_compared",
        "ledgers",
        "compared",
        "1 if lots and statements were at the same position, and compared",
    ),
    Gauge("stage_unanchored_events", "unanchored", "events", "Events that no anchor covers yet"),
    Gauge("stage_unanchored_seconds", "unanchored", "seconds", "Age of the oldest of them, or 0"),
    Gauge(
        "stage_stripe_messages_unhandled",
        "unhandled_messages",
        "messages",
        "Messages of Stripe's that wait to be followed up, or were given up",
    ),
    Gauge(
        "stage_stripe_messages_unhandled_seconds",
        "unhandled_messages",
        "seconds",
        "Age of the oldest of them, or 0",
    ),
    Gauge(
        "stage_stripe_messages_other", "other_messages", "messages", "Messages kept that nobody looks into"
    ),
    Gauge(
        "stage_reconciliation_left_differences",
        "reconciliation",
        "left",
        "Differences that the last daily reconciliation left to an operator",
    ),
    Gauge(
        "stage_reconciliation_difference_cents", "reconciliation", "cents", "Our money less Stripe's after it"
    ),
    Gauge("stage_reconciliation_age_seconds", "reconciliation", "seconds", "Time since it was made"),
    Gauge(
        "stage_paid_by_nobody",
        "paid_by_nobody",
        "payments",
        "Payments that came when their user was erased already, and are to be refunded",
    ),
)


class DoctorCollector(Collector):
    """Examines when it is asked, once for all who ask within `fresh` seconds."""

    def __init__(self, container: Container, *, fresh: float = FRESH) -> None:
        self._container = container
        self._fresh = fresh
        self._lock = threading.Lock()
        self._found: Sequence[Finding] = ()
        self._until = -inf

    def collect(self) -> Iterable[GaugeMetricFamily]:
        found = self._examined()
        for gauge in GAUGES:
            yield gauge.over(found)
        family = GaugeMetricFamily(
            "stage_doctor_findings", "Findings of the doctor's by severity", labels=["severity"]
        )
        for severity in Severity:
            family.add_metric([severity], sum(finding.severity is severity for finding in found))
        yield family

    def _examined(self) -> Sequence[Finding]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = self._examine()
                self._until = time.monotonic() + self._fresh
            return self._found

    def _examine(self) -> Sequence[Finding]:
        """While the database is away each other check would wait for it, longer than Prometheus waits for us."""
        found = examine(self._container, {"parts": CHECKS["parts"]})
        if all(finding.values.get("up") for finding in found if finding.check == "database"):
            found += examine(self._container, {name: CHECKS[name] for name in CHECKS if name != "parts"})
        return found


def doctors_registry(container: Container, *, fresh: float = FRESH) -> CollectorRegistry:
    """What serves it to Prometheus."""
    registry = CollectorRegistry()
    registry.register(DoctorCollector(container, fresh=fresh))
    return registry

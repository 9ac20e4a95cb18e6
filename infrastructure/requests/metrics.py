"""What the API measures of itself: requests by route, the questions that they ask the database, and refusals."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from infrastructure.records.security_log import Refused

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0)
"""Upper bounds; no answer but a picture's or a long poll's may take longer to begin than the last."""
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""HEAD is answered as GET. Clients can send any other, too, and each would be a series."""


class RequestMetrics:
    """Labels have few values: routes by their templates, never an address, a user or what a client may choose.

    Used in the event loop alone. What a request adds takes some 2 µs.
    """

    def __init__(self, unwritten: Callable[[], int] = lambda: 0) -> None:
        """`unwritten` tells how many refusals wait for the security log."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "stage_requests",
            "Requests by what they were answered with; none: broken off before",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "stage_request_seconds",
            "Time from a request to the first byte of its answer",
            ["method", "route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._queries = Histogram(
            "stage_query_seconds",
            "Time of a query, its wait for a connection included, by the rows that it reads",
            ["rows"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._refusals = Counter(
            "stage_refusals", "What the security log has, by kind", ["kind"], registry=self.registry
        )
        Gauge(
            "stage_refusals_unwritten", "Refusals that wait to be written to it", registry=self.registry
        ).set_function(unwritten)
        for kind in Refused:
            self._refusals.labels(kind.value)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._known_queries: dict[str, Histogram] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered, with status 0 if it was broken off before."""
        method = method if method in _METHODS else "other"
        key = (method, route, status)
        if (known := self._known.get(key)) is None:
            known = self._known[key] = (
                self._requests.labels(method, route, str(status or "none")),
                self._seconds.labels(method, route),
            )
        requests, times = known
        requests.inc()
        times.observe(seconds)

    def queried(self, rows: str, seconds: float) -> None:
        """A query for rows of this shape was answered."""
        if (known := self._known_queries.get(rows)) is None:
            known = self._known_queries[rows] = self._queries.labels(rows.lstrip("_"))
        known.observe(seconds)

    def refused(self, kind: Refused) -> None:
        self._refusals.labels(kind.value).inc()

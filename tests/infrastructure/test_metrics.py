"""Metrics are served where the settings say, and a port that is taken is said in words."""

import socket
from contextlib import ExitStack

import httpx
import msgspec
import pytest
from prometheus_client import CollectorRegistry, Counter

from infrastructure.metrics import MetricsPortTaken, Place, check_free, offered
from infrastructure.settings import Settings, load
from tests.infrastructure.test_settings import ENVIRONMENT


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("toy", "Of a test", registry=registry).inc(7)
    return registry


def settings(port: int) -> Settings:
    return msgspec.structs.replace(load(ENVIRONMENT), metrics_port=port)


def two_ports() -> int:
    """The first of two that are free."""
    while True:
        with ExitStack() as held, socket.create_server(("127.0.0.1", 0)) as first:
            port: int = first.getsockname()[1]
            try:
                held.enter_context(socket.create_server(("127.0.0.1", port + 1)))
            except OSError:
                continue
            return port


def test_two_processes_of_one_environment_listen_beside_each_other(registry: CollectorRegistry) -> None:
    port = two_ports()
    with (
        offered(settings(port), Place.FOLLOW, CollectorRegistry()),
        offered(settings(port), Place.SERVE, registry),
    ):
        assert "toy_total 7.0" in httpx.get(f"http://127.0.0.1:{port + 1}/metrics").text
        assert httpx.get(f"http://127.0.0.1:{port}/metrics").text == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")


def test_without_a_port_nothing_is_served(registry: CollectorRegistry) -> None:
    check_free(settings(0), Place.SERVE)
    with offered(settings(0), Place.SERVE, registry) as nothing:
        assert nothing is None


def test_a_port_that_is_taken_is_told_in_words(registry: CollectorRegistry) -> None:
    port = two_ports()
    said = f"something listens on 127.0.0.1 port {port + 1} already; METRICS_PORT names another"
    with socket.create_server(("127.0.0.1", port + 1)):
        with pytest.raises(MetricsPortTaken) as first:
            check_free(settings(port), Place.SERVE)
        with pytest.raises(MetricsPortTaken) as second, offered(settings(port), Place.SERVE, registry):
            pytest.fail("it is served")
    assert str(first.value) == str(second.value) == said
    check_free(settings(port), Place.SERVE)


def test_an_address_that_is_not_ours_is_no_port_that_is_taken(registry: CollectorRegistry) -> None:
    elsewhere = msgspec.structs.replace(settings(9100), metrics_host="192.0.2.1")
    with pytest.raises(OSError, match="assign requested address"):
        check_free(elsewhere, Place.FOLLOW)
    with (
        pytest.raises(OSError, match="assign requested address"),
        offered(elsewhere, Place.FOLLOW, registry),
    ):
        pytest.fail("it is served")

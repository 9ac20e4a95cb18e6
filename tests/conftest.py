"""Offers tests/servers.py and tests/logs.py to all tests but the domain's, which run without their imports.

A busy machine is no reason to fail: no example has to be made or tried within a time.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

DOMAIN = Path(__file__).parent / "domain"


def pytest_configure(config: pytest.Config) -> None:
    asked_for = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    if not all(path.is_relative_to(DOMAIN) for path in asked_for):
        config.pluginmanager.import_plugin("tests.logs")
        config.pluginmanager.import_plugin("tests.servers")

"""The API against what its own description allows and forbids: no 5xx, and no answer that it does not tell of.

A few examples of each operation, the same each time. `FUZZ=500 python -m pytest tests/interfaces/rest/test_fuzzing.py`
takes as many as that, other ones each time, and prints how to see a failure again.
"""

import os
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

EXAMPLES = 3
"""Of each operation."""
LONG = int(os.environ.get("FUZZ", "0"))

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]

ENDS_THE_SESSION = frozenset({"/api/v1/auth/sign-out", "/api/v1/me"})
"""Asked without a session, lest all that follows is asked without one."""


@pytest.fixture(scope="session")
def fuzzer(shared: Any) -> Any:
    """Somebody whose things may all be changed."""
    return shared.join("fuzzer@example.com")


@pytest.mark.parametrize("mode", GenerationMode)
def test_whatever_is_asked_gets_an_answer_that_is_described(fuzzer: Any, mode: GenerationMode) -> None:
    """What the description allows, and what it forbids."""
    schema: Any = schemathesis.openapi.from_dict(fuzzer.client.get("/api/v1/openapi.json").json())
    for operation in schema.get_all_operations():
        check_operation(operation.ok(), fuzzer, mode)


def check_operation(operation: Any, fuzzer: Any, mode: GenerationMode) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=LONG or EXAMPLES,
        deadline=None,
        derandomize=not LONG,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        case.validate_response(answered(case, fuzzer), checks=CHECKS)

    with suppress(Unsatisfiable):  # what takes nothing forbids nothing
        check()


def answered(case: Any, fuzzer: Any) -> httpx.Response:
    """What the application answers; what cannot even be sent is no case."""
    asked = case.as_transport_kwargs(base_url=str(fuzzer.client.base_url))
    session = {} if case.path in ENDS_THE_SESSION else fuzzer.headers
    content = asked.pop("data", None)
    try:
        request = fuzzer.client.build_request(
            asked["method"],
            asked["url"],
            params=asked.get("params"),
            headers={**(asked.get("headers") or {}), **session},
            json=asked.get("json"),
            files=asked.get("files"),
            content=content if isinstance(content, str | bytes) else None,
            data=content if isinstance(content, dict) else None,
        )
        request.read()  # a file that is none
    except (httpx.InvalidURL, UnicodeEncodeError, TypeError, ValueError, AttributeError):
        assume(condition=False)
    answer: httpx.Response = fuzzer.client.send(request)
    answer.read()
    return answer

"""Parameters that say `null`: where a number or an id may be left out, the framework would take it for nothing."""

from functools import cache
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import HeaderParameter, QueryParameter

from interfaces.rest.errors.faults import FieldProblem, ValidationFailed

_NULL = "null"


def check_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Raise ValidationFailed for each such parameter: whoever asks for an id's must not get everybody's."""
    wrong = [
        FieldProblem(name, f"{_NULL} is no value here; leave it out")
        for name, sent in _left_out(handler)
        if _NULL in (value.lower() for value in getattr(connection, sent).getall(name, []))
    ]
    if wrong:
        raise ValidationFailed(wrong)


@cache
def _left_out(handler: BaseRouteHandler) -> list[tuple[str, str]]:
    """Names of numbers and ids that need not be sent, and whether they are headers or query parameters."""
    found = []
    for name, parameter in handler.parsed_fn_signature.parameters.items():
        if parameter.is_optional and str not in (inner.annotation for inner in parameter.inner_types):
            match parameter.kwarg_definition:
                case HeaderParameter() as described:
                    found.append((described.name or name, "headers"))
                case QueryParameter() as described:
                    found.append((described.name or name, "query_params"))
    return found

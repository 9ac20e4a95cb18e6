"""How an error is told to clients."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

AN_ID: Final = "0a6f2b52-6f0e-4f2f-9d0a-2f1f6c1f5d11"
"""For examples."""
RETRY: Final = {"Retry-After": "1"}
SIGN_IN: Final = {"WWW-Authenticate": 'Bearer realm="stage in seconds"'}


@dataclass(frozen=True)
class Answer:
    """An error in the words of RFC 9457, with its status."""

    status: int
    code: str
    """Stable: clients may rely on it."""
    title: str
    detail: str
    """What was wrong and what would be right; `{names}` are replaced by the error's own values."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Attributes of the error that the answer carries, each with an example for the documentation."""
    headers: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What the error calls a value that the answer must call otherwise: `status` is the HTTP status."""

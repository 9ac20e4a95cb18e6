"""How Stripe's SDK reaches Stripe: one pool of connections for all threads, redirects never followed.

The SDK's own client on httpx opens a second, asynchronous pool that nobody closes, sends form bodies in a
way that httpx is about to drop, and calls our own mistakes network errors.
"""

import threading
from collections.abc import Mapping
from typing import Any, NoReturn

import httpx
import stripe


class StripeConnection(stripe.HTTPClient):
    name = "httpx"

    def __init__(self, timeout: float) -> None:
        """`timeout` is in seconds, for each step of a call."""
        super().__init__()
        self._timeout = timeout
        self._client: httpx.Client | None = None
        self._making = threading.Lock()

    def request(  # type: ignore[override] # as the SDK's own clients: bytes are what it decodes
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Body, status and headers. Raises stripe.APIConnectionError, after which the SDK may try again."""
        try:
            answer = self._connected().request(method, url, headers=headers, content=post_data or None)
        except httpx.TransportError as error:
            _fail(error)
        return answer.content, answer.status_code, answer.headers

    def close(self) -> None:
        with self._making:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _connected(self) -> httpx.Client:
        """Made when it is first needed: reading the certificates takes a while, and most processes never pay."""
        with self._making:
            if self._client is None:
                self._client = httpx.Client(timeout=self._timeout, follow_redirects=False)
            return self._client


def _fail(error: httpx.TransportError) -> NoReturn:
    failed: Any = stripe.APIConnectionError
    raise failed(f"{type(error).__name__} on the way to Stripe", should_retry=True) from error

"""Links that let anybody who has them fetch one thing until a moment, and nothing else."""

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

_PURPOSE: Final = b"signed links, version 1"
_SIGNATURE_BYTES: Final = 16
"""Of the HMAC-SHA256: 128 bits cannot be guessed, and fit into a QR code that can be scanned from paper."""
_HOUR: Final = 3600


class LinkInvalid(Exception):
    """The link was never given out, or was changed since."""


class LinkExpired(Exception):
    """The link's time is over."""


class SignedLinks:
    """Signs and checks links to this API. Their key follows from AUTH_SECRET: a new secret ends them all."""

    def __init__(self, app_url: str, secret: str, now: Callable[[], float] = time.time) -> None:
        self._app_url = app_url.rstrip("/")
        self._key = hmac.new(secret.encode(), _PURPOSE, sha256).digest()
        self._now = now

    def sign(self, path: str, until: datetime, **query: str | int) -> str:
        """The address, absolute, good until then. Asked for again, it is the same: caches may keep it."""
        asked = {name: str(value) for name, value in query.items()} | {"expires": str(int(until.timestamp()))}
        signed = _canonical(path, asked)
        return f"{self._app_url}{signed}&signature={self._signature(signed)}"

    def until(self, lifetime: timedelta) -> datetime:
        """When a link ends that is to last so long: at a full hour, so that all given out in one are the same."""
        ends = self._now() + lifetime.total_seconds()
        return datetime.fromtimestamp(-(-ends // _HOUR) * _HOUR, tz=UTC)

    def check(self, path: str, query: Mapping[str, str]) -> int:
        """Seconds for which the link is still good. Raises LinkInvalid or LinkExpired."""
        asked = {name: value for name, value in query.items() if name != "signature"}
        expected = self._signature(_canonical(path, asked))
        expires = asked.get("expires", "")
        if not hmac.compare_digest(expected.encode(), query.get("signature", "").encode()) or not expires:
            raise LinkInvalid
        left = int(expires) - int(self._now())
        if left <= 0:
            raise LinkExpired
        return left

    def _signature(self, signed: str) -> str:
        digest = hmac.new(self._key, signed.encode(), sha256).digest()[:_SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _canonical(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(sorted(query.items()))}"

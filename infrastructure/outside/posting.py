"""Sending webhooks as Standard Webhooks signs them, and never to anything inside."""

import ssl
from dataclasses import dataclass, field
from typing import Final

import httpcore
from standardwebhooks import Webhook

from application.ports import LinkUnreachable
from application.webhook_ports import Message
from infrastructure.outside.connecting import Dial, PublicNetwork, Resolve, dial, resolve
from infrastructure.outside.links import PORT, parsed

SECONDS: Final = 15.0
"""For one message (Standard Webhooks recommends 15 to 30)."""


@dataclass(frozen=True)
class SignedPoster:
    """Over https, port 443, to public addresses; a redirect is an answer like any other, and not followed."""

    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    resolve: Resolve = resolve
    dial: Dial = dial
    seconds: float = SECONDS

    def check(self, url: str) -> None:
        """Raise LinkRefused for what cannot be a public address. Its name is resolved when something is sent."""
        parsed(url)

    def post(self, message: Message) -> int:
        """The status of the answer, of which nothing else is read. Raises LinkRefused or LinkUnreachable."""
        link = parsed(message.url.text)
        url = httpcore.URL(scheme=b"https", host=link.host.encode(), port=PORT, target=link.target.encode())
        network = PublicNetwork(self.seconds, resolve=self.resolve, dial=self.dial)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self.tls, network_backend=network) as pool,
                pool.stream("POST", url, headers=_headers(message), content=message.body) as response,
            ):
                return response.status
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise LinkUnreachable from error


def _headers(message: Message) -> list[tuple[bytes | str, bytes | str]]:
    message_id = str(message.message_id)
    signature = Webhook(message.secret.text).sign(message_id, message.sent_at, message.body.decode())
    return [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(message.body))),
        ("User-Agent", "StageInSeconds/1"),
        ("webhook-id", message_id),
        ("webhook-timestamp", str(int(message.sent_at.timestamp()))),
        ("webhook-signature", signature),
    ]

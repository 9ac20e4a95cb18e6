"""Webhooks on the wire: signed as the standard says, and never sent to anything inside."""

import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from application.ports import LinkRefused, LinkUnreachable
from application.webhook_ports import Message
from domain.personal import Personal
from infrastructure.outside.connecting import resolve as by_the_system
from infrastructure.outside.posting import SignedPoster
from tests.infrastructure.outside.strangers import NAME, PUBLIC, Listener, listening, say
from tests.infrastructure.outside.test_fetching import INSIDE

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type":"job.completed"}'
RECEIVED: list[bytes] = []


def message(url: str = f"https://{NAME}/hook") -> Message:
    return Message(UUID(int=5), Personal(url), Personal(SECRET), datetime.now(UTC), BODY)


def answer(path: str, request: bytes, connection: ssl.SSLSocket) -> None:
    while not request.endswith(BODY):
        request += connection.recv(65536)
    RECEIVED.append(request)
    match path.split("/")[1:]:
        case ["status", status]:
            say(connection, int(status), Location="https://127.0.0.1/")
        case ["endless"]:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900000000000\r\n\r\n")
        case _:
            say(connection, 204)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    with listening(answer, tmp_path_factory.mktemp("tls")) as listener:
        yield listener


@pytest.fixture
def listener(server: Listener) -> Listener:
    server.connections = 0
    server.dialled.clear()
    RECEIVED.clear()
    return server


def poster(listener: Listener) -> SignedPoster:
    return SignedPoster(listener.trust, lambda _: [PUBLIC], listener.dial, seconds=5)


def test_a_receiver_can_check_it_with_the_standards_own_library(listener: Listener) -> None:
    assert poster(listener).post(message()) == 204

    head, _, body = RECEIVED[0].partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    headers = {name.lower(): value for name, value in lines}
    assert Webhook(SECRET).verify(body, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)
    assert headers["webhook-id"] == str(UUID(int=5))


@pytest.mark.parametrize("status", [301, 307, 410, 500])
def test_every_answer_is_told_and_no_redirect_is_followed(listener: Listener, status: int) -> None:
    assert poster(listener).post(message(f"https://{NAME}/status/{status}")) == status
    assert listener.dialled == [PUBLIC]


def test_an_endless_answer_is_not_read(listener: Listener) -> None:
    assert poster(listener).post(message(f"https://{NAME}/endless")) == 200


def test_a_certificate_of_somebody_else_is_not_believed(listener: Listener) -> None:
    with pytest.raises(LinkUnreachable):
        poster(listener).post(message("https://other.example.org/"))
    assert RECEIVED == []


@pytest.mark.parametrize("url", INSIDE)
def test_nothing_inside_is_ever_told_anything(listener: Listener, url: str) -> None:
    truly = replace(poster(listener), resolve=by_the_system, dial=listener.dial_truly)

    with pytest.raises(LinkRefused):
        truly.post(message(url))

    assert (listener.dialled, listener.connections) == ([], 0)


def test_a_name_that_turns_inside_after_it_was_registered_is_refused(listener: Listener) -> None:
    rebinding = replace(poster(listener), resolve=lambda _: ["169.254.169.254"])
    rebinding.check(f"https://{NAME}/hook")

    with pytest.raises(LinkRefused):
        rebinding.post(message())
    assert listener.dialled == []

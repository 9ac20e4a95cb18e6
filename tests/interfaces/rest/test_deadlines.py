"""Requests that would never be answered are, and those that only take their time are left alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from litestar.types import Message, Receive, ReceiveMessage, Scope, Send

from interfaces.rest.deadlines import SLOWEST, allow, in_time
from interfaces.rest.errors.faults import BodyTooSlow, Disconnected, Unavailable

PATIENCE = 0.05
"""Seconds."""
LONG = 4 * PATIENCE
FOR_EVER = 3_600.0
PIECES = 12
SCOPE = cast(Scope, {"type": "http", "path_template": "/jobs"})
START = cast(Message, {"type": "http.response.start", "status": 200, "headers": []})
PIECE = cast(Message, {"type": "http.response.body", "body": b"x", "more_body": True})
END = cast(Message, {"type": "http.response.body", "body": b"", "more_body": False})


class Client:
    """Sends a body piece by piece, each as late as it likes, and keeps what it is told."""

    def __init__(self, *pauses: float, piece: bytes = b"") -> None:
        self._pauses = list(pauses) or [0.0]
        self._piece = piece
        self.told: list[Message] = []

    async def receive(self) -> ReceiveMessage:
        await asyncio.sleep(self._pauses.pop(0))
        return cast(
            ReceiveMessage, {"type": "http.request", "body": self._piece, "more_body": bool(self._pauses)}
        )

    async def send(self, message: Message) -> None:
        self.told.append(message)


App = Callable[[Scope, Receive, Send], Awaitable[None]]


def ask(client: Client, app: App, silence: float = 3 * LONG) -> None:
    asyncio.run(cast(Any, in_time(app, PATIENCE, silence)(SCOPE, client.receive, client.send)))


async def reading(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answers once it has the whole body."""
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send(END)


def test_whoever_would_wait_for_ever_is_told_that_a_part_is_away() -> None:
    cut_off = False

    async def frozen(_scope: Scope, _receive: Receive, _send: Send) -> None:
        nonlocal cut_off
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut_off = True
            raise

    with pytest.raises(Unavailable):
        ask(Client(), frozen)
    assert cut_off


def test_what_cannot_be_broken_off_keeps_nobody_waiting_and_is_heard_no_more() -> None:
    client = Client()
    thawed = asyncio.Event()

    async def stubborn(_scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await thawed.wait()
            await send(START)

    async def one_after_the_other() -> None:
        with pytest.raises(Unavailable):
            await in_time(stubborn, PATIENCE)(SCOPE, client.receive, client.send)
        thawed.set()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    asyncio.run(one_after_the_other())
    assert client.told == []


def test_a_body_may_take_its_time_but_not_what_follows() -> None:
    slow = Client(LONG, LONG)

    async def frozen(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        await asyncio.Event().wait()

    ask(slow, reading)
    assert slow.told == [START, END]
    with pytest.raises(Unavailable):
        ask(Client(LONG), frozen)


def test_whoever_falls_silent_half_way_is_not_waited_for() -> None:
    client = Client(0, FOR_EVER)

    with pytest.raises(BodyTooSlow):
        ask(client, reading)
    assert client.told == []


def test_whoever_sends_drop_by_drop_is_not_waited_for_either() -> None:
    with pytest.raises(BodyTooSlow):
        ask(Client(*[PATIENCE] * 1_000, piece=b"x"), reading)


def test_a_slow_body_earns_time_with_what_comes() -> None:
    client = Client(*[PATIENCE] * 20, piece=bytes(int(SLOWEST * 2 * PATIENCE)))

    ask(client, reading, silence=10 * PATIENCE)

    assert client.told == [START, END]


def test_a_body_does_not_pay_for_the_time_that_we_take() -> None:
    async def slow(_scope: Scope, receive: Receive, send: Send) -> None:
        allow(10 * LONG)
        for _ in range(PIECES):
            await receive()
            await asyncio.sleep(PATIENCE)
        await send(START)
        await send(END)

    client = Client(*[0.0] * PIECES)
    ask(client, slow, silence=10 * PATIENCE)

    assert client.told == [START, END]


def test_an_answer_that_has_begun_may_take_its_time() -> None:
    client = Client()

    async def streaming(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(START)
        await asyncio.sleep(LONG)
        await send(END)

    ask(client, streaming)
    assert client.told == [START, END]


def test_an_answer_that_nobody_reads_is_broken_off() -> None:
    class Deaf(Client):
        async def send(self, message: Message) -> None:
            await super().send(message)
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

    async def streaming(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(START)
        while True:
            await send(PIECE)

    client = Deaf()
    app: Any = in_time(streaming, PATIENCE, left_lying=PATIENCE)
    with pytest.raises(Disconnected):
        asyncio.run(app(SCOPE, client.receive, client.send))
    assert client.told == [START, PIECE]


def test_whoever_waits_on_purpose_is_given_the_time() -> None:
    client = Client()

    async def polling(_scope: Scope, receive: Receive, send: Send) -> None:
        allow(2 * LONG)
        await receive()
        await asyncio.sleep(LONG)
        await send(START)

    ask(client, polling)
    assert client.told == [START]


def test_what_goes_wrong_in_time_is_told_as_it_is() -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        ask(Client(), broken)

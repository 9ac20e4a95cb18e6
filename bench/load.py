"""Load for the benches: connections that ask, wait for the answer and ask again, in a process of their own.

It shares the machine's few cores with the server that it measures, so it does as little as can be: requests
are bytes made beforehand, answers are read up to their Content-Length, and nothing in them is looked at but
the status. `load` runs this file as a program; ours and the limit's get the same load from it.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

CONNECTIONS = 16
"""At once: enough to keep one server process busy."""
PATIENCE = 30.0
"""Seconds without any answer until the load gives up."""


@dataclass(frozen=True)
class Answered:
    """What became of a load."""

    per_second: float
    p50_ms: float
    p95_ms: float
    failed: int
    """Answers with another status than was expected."""


def request(
    method: str, path: str, *, host: str = "bench", headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """An HTTP/1.1 request as it goes over the wire."""
    sent = {"Host": host, **(headers or {})}
    if body:
        sent |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def load(
    url: str,
    requests: Sequence[bytes],
    *,
    status: int,
    seconds: float | None = None,
    connections: int = CONNECTIONS,
) -> Answered:
    """Ask for as long as that (the requests in turn, over and over), or, without `seconds`, each just once."""
    order = {
        "url": url,
        "requests": [one.decode("latin-1") for one in requests],
        "status": status,
        "seconds": seconds,
        "connections": connections,
    }
    done = subprocess.run(
        [sys.executable, "-I", "-S", __file__],
        input=json.dumps(order).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Answered(**json.loads(done.stdout))


class _Connection:
    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked_at = 0.0
        self._read = b""

    def ask(self, wanted: bytes) -> None:
        self._read = b""
        self.asked_at = time.perf_counter()
        self.socket.sendall(wanted)

    def answer(self) -> int | None:
        """The status, once the answer is whole."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server hung up")
        self._read += piece
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self._read[:end].lower()
        _, _, length = head.partition(b"\r\ncontent-length:")
        if len(self._read) < end + 4 + int(length.partition(b"\r\n")[0]):
            return None
        return int(head[9:12])


def _main() -> None:
    order = json.load(sys.stdin)
    parts = urlsplit(order["url"])
    requests = [one.encode("latin-1") for one in order["requests"]]
    latencies, failed, seconds = _run((parts.hostname, parts.port), requests, order)
    cuts = quantiles(latencies, n=100, method="inclusive")
    answered = {
        "per_second": len(latencies) / seconds,
        "p50_ms": cuts[49] * 1000,
        "p95_ms": cuts[94] * 1000,
        "failed": failed,
    }
    json.dump(answered, sys.stdout)


def _run(
    address: tuple[str, int], requests: list[bytes], order: dict[str, Any]
) -> tuple[list[float], int, float]:
    """The latency of each answer, how many were not as expected, and how long it all took, in seconds."""
    once = order["seconds"] is None
    connections = {}
    poll = select.epoll() if hasattr(select, "epoll") else select.poll()
    for _ in range(order["connections"]):
        connection = _Connection(address)
        connections[connection.socket.fileno()] = connection
        poll.register(connection.socket.fileno(), select.POLLIN)
    began = time.perf_counter()
    until = float("inf") if once else began + order["seconds"]
    asked = failed = 0
    latencies: list[float] = []
    for connection in connections.values():
        connection.ask(requests[asked % len(requests)])
        asked += 1
    open_questions = len(connections)
    while open_questions:
        if not (ready := poll.poll(PATIENCE)):
            raise TimeoutError(f"no answer for {PATIENCE:g} s")
        for number, _ in ready:
            connection = connections[number]
            if (status := connection.answer()) is None:
                continue
            now = time.perf_counter()
            latencies.append(now - connection.asked_at)
            failed += status != order["status"]
            if now < until and not (once and asked == len(requests)):
                connection.ask(requests[asked % len(requests)])
                asked += 1
            else:
                open_questions -= 1
    return latencies, failed, time.perf_counter() - began


if __name__ == "__main__":
    _main()

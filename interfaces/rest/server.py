"""The API as a process: granian with the application, on an address that is known before anything starts."""

import errno
import multiprocessing
import os
import signal
import socket
import threading
from functools import partial
from pathlib import Path

import structlog
from granian.constants import Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from granian.server import MPServer
from litestar.types import ASGIApp

from infrastructure.metrics import Place, check_free
from infrastructure.processes import memory
from infrastructure.settings import Settings
from infrastructure.telemetry import configure_logging
from infrastructure.wiring import build
from interfaces.rest.app import create_app

GRACE = 30
"""Seconds that requests in hand have to end once the process is asked to stop."""

BUFFER = 64 * 1024
"""Bytes of a connection that are read ahead."""
HEADERS = 64 * 1024
"""Bytes that the headers of a request may have over HTTP/2; the server's own limit is 16 MB."""

log = structlog.get_logger()


class PortTaken(Exception):
    """Somebody listens there already; the operating system would let us share it without a word."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.host, self.port = host, port

    def __str__(self) -> str:
        return (
            f"something listens on {self.host} port {self.port} already; PORT names another, 0 any free one"
        )


def run(settings: Settings, *, address_file: Path | None = None) -> None:
    """Answer requests until SIGTERM or SIGINT, then finish those in hand. Raises PortTaken or MetricsPortTaken.

    Where it listens is logged and, if asked for, written to `address_file`: with port 0 nobody knows before.
    """
    check_free(settings, Place.SERVE)
    with _reserved(settings) as reserved:
        host, port = reserved.getsockname()[:2]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        server = granian(f"{__name__}:{application.__name__}", host, port)
        if address_file:
            server.on_startup(partial(_write, address_file, url))
        server.on_startup(lambda: log.info("api.listening", url=url))
        server.serve(target_loader=partial(application, settings), wrap_loader=False)


def granian(target: str, host: str, port: int) -> MPServer:
    """A server set up as ours is, for the application that `target` names (`module:name`)."""
    return MPServer(
        target,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers_kill_timeout=GRACE,
        http1_settings=HTTP1Settings(max_buffer_size=BUFFER),
        http2_settings=HTTP2Settings(max_headers_size=HEADERS),
        websockets=False,
        log_level=LogLevels.warning,
    )


def application(settings: Settings) -> ASGIApp:
    """What each worker process serves; it ends when the process that started it goes, however that went."""
    configure_logging(settings.log_level, "serve", for_good=True)
    memory.give_back()
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    return create_app(build(settings))


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _reserved(settings: Settings) -> socket.socket:
    """A socket that keeps the port ours, without listening, while the server binds it too."""
    family, kind, _, _, address = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(settings.host, settings.port) from None
            raise
    reserved = socket.socket(family, kind)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reserved.bind(address)
    return reserved


def _write(file: Path, text: str) -> None:
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_text(text)
    unfinished.rename(file)

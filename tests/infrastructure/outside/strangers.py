"""A server on this machine that speaks TLS, hears every connection, and answers by path."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PUBLIC = "93.184.215.14"
NAME = "photos.example.com"
Answerer = Callable[[str, bytes, ssl.SSLSocket], None]
"""Is given the path, the whole request and the connection."""


class Listener:
    """Counts who comes; `dial` brings whoever would connect to a public address here instead."""

    def __init__(self, answer: Answerer, tls: ssl.SSLContext, trust: ssl.SSLContext) -> None:
        self._answer, self._tls, self.trust = answer, tls, trust
        self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = self._socket.getsockname()[1]
        self.connections = 0
        self.dialled: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def dial(self, address: str, port: int, seconds: float) -> httpcore.NetworkStream:
        assert port == 443
        self.dialled.append(address)
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout=seconds)

    def dial_truly(self, address: str, port: int, seconds: float) -> httpcore.NetworkStream:
        """To the very address, only at the port where this one listens instead of 443."""
        assert port == 443
        self.dialled.append(address)
        return httpcore.SyncBackend().connect_tcp(address, self.port, timeout=seconds)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answered, args=(connection,), daemon=True).start()

    def _answered(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(10)
            with self._tls.wrap_socket(connection, server_side=True) as secured:
                request = bytearray()
                while b"\r\n\r\n" not in request:
                    if not (piece := secured.recv(65536)):
                        return
                    request += piece
                self._answer(request.split(b" ")[1].decode(), bytes(request), secured)


@contextmanager
def listening(answer: Answerer, folder: Path) -> Iterator[Listener]:
    listener = Listener(answer, *_certified(folder))
    try:
        yield listener
    finally:
        listener.close()


def say(connection: ssl.SSLSocket, status: int, body: bytes = b"", **headers: str) -> None:
    lines = [f"HTTP/1.1 {status} So", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def _certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's side, and that of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName(NAME), x509.DNSName("*.example.com"), x509.DNSName("localhost")]
    addresses = [x509.IPAddress(ipaddress.ip_address(one)) for one in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    file = folder / "listener.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + pem
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=pem.decode())

"""Photos from links: what is fetched, what is given up, and that nothing inside is ever connected to."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis.strategies import from_regex, ip_addresses, text

from application.photos import PHOTO_BYTES, PhotoTooLarge
from application.ports import LinkBroken, LinkRefused, LinkUnreachable
from infrastructure.outside.addresses import is_public
from infrastructure.outside.connecting import resolve as by_the_system
from infrastructure.outside.fetching import LinkFetcher
from infrastructure.outside.links import parsed
from tests.infrastructure.outside.strangers import NAME, PUBLIC, Listener, listening, say

PHOTO = b"bytes of a photo"
SITE = f"https://{NAME}"
DRIPPING = threading.Event()
LOCATION: dict[str, bytes] = {}
"""Where `/there` leads."""


RAW = {
    "/huge": b"HTTP/1.1 200 OK\r\nContent-Length: 900000000000\r\n\r\n",
    "/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
    "/garbage": b"\x00\x01 not HTTP at all\r\n\r\n",
}
"""Answers as they are sent."""
DRIPS = {
    "/drip": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"."),
    "/drip-headers": (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"."),
    "/endless": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"100000\r\n%b\r\n" % bytes(0x100000),
    ),
}
"""How they begin, and what comes again and again."""


def answer(path: str, request: bytes, connection: ssl.SSLSocket) -> None:
    address, _, query = path.partition("?")
    if address in RAW:
        connection.sendall(RAW[address])
    elif address in DRIPS:
        begin, drop = DRIPS[address]
        connection.sendall(begin)
        while not DRIPPING.wait(0.05):
            connection.sendall(drop)
    else:
        answer_politely(address, query, request, connection)


def answer_politely(address: str, query: str, request: bytes, connection: ssl.SSLSocket) -> None:
    match address.split("/")[1:]:
        case ["to", *_]:
            say(connection, 302, Location=query)
        case ["there"]:
            head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
            connection.sendall(head + LOCATION["now"] + b"\r\n\r\n")
        case ["hops", left]:
            say(connection, 302, Location=f"/hops/{int(left) - 1}" if int(left) else "/photo.jpg")
        case ["status", status]:
            say(connection, int(status))
        case ["asked"]:
            say(connection, 200, request)
        case _:
            say(connection, 200, PHOTO)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    with listening(answer, tmp_path_factory.mktemp("tls")) as listener:
        yield listener
        DRIPPING.set()


@pytest.fixture
def listener(server: Listener) -> Listener:
    server.connections = 0
    server.dialled.clear()
    return server


def fetcher(listener: Listener, *addresses: str, seconds: float = 10) -> LinkFetcher:
    """Names resolve to these addresses, and whoever is let out reaches the listener."""
    return LinkFetcher(
        tls=listener.trust,
        resolve=lambda _: list(addresses or [PUBLIC]),
        dial=listener.dial,
        seconds=seconds,
    )


def test_a_photo_is_fetched_from_the_address_that_its_name_resolves_to(listener: Listener) -> None:
    assert fetcher(listener).fetch(f"{SITE}/rooms/living%20room.jpg?width=4000") == PHOTO
    assert listener.dialled == [PUBLIC]


def test_neither_cookies_nor_compression_are_offered(listener: Listener) -> None:
    asked = fetcher(listener).fetch(f"{SITE}/asked").lower()

    assert f"host: {NAME}".encode() in asked
    assert b"accept-encoding: identity" in asked
    assert b"cookie" not in asked
    assert b"authorization" not in asked


def test_redirects_are_followed_a_few_times(listener: Listener) -> None:
    assert fetcher(listener).fetch(f"{SITE}/hops/2") == PHOTO
    with pytest.raises(LinkBroken):
        fetcher(listener).fetch(f"{SITE}/hops/3")


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 404, 410])
def test_a_server_that_says_no_ends_it(listener: Listener, status: int) -> None:
    with pytest.raises(LinkBroken):
        fetcher(listener).fetch(f"{SITE}/status/{status}")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_a_server_that_is_busy_may_be_asked_again(listener: Listener, status: int) -> None:
    with pytest.raises(LinkUnreachable):
        fetcher(listener).fetch(f"{SITE}/status/{status}")


@pytest.mark.parametrize("path", ["cut", "garbage"])
def test_what_breaks_off_may_be_asked_again(listener: Listener, path: str) -> None:
    with pytest.raises(LinkUnreachable):
        fetcher(listener).fetch(f"{SITE}/{path}")


@pytest.mark.parametrize("path", ["huge", "endless"])
def test_no_more_is_read_than_a_photo_may_have(listener: Listener, path: str) -> None:
    with pytest.raises(PhotoTooLarge):
        fetcher(listener).fetch(f"{SITE}/{path}")
    assert PHOTO_BYTES == 15_000_000


@pytest.mark.parametrize("path", ["drip", "drip-headers"])
def test_bytes_that_drip_do_not_outlive_the_deadline(listener: Listener, path: str) -> None:
    began = time.monotonic()

    with pytest.raises(LinkUnreachable):
        fetcher(listener, seconds=0.5).fetch(f"{SITE}/{path}")

    assert time.monotonic() - began < 3


def test_a_resolver_that_hangs_does_not_outlive_the_deadline(listener: Listener) -> None:
    released = threading.Event()

    def hang(_: str) -> list[str]:
        released.wait(30)
        return [PUBLIC]

    with pytest.raises(LinkUnreachable):
        LinkFetcher(tls=listener.trust, resolve=hang, dial=listener.dial, seconds=0.3).fetch(SITE)
    released.set()


def test_a_certificate_of_somebody_else_is_not_believed(listener: Listener) -> None:
    with pytest.raises(LinkUnreachable):
        fetcher(listener).fetch("https://other.example.org/photo.jpg")


def test_a_name_is_resolved_once_so_that_it_cannot_turn_inside_afterwards(listener: Listener) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    rebinding = LinkFetcher(tls=listener.trust, resolve=lambda _: next(answers), dial=listener.dial)

    assert rebinding.fetch(f"{SITE}/photo.jpg") == PHOTO
    assert listener.dialled == [PUBLIC]


def test_a_redirect_to_a_name_that_turned_inside_meanwhile_is_refused(listener: Listener) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    rebinding = LinkFetcher(tls=listener.trust, resolve=lambda _: next(answers), dial=listener.dial)

    with pytest.raises(LinkRefused):
        rebinding.fetch(f"{SITE}/to/there?{SITE}/photo.jpg")
    assert listener.dialled == [PUBLIC]


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "fd00:ec2::254", "::1", "::ffff:10.0.0.1"]
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_name_with_one_address_inside_is_refused_whole(listener: Listener, inside: str, place: int) -> None:
    addresses = [PUBLIC]
    addresses.insert(place, inside)

    with pytest.raises(LinkRefused):
        fetcher(listener, *addresses).fetch(f"{SITE}/photo.jpg")
    assert listener.dialled == []


LOCAL_NAMES = ["localhost", "localhost.", "LOCALHOST", "ip6-localhost", socket.gethostname()]
LOCAL_SPELLINGS = [
    "127.0.0.1",
    "127.0.0.2",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "0177.0.0.01",
    "017700000001",
    "0",
    "0.0.0.0",  # noqa: S104 - nobody listens there
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[2002:7f00:1::]",
    "[::1%25lo]",
    "[::1%lo]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127%2e0%2e0%2e1",
    "%6c%6f%63%61%6c%68%6f%73%74",
]
ELSEWHERE_INSIDE = [
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[fec0::1]",
    "[2001:db8::1]",
    "[2001::1]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[5f00::1]",
    "metadata.google.internal",
    "metadata.google.internal.",
    "printer.local",
    "metadata",
    "redis",
    "1.0.0.127.in-addr.arpa",
]
INSIDE = [f"https://{host}/photo.jpg" for host in (*LOCAL_NAMES, *LOCAL_SPELLINGS, *ELSEWHERE_INSIDE)]
MISLEADING = [
    "http://photos.example.com/photo.jpg",
    "HTTP://photos.example.com/photo.jpg",
    "//photos.example.com/photo.jpg",
    "photos.example.com/photo.jpg",
    "file:///etc/passwd",
    "ftp://photos.example.com/photo.jpg",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "data:image/png;base64,AAAA",
    "https:photos.example.com",
    "https:///photo.jpg",
    "https://",
    "",
    "https://user@photos.example.com/",
    "https://user:secret@photos.example.com/",
    "https://@photos.example.com/",
    "https://photos.example.com@127.0.0.1/",
    "https://photos.example.com:80@127.0.0.1:443/",
    "https://127.0.0.1#@photos.example.com/",
    "https://127.0.0.1\\@photos.example.com/",
    "https://photos.example.com\\@127.0.0.1/",
    "https://127.0.0.1%00.example.com/",
    "https://photos.example.com:8443/",
    "https://photos.example.com:80/",
    "https://photos.example.com:0/",
    "https://photos.example.com:65536/",
    "https://photos.example.com:-443/",
    "https://photos.example.com:4a3/",
    "https://photos.example.com:22/",
    "https://photos..example.com/",
    "https://photos.example.com../",
    "https://.example.com/",
    "https://photos.example.com\r\nHost: inside/",
    "https://photos.example.com/\r\nX-Injected: yes",
    "https://photos.example.com/a b",
    " https://photos.example.com/",
    "https://photos.example.com/\t",
    "https://[::1/",
    "https://photos.example.com/" + "a" * 3000,
]


@pytest.mark.parametrize("url", INSIDE)
def test_nothing_inside_is_connected_to_by_the_systems_own_resolver(listener: Listener, url: str) -> None:
    truly = LinkFetcher(tls=listener.trust, resolve=by_the_system, dial=listener.dial_truly, seconds=5)

    with pytest.raises(LinkRefused):
        truly.fetch(url)

    assert (listener.dialled, listener.connections) == ([], 0)


@pytest.mark.parametrize("url", [*INSIDE, *MISLEADING])
def test_no_redirect_leads_inside(listener: Listener, url: str) -> None:
    with suppress(LinkRefused, LinkBroken, LinkUnreachable):  # or it means the same server again
        LOCATION["now"] = url.encode()
        fetcher(listener).fetch(f"{SITE}/there")

    assert listener.dialled
    assert set(listener.dialled) == {PUBLIC}


@pytest.mark.parametrize("url", MISLEADING)
def test_an_address_that_can_be_read_in_two_ways_is_not_followed(listener: Listener, url: str) -> None:
    with pytest.raises(LinkRefused):
        fetcher(listener).fetch(url)

    assert listener.dialled == []


@pytest.mark.parametrize("spelling", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "0"])
def test_without_its_guard_the_listener_would_have_been_reached(listener: Listener, spelling: str) -> None:
    """The control: the listener does lie where those links lead."""
    listener.dial_truly(spelling.strip("[]"), 443, 5).close()

    deadline = time.monotonic() + 5
    while listener.connections == 0 and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert listener.connections == 1


def test_what_is_public_is_let_through() -> None:
    assert all(map(is_public, [PUBLIC, "1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "2a00:1450:4001::5e"]))


def test_every_edge_of_what_is_private_is_known() -> None:
    edges = {
        "9.255.255.255": True, "10.0.0.0": False, "10.255.255.255": False, "11.0.0.0": True,
        "100.63.255.255": True, "100.64.0.0": False, "100.127.255.255": False, "100.128.0.0": True,
        "126.255.255.255": True, "127.0.0.0": False, "128.0.0.0": True,
        "172.15.255.255": True, "172.16.0.0": False, "172.32.0.0": True,
        "192.167.255.255": True, "192.168.0.0": False, "192.169.0.0": True,
        "223.255.255.255": True, "224.0.0.0": False, "255.255.255.255": False,
        "1fff::": False, "2600::": True, "3ffe::": True, "4000::": False, "2001:200::": True,
    }  # fmt: skip

    assert {address: is_public(address) for address in edges} == edges


@given(address=ip_addresses(v=4))
def test_no_address_is_public_that_python_calls_private(address: IPv4Address) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not any(
            (address.is_multicast, address.is_reserved, address.is_loopback, address.is_link_local)
        )


@given(address=ip_addresses(v=6))
def test_no_address_of_ipv6_is_public_that_carries_another_one(address: IPv6Address) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert (address.ipv4_mapped, address.sixtofour, address.teredo) == (None, None, None)


@given(url=from_regex(r"https://[^/]{0,40}(/.*)?", fullmatch=True) | text(max_size=60))
def test_whatever_is_followed_is_a_public_name_or_address(url: str) -> None:
    with suppress(LinkRefused):
        link = parsed(url)
        assert is_public(link.host) or re.fullmatch(r"[a-z0-9_.-]+\.[a-z][a-z0-9-]*[a-z0-9]", link.host)
        assert link.target.startswith("/")
        assert link.target.isascii()
        assert link.target.isprintable()
        assert " " not in link.target

"""Signed links: what they open, until when, and that nothing in them can be changed."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from infrastructure.delivering.signed_links import LinkExpired, LinkInvalid, SignedLinks

NOW = 1_800_000_000.0
PATH = "/api/v1/jobs/1/photos/2/preview"
UNTIL = datetime.fromtimestamp(NOW + 600, tz=UTC)


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def links(clock: Clock) -> SignedLinks:
    return SignedLinks("https://stage.test/", "a secret of thirty-two characters", clock)


def taken_apart(url: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(url)
    return parts.path, dict(parse_qsl(parts.query))


def test_a_link_opens_what_it_was_signed_for_until_it_expires(links: SignedLinks, clock: Clock) -> None:
    url = links.sign(PATH, UNTIL, size=400, picture="ab")

    assert url.startswith(f"https://stage.test{PATH}?expires=")
    assert links.check(*taken_apart(url)) == 600
    clock.now += 599
    assert links.check(*taken_apart(url)) == 1
    clock.now += 1
    with pytest.raises(LinkExpired):
        links.check(*taken_apart(url))


@pytest.mark.parametrize(
    "change",
    [
        {"expires": "9999999999"},
        {"size": "1600"},
        {"picture": "cd"},
        {"more": "1"},
        {"signature": ""},
        {"signature": "A" * 22},
        {"signature": "é"},
    ],
)
def test_nothing_in_it_can_be_changed(links: SignedLinks, change: dict[str, str]) -> None:
    path, query = taken_apart(links.sign(PATH, UNTIL, size=400, picture="ab"))

    with pytest.raises(LinkInvalid):
        links.check(path, query | change)


@pytest.mark.parametrize("name", ["expires", "size", "picture", "signature"])
def test_nothing_in_it_can_be_left_out(links: SignedLinks, name: str) -> None:
    path, query = taken_apart(links.sign(PATH, UNTIL, size=400, picture="ab"))
    del query[name]

    with pytest.raises(LinkInvalid):
        links.check(path, query)


def test_it_opens_nothing_else(links: SignedLinks) -> None:
    _, query = taken_apart(links.sign(PATH, UNTIL))

    with pytest.raises(LinkInvalid):
        links.check(PATH.replace("preview", "original"), query)


def test_what_another_secret_signed_is_not_believed(links: SignedLinks) -> None:
    other = SignedLinks("https://stage.test", "another secret of the same length")

    with pytest.raises(LinkInvalid):
        links.check(*taken_apart(other.sign(PATH, UNTIL)))


def test_links_of_one_hour_are_the_same_so_that_caches_keep_them(links: SignedLinks, clock: Clock) -> None:
    clock.now += 1
    first = links.sign(PATH, links.until(timedelta(days=1)))
    clock.now += 1799

    assert links.sign(PATH, links.until(timedelta(days=1))) == first
    assert links.check(*taken_apart(first)) >= timedelta(days=1).total_seconds() - 1800

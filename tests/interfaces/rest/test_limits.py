"""Rate limits over HTTP: whom requests are counted for, and what answers tell."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import msgspec
import pytest
import redis

from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.requests.rate_limits import RateLimits
from infrastructure.settings import Settings
from interfaces.rest.errors.faults import RateLimited
from interfaces.rest.limits import Lane, Limits, lane
from tests.interfaces.rest.conftest import Followers, User, Users, quickly_built, served

Strict = Callable[..., AbstractContextManager[User]]


@pytest.fixture
def strict(settings: Settings, valkey: EmbeddedValkey, users: Users) -> Strict:
    """Serves Ada with these limits, none of which she has used."""
    ada = users.join()

    @contextmanager
    def serve(**rates: Any) -> Iterator[User]:
        with redis.Redis.from_url(valkey.url) as client:
            client.flushall()
        container = quickly_built(msgspec.structs.replace(settings, **rates))
        followers = Followers(container, ada.followers.url)
        with served(container) as client:
            yield User(client, container, followers, ada.email, ada.user_id, ada.headers)

    return serve


def sign_in(user: User, email: str, **headers: str) -> Any:
    body = {"email": email, "password": "not the right one", "transport": "bearer"}
    return user.client.post("/api/v1/auth/sign-in", json=body, headers=headers)


def test_answers_tell_the_limit_and_what_is_left_of_it(strict: Strict) -> None:
    with strict(rate_other=2) as ada:
        first, second, third = (ada.get("/jobs") for _ in range(3))

        assert first.headers["ratelimit-policy"] == '"other";q=2;w=60'
        assert (first.headers["ratelimit"], second.headers["ratelimit"][:12]) == (
            '"other";r=1;t=0',
            '"other";r=0;',
        )
        assert (third.status_code, third.json()["code"]) == (429, "rate_limited")
        assert third.headers["content-type"] == "application/problem+json"
        wait = int(third.headers["retry-after"])
        assert 1 <= wait <= 120
        assert (third.json()["limit"], third.json()["retry_after"]) == (2, wait)
        assert third.headers["ratelimit"] == f'"other";r=0;t={wait}'


def test_kinds_of_requests_are_counted_by_themselves(strict: Strict) -> None:
    with strict(rate_jobs=1, rate_other=1) as ada:
        assert ada.get("/jobs").status_code == 200
        assert ada.post("/jobs", {"photos": 7}).status_code == 422
        assert ada.post("/jobs", {"photos": 7}).status_code == 429
        assert ada.client.get("/api/v1/health/live").headers.get("ratelimit") is None


async def test_a_password_cannot_be_guessed_from_many_addresses(
    settings: Settings, valkey: EmbeddedValkey
) -> None:
    counts = RateLimits(valkey.url)
    limits = Limits(counts, msgspec.structs.replace(settings, rate_sign_in=2))
    scope: Any = {"client": None, "headers": []}

    for same in ("ada@example.com", "ADA+x@Example.com"):
        await limits.count_about(scope, Lane.SIGN_IN, same)
    with pytest.raises(RateLimited):
        await limits.count_about(scope, Lane.SIGN_IN, " ada@example.com")
    await limits.count_about(scope, Lane.SIGN_IN, "bea@example.com")
    await limits.count_about(scope, Lane.SIGN_IN, "no address")
    await counts.close()


def test_what_a_client_says_of_its_address_is_not_believed(strict: Strict) -> None:
    with strict(rate_sign_in=1) as ada:
        first = sign_in(ada, "bea@example.com", **{"X-Forwarded-For": "1.2.3.4"})
        again = sign_in(ada, "cleo@example.com", **{"X-Forwarded-For": "5.6.7.8", "Forwarded": "for=9.9.9.9"})

        assert (first.status_code, again.status_code) == (401, 429)


def test_tokens_cannot_be_guessed_without_end(strict: Strict) -> None:
    with strict(rate_other=2) as ada:
        guesses = [
            ada.client.get("/api/v1/me", headers={"Authorization": f"Bearer {guess}"}).status_code
            for guess in range(3)
        ]

        assert guesses == [401, 401, 429]
        assert ada.get("/me").status_code == 200  # she is counted by herself


def test_without_redis_requests_are_answered_and_counted_all_the_same(strict: Strict) -> None:
    with strict(rate_other=1, redis_url="redis://127.0.0.1:1") as ada:
        assert [ada.get("/me").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("peer", "said", "counted"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["1.1.1.1"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.4"], "198.51.100.4"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.4"], "198.51.100.4"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.4, 10.0.0.2"], "198.51.100.4"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "unknown"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::"),
        (None, ["1.1.1.1"], "unknown"),
    ],
)
async def test_the_address_is_that_of_who_talked_to_us_or_to_our_proxies(
    settings: Settings, peer: str | None, said: list[str], counted: str
) -> None:
    counts = RateLimits(settings.redis_url)
    limits = Limits(counts, msgspec.structs.replace(settings, trusted_proxies="10.0.0.0/24"))
    headers = [(b"x-forwarded-for", one.encode()) for one in said]
    scope: Any = {"client": (peer, 4711) if peer else None, "headers": headers}

    assert limits.address(scope) == counted
    await counts.close()


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("POST /auth/sign-in", Lane.SIGN_IN),
        ("POST /auth/register", Lane.SIGN_IN),
        ("POST /jobs", Lane.JOBS),
        ("POST /jobs/{job_id}/retry", Lane.JOBS),
        ("POST /jobs/{job_id}/cancel", Lane.OTHER),
        ("GET /jobs", Lane.OTHER),
        ("POST /uploads", Lane.UPLOADS),
        ("POST /billing/checkouts", Lane.BILLING),
        ("GET /billing/credits", Lane.OTHER),
        ("GET /jobs/{job_id}/events", Lane.PICTURES),
        ("GET /jobs/{job_id}/download", Lane.PICTURES),
        ("GET /jobs/{job_id}/photos/{photo_id}/preview", Lane.PICTURES),
        ("POST /webhooks/stripe", None),
        ("GET /health/ready", None),
    ],
)
def test_each_route_has_its_lane(route: str, expected: Lane | None) -> None:
    assert lane(*route.split(" ")) is expected


def test_the_document_tells_of_limits(stranger: Any) -> None:
    document = stranger.get("/api/v1/openapi.json").json()
    answers = document["paths"]["/api/v1/jobs"]["post"]["responses"]

    assert "rate_limited" in answers["429"]["content"]["application/problem+json"]["examples"]
    assert re.search(r"more than \d+ a minute", answers["429"]["description"])
    assert set(answers["202"]["headers"]) >= {"RateLimit", "RateLimit-Policy"}
    assert "429" not in document["paths"]["/api/v1/health/live"]["get"]["responses"]

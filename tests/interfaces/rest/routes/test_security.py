"""What an operator would look into is on record a moment later, and tells nobody who it was about."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
import redis
from litestar.testing import TestClient
from structlog.testing import capture_logs

from domain.email_claim import claim_id
from domain.personal import Personal
from domain.user import Role
from infrastructure.accounts.api_keys import MARK
from infrastructure.accounts.secrets import TOKEN_LENGTH
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.records.security_log import Refused
from infrastructure.requests import refusals
from infrastructure.settings import Settings
from infrastructure.wiring import build
from interfaces.rest.app import create_app
from interfaces.rest.errors.table import ANSWERS
from interfaces.rest.refusals import KINDS
from tests.infrastructure.following.tally import until
from tests.interfaces.rest.conftest import ORIGIN, PASSWORD, Followers, User, Users, quickly_built, served
from tests.interfaces.rest.routes.test_adjustments import with_role
from tests.interfaces.rest.routes.test_stripe_notices import message, send

SIGN_IN = "/api/v1/auth/sign-in"
NOBODY = uuid4()
FORGED = f"/api/v1/jobs/{NOBODY}/photos/{NOBODY}/result?expires=1&signature=forged"
NO_KEY = MARK + "x" * TOKEN_LENGTH

Serve = Callable[..., AbstractContextManager[User]]


@pytest.fixture
def serving(settings: Settings, valkey: EmbeddedValkey, users: Users) -> Serve:
    """Serves Ada in a process of its own, whose refusals are all written down once it has ended."""
    ada = users.join()

    @contextmanager
    def serve(**others: Any) -> Iterator[User]:
        with redis.Redis.from_url(valkey.url) as client:
            client.flushall()
        container = quickly_built(msgspec.structs.replace(settings, **others))
        with served(container) as client:
            followers = Followers(container, ada.followers.url)
            yield User(client, container, followers, ada.email, ada.user_id, ada.headers)

    return serve


@pytest.fixture
def auditor(users: Users) -> User:
    appointed: User = with_role(users.join("auditor@example.com", verified=False), Role.AUDITOR)
    return appointed


def sign_in(user: User, email: str = "ada@example.com", password: str | None = None, **headers: str) -> Any:
    credentials = {"email": email, "password": password or "not the right one", "transport": "bearer"}
    return user.client.post(SIGN_IN, json=credentials, headers=headers)


def shown(auditor: User, **wanted: Any) -> list[dict[str, Any]]:
    """The oldest first."""
    answer = auditor.get("/audit/security", params=wanted)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items[::-1]


def test_a_bad_sign_in_is_on_record_by_references_alone(serving: Serve, auditor: User, database: Any) -> None:
    with serving() as ada:
        for _ in range(2):
            sign_in(ada, "Ada+x@Example.com", "hunter2hunter2", **{"X-Request-Id": "r-1"})
        sign_in(ada, "nobody@example.com")
        sign_in(ada, "no address")

    claim = claim_id(Personal("ada@example.com"), ada.container.settings.claim_key_bytes)
    known, unknown, malformed = shown(auditor, kind="sign_in")
    assert known == {
        "recorded_at": known["recorded_at"],
        "kind": "sign_in",
        "times": 2,
        "route": "POST /api/v1/auth/sign-in",
        "network": None,
        "claim_id": str(claim),
        "user_id": None,
        "request_id": "r-1",
    }
    assert {name for name in known if known[name] != unknown[name]} >= {"claim_id", "times"}
    assert malformed["claim_id"] is None
    assert shown(auditor, email="ADA@example.com") == [known]
    with psycopg.connect(database.superuser_url) as connection:
        rows = connection.execute("SELECT * FROM stage.security_log").fetchall()
    assert "example.com" not in str(rows)
    assert "hunter2" not in str(rows)


def test_it_can_be_read_while_the_process_goes_on(ada: User, auditor: User) -> None:
    sign_in(ada, "somebody@example.com")

    until(lambda: len(shown(auditor, email="somebody@example.com")) == 1)


@pytest.mark.parametrize(
    ("peer", "said", "kept"),
    [
        ("10.0.0.1", "203.0.113.77", "203.0.113.0/24"),
        ("10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("198.51.100.4", "203.0.113.77", "198.51.100.0/24"),
    ],
)
def test_of_where_it_came_from_the_network_is_kept(
    settings: Settings, auditor: User, peer: str, said: str, kept: str
) -> None:
    app = create_app(quickly_built(msgspec.structs.replace(settings, trusted_proxies="10.0.0.0/24")))

    async def from_peer(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {"client": (peer, 4711)}, receive, send)

    with TestClient(from_peer, base_url=ORIGIN) as client:
        client.get("/api/v1/me", headers={"Authorization": f"Bearer {NO_KEY}", "X-Forwarded-For": said})

    assert [one["network"] for one in shown(auditor, kind="api_key")] == [kept]


def a_wrong_password(user: User) -> Any:
    return user.post("/auth/password/change", {"current_password": "not hers", "password": PASSWORD + "!"})


def a_suspended_account(user: User) -> Any:
    user.container.standing.suspend(user.user_id, "fraud")
    return sign_in(user, password=PASSWORD)


def a_scope(user: User) -> Any:
    key = user.post("/me/api-keys", {"name": "nightly", "scopes": ["jobs:read"]}).json()["key"]
    return user.get("/billing/credits", headers={"Authorization": f"Bearer {key}"})


def another_page(user: User) -> Any:
    token = user.headers["Authorization"].removeprefix("Bearer ")
    lured = {"Cookie": f"session={token}", "Origin": "https://evil.example"}
    return user.client.patch("/api/v1/me", json={"name": "Eve"}, headers=lured)


def a_session_where_none_will_do(user: User) -> Any:
    key = user.post("/me/api-keys", {"name": "nightly", "scopes": ["jobs:read"]}).json()["key"]
    return user.get("/me/api-keys", headers={"Authorization": f"Bearer {key}"})


CASES: dict[str, tuple[Refused, int, Callable[[User], Any]]] = {
    "password": (Refused.PASSWORD, 403, a_wrong_password),
    "verification": (
        Refused.MAILED_TOKEN,
        403,
        lambda user: user.client.post("/api/v1/auth/verification/confirm", json={"token": "no"}),
    ),
    "reset": (
        Refused.MAILED_TOKEN,
        403,
        lambda user: user.client.post(
            "/api/v1/auth/password/reset", json={"token": "no", "password": PASSWORD}
        ),
    ),
    "verification page": (
        Refused.MAILED_TOKEN,
        403,
        lambda user: user.client.post("/verify", data={"token": "no"}),
    ),
    "reset page": (
        Refused.MAILED_TOKEN,
        403,
        lambda user: user.client.post("/reset-password", data={"token": "no", "password": PASSWORD}),
    ),
    "api key": (
        Refused.API_KEY,
        401,
        lambda user: user.get("/me", headers={"Authorization": f"Bearer {NO_KEY}"}),
    ),
    "role": (Refused.ROLE, 403, lambda user: user.get("/operations/projections")),
    "hidden role": (Refused.ROLE, 404, lambda user: user.get("/audit/security")),
    "scope": (Refused.SCOPE, 403, a_scope),
    "session": (Refused.SCOPE, 403, a_session_where_none_will_do),
    "page": (Refused.PAGE, 403, another_page),
    "link": (
        Refused.LINK,
        403,
        lambda user: user.client.get(FORGED),
    ),
    "webhook": (Refused.WEBHOOK, 400, lambda user: send(user.client, message(), secret="whsec_another")),
    "old webhook": (Refused.WEBHOOK, 400, lambda user: send(user.client, message(), at=1)),
    "suspended": (Refused.SUSPENDED, 403, a_suspended_account),
}


def test_each_kind_is_on_record_with_whoever_was_signed_in(serving: Serve, auditor: User) -> None:
    with serving() as ada:
        answers = {case: ask(ada).status_code for case, (_, _, ask) in CASES.items()}

    assert answers == {case: status for case, (_, status, _) in CASES.items()}
    found: Counter[tuple[str, str | None]] = Counter()
    for one in shown(auditor):
        found[one["kind"], one["user_id"]] += one["times"]
    signed_in = {Refused.PASSWORD, Refused.ROLE, Refused.SCOPE}
    assert found == Counter(
        (kind.value, str(ada.user_id) if kind in signed_in else None) for kind, _, _ in CASES.values()
    )


def test_a_limit_that_is_reached_names_whom_it_was_about(serving: Serve, auditor: User) -> None:
    with serving(rate_sign_in=1, rate_other=1) as ada:
        assert [sign_in(ada, "bea@example.com").status_code for _ in range(3)] == [401, 429, 429]
        assert [ada.get("/jobs").status_code for _ in range(2)] == [200, 429]

    about, hers = (one for one in shown(auditor) if one["kind"] == "rate")
    assert (about["route"], about["times"], about["user_id"]) == ("POST /api/v1/auth/sign-in", 2, None)
    assert (hers["route"], hers["times"]) == ("GET /api/v1/jobs", 1)
    assert (hers["user_id"], hers["claim_id"]) == (str(ada.user_id), None)


def test_every_kind_comes_of_an_error_that_clients_are_told() -> None:
    assert set(KINDS.values()) == set(Refused)
    assert KINDS.keys() <= ANSWERS.keys()


def test_nothing_is_on_record_of_what_went_well_or_was_only_wrong(serving: Serve, auditor: User) -> None:
    with serving() as ada:
        assert ada.get("/me").status_code == 200
        assert ada.get(f"/jobs/{NOBODY}").status_code == 404
        assert ada.post("/jobs", {"photos": 7}).status_code == 422
        assert ada.client.get("/api/v1/me").status_code == 401
        assert sign_in(ada, password=PASSWORD).status_code == 200

    assert shown(auditor) == []


def test_it_is_read_page_by_page_by_auditors_alone(serving: Serve, auditor: User, users: Users) -> None:
    with serving() as visited:
        for number in range(5):
            sign_in(visited, f"somebody{number}@example.com")

    seen: list[str] = []
    cursor = None
    while cursor is not None or not seen:
        page = auditor.get(
            "/audit/security", params={"limit": 2} | ({"cursor": cursor} if cursor else {})
        ).json()
        seen += [one["claim_id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 5
    assert users.join("bea@example.com").get("/audit/security").status_code == 404
    assert auditor.get("/audit/security?kind=everything").status_code == 422
    assert auditor.get("/audit/security?email=nobody").json()["code"] == "address_malformed"
    assert auditor.get("/audit/security?cursor=nonsense").status_code == 422


def test_a_request_is_refused_all_the_same_while_the_log_cannot_be_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "AWAY", 0.1)
    away = build(msgspec.structs.replace(settings, database_url="postgresql://stage_app@localhost:1/stage"))
    with capture_logs() as logs, served(away) as client:
        assert client.get(FORGED).status_code == 403

    (lost,) = [one for one in logs if one["event"] == "security_log.lost"]
    assert (lost["refusals"], lost["log_level"]) == (1, "error")

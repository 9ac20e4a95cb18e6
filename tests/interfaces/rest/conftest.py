"""The API on a database of the test's own, its users, and read models that follow when they are told to."""

import base64
import io
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import psycopg
import pytest
from litestar.testing import TestClient
from PIL import Image

from application.performers import performers
from application.pictures import results_of
from application.projections.registry import PROJECTIONS
from application.rules import SEND_RESET, SEND_VERIFICATION
from domain.job_photo import Provenance
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.event_store.reader import LogReader
from infrastructure.projections.engine import Projector
from infrastructure.reactions.leases import Leases
from infrastructure.reactions.performing import Performing
from infrastructure.reactions.queue import ReactionQueue
from infrastructure.settings import RATES, Settings
from infrastructure.wiring import Container, build
from interfaces.rest.app import create_app

ORIGIN = "http://stage.local:4000"
PASSWORD = "a long walk in the rain"


def make_settings(database_url: str, redis_url: str, folder: Path, **others: Any) -> Settings:
    return Settings(
        app_url=ORIGIN,
        database_url=database_url,
        redis_url=redis_url,
        object_store_url=(folder / "pictures").as_uri(),
        outbox=str(folder / "outbox"),
        auth_secret="s" * 40,
        master_key=base64.b64encode(b"m" * 32).decode(),
        claim_key=base64.b64encode(b"c" * 32).decode(),
        anchor_key=base64.b64encode(b"a" * 32).decode(),
        database_pool=4,
        **({rate.lower(): 10**6 for rate in RATES} | others),
    )


@pytest.fixture
def settings(house: "House", database: Any, valkey: EmbeddedValkey) -> Settings:  # noqa: ARG001 - both emptied
    return house.container.settings


class QuickPasswords:
    """Hashes without the slowness that real ones need."""

    def hash(self, password: str) -> str:
        return sha256(password.encode()).hexdigest()

    def matches(self, password: str, password_hash: str | None) -> bool:
        return password_hash == self.hash(password)


def quickly_built(settings: Settings) -> Container:
    built = build(settings)
    return replace(built, accounts=replace(built.accounts, passwords=QuickPasswords()))


@contextmanager
def served(container: Container) -> Iterator[TestClient[Any]]:
    with TestClient(create_app(container), base_url=ORIGIN, raise_server_exceptions=False) as client:
        client.follow_redirects = False
        yield client


@dataclass(frozen=True)
class House:
    """An application that is up already, with everything that it keeps."""

    database: Any
    container: Container
    client: TestClient[Any]

    def empty_out(self, databases: Any) -> None:
        databases.empty_out(self.database)
        self.client.cookies.clear()
        for mail in Path(self.container.settings.outbox).glob("*.eml"):
            mail.unlink()
        for kept in Path(urlsplit(self.container.settings.object_store_url).path).iterdir():
            shutil.rmtree(kept)


@pytest.fixture(scope="session")
def house(databases: Any, valkey_server: EmbeddedValkey, tmp_path_factory: Any) -> Iterator[House]:
    """One for all tests that want it empty: starting another takes ten times as long as emptying it."""
    with databases.migrated() as database:
        container = quickly_built(
            make_settings(database.app_url, valkey_server.url, tmp_path_factory.mktemp("house"))
        )
        with served(container) as client:
            yield House(database, container, client)


@pytest.fixture
def database(house: House, databases: Any) -> Any:
    """The house's, with nothing in it."""
    house.empty_out(databases)
    return house.database


@pytest.fixture
def container(settings: Settings) -> Iterator[Container]:
    """Beside the house's, on the same database: a test may change it, or serve it."""
    container = quickly_built(settings)
    container.open()
    yield container
    container.close()


@pytest.fixture
def client(house: House, settings: Settings) -> TestClient[Any]:  # noqa: ARG001 - it is empty
    return house.client


@dataclass
class Followers:
    """The real projections, brought up to the end of the log when a test says so."""

    container: Container
    url: str

    def catch_up(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            (head,) = connection.execute(
                "SELECT coalesce(max(position), 0) FROM event_store.events"
            ).fetchone() or (0,)
            for projection in PROJECTIONS:
                self._advance(connection, Projector(projection), head)

    def _advance(self, connection: psycopg.Connection[Any], projector: Projector, head: int) -> None:
        (after,) = connection.execute(
            "SELECT coalesce(max(position), 0) FROM stage.checkpoints WHERE follower = %s", [projector.name]
        ).fetchone() or (0,)
        batch = LogReader(self.container.mapper).read(
            connection, after=after, upto=head, names=projector.events, limit=10_000
        )
        with connection.transaction():
            if batch:
                projector.consume(connection, batch)
            connection.execute(
                """
                INSERT INTO stage.checkpoints (follower, position) VALUES (%s, %s)
                ON CONFLICT (follower) DO UPDATE SET position = excluded.position
                """,
                [projector.name, head],
            )


@pytest.fixture
def followers(house: House, database: Any) -> Followers:
    return Followers(house.container, database.app_url)


@dataclass
class User:
    """Somebody with a session, as a client app has one."""

    client: httpx.Client
    container: Container
    followers: Followers
    email: str
    user_id: UUID
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self._request("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return self._request("POST", path, json=json, **more)

    def patch(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        return self._request("PATCH", path, json=json, **more)

    def verify(self) -> None:
        self.post("/auth/verification")
        assert self.post("/auth/verification/confirm", {"token": self.mailed_token()}).status_code == 200

    def mailed_token(self) -> str:
        send_mail(self.container)
        return mailed_token(Path(self.container.settings.outbox), self.email)

    def upload(self, photo: bytes | None = None, name: str = "living room.jpg") -> str:
        answer = self.post("/uploads", files={"photo": (name, photo or picture())})
        assert answer.status_code == 201, answer.text
        upload_id: str = answer.json()["upload_id"]
        return upload_id

    def submit(self, photos: int = 1, **more: Any) -> str:
        answer = self.post(
            "/jobs",
            {
                "photos": [{"upload_id": self.upload()} for _ in range(photos)],
                "brief": {"preset": "enhance"},
                **more,
            },
        )
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    def stage(self, job_id: str, result: bytes | None = None, *, photos: int = 100) -> None:
        """Deliver the job's first photos, as a worker would."""
        job = self.container.jobs.owned(UUID(job_id), self.user_id)
        for photo in list(job.photos.values())[:photos]:
            sha256 = self.container.pictures.put(
                self.user_id, results_of(job.id), result or picture("blue"), "image/jpeg"
            )
            self.container.jobs.record_staged(
                job.id,
                photo.photo_id,
                sha256,
                "image/jpeg",
                Provenance(
                    engine="darkroom",
                    version="1",
                    input_sha256=photo.original,
                    output_sha256=sha256,
                    milliseconds=7,
                ),
            )
        self.followers.catch_up()

    def _request(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **more)


@dataclass
class Users:
    client: httpx.Client
    container: Container
    followers: Followers

    def join(
        self, email: str = "ada@example.com", name: str = "Ada Lovelace", *, verified: bool = True
    ) -> User:
        """Register and sign in; verified users have their three trial credits."""
        answer = self.client.post(
            "/api/v1/auth/register", json={"email": email, "password": PASSWORD, "name": name}
        )
        assert answer.status_code == 201, answer.text
        user = User(self.client, self.container, self.followers, email, UUID(answer.json()["user_id"]))
        session = self.client.post(
            "/api/v1/auth/sign-in", json={"email": email, "password": PASSWORD, "transport": "bearer"}
        )
        user.headers["Authorization"] = f"Bearer {session.json()['token']}"
        if verified:
            user.verify()
        self.followers.catch_up()
        return user


@pytest.fixture
def users(client: TestClient[Any], house: House, followers: Followers) -> Users:
    return Users(client, house.container, followers)


@pytest.fixture
def ada(users: Users) -> User:
    return users.join()


@pytest.fixture
def photo() -> bytes:
    return picture()


def picture(colour: str = "grey", size: tuple[int, int] = (64, 48), form: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, form)
    return file.getvalue()


def send_mail(container: Container) -> None:
    """What a worker would do about the mail that was asked for."""
    queue = ReactionQueue(container.database)
    performing = Performing(queue, Leases(queue), performers(container), slots=1)
    for kind in (SEND_VERIFICATION, SEND_RESET):
        while performing.perform_next(kind):
            pass


def mailed_token(outbox: Path, email: str) -> str:
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in outbox.glob("*.eml")]
    for mail in mails:
        if mail["To"] == email and (found := re.search(r"token=([\w-]+)", mail.get_content())):
            return found.group(1)
    raise LookupError(email)


@pytest.fixture(scope="session")
def shared(databases: Any, valkey_server: EmbeddedValkey, tmp_path_factory: Any) -> Iterator[Users]:
    """One application for all tests that need nothing of their own."""
    with databases.migrated() as database:
        container = quickly_built(
            make_settings(database.app_url, valkey_server.url, tmp_path_factory.mktemp("shared"))
        )
        with served(container) as client:
            yield Users(client, container, Followers(container, database.app_url))


@pytest.fixture
def stranger(shared: Users) -> httpx.Client:
    """Somebody who is not signed in."""
    shared.client.cookies.clear()
    return shared.client


@pytest.fixture(scope="session")
def resident(shared: Users) -> User:
    """Somebody who has been here for long, for tests that change nothing of theirs."""
    return shared.join("resident@example.com")

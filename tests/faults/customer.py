"""A customer whose app does not give up: what was not answered is sent again, under the same key."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes, policy
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.faults.installation import Installation
from tests.faults.waiting import GLANCE, PATIENCE, NotInTime, wait_until

PASSWORD = "a long walk in the rain"
TIMEOUT = 30.0
"""Seconds that a customer waits for one answer."""
UNAVAILABLE = 503


class Broken(AssertionError):
    """The API said something that no client should ever hear."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(
            f"{answer.request.method} {answer.request.url.path}", answer.status_code, answer.text
        )


class Customer:
    """One user with credits enough. May be used by several threads."""

    def __init__(self, installation: Installation, *, credits: int = 1000, api: int = 0) -> None:
        self.email = f"{uuid4().hex}@example.com"
        self.refusals: list[httpx.Response] = []
        """Every 503 that was heard."""
        self.longest = 0.0
        """Seconds that an answer was waited for."""
        self.jobs: dict[UUID, list[UUID]] = {}
        """The uploads of each job that the API has accepted."""
        self._installation = installation
        self._position = 0
        """In the log, of the last that this customer did."""
        self._lock = threading.Lock()
        self._http = httpx.Client(base_url=f"{installation.apis[api].url}/api/v1", timeout=TIMEOUT)
        with ExitStack() as opened:
            opened.callback(self.close)
            self.user_id = self._join()
            installation.container.credits.grant_promo(
                uuid4(), user_id=self.user_id, credits=credits, reference="faults"
            )
            opened.pop_all()

    def close(self) -> None:
        self._http.close()

    def _join(self) -> UUID:
        joined = self._created(
            "/auth/register", json={"email": self.email, "password": PASSWORD, "name": "Ada Lovelace"}
        )
        self._confirm()
        self.sign_in()
        return UUID(joined["user_id"])

    def sign_in(self) -> None:
        session = self.insist(
            "POST",
            "/auth/sign-in",
            json={"email": self.email, "password": PASSWORD, "transport": "bearer"},
        )
        self._http.headers["Authorization"] = f"Bearer {session.json()['token']}"

    def upload(self, photo: bytes) -> UUID:
        return UUID(self._created("/uploads", files={"photo": ("kitchen.jpg", photo)})["upload_id"])

    def submit(self, *photos: bytes) -> UUID:
        """The id of a new job with these photos."""
        return self.order([self.upload(photo) for photo in photos])

    def order(self, uploads: list[UUID]) -> UUID:
        """The id of a new job with these uploads."""
        answer = self._created(
            "/jobs",
            json={"photos": [{"upload_id": str(one)} for one in uploads], "brief": {"preset": "enhance"}},
        )
        job_id = UUID(answer["job_id"])
        with self._lock:
            self.jobs[job_id] = uploads
        return job_id

    def job(self, job_id: UUID) -> dict[str, Any]:
        """As it is by now, or a little earlier; but never before what this customer did."""
        waiting = {"Wait-For-Position": str(self._position)}
        shown: dict[str, Any] = self.insist("GET", f"/jobs/{job_id}", headers=waiting).json()
        return shown

    def cancel(self, job_id: UUID) -> None:
        """Stop what is unfinished, if anything is."""
        self.insist("POST", f"/jobs/{job_id}/cancel", known=409)

    def delete(self, job_id: UUID) -> None:
        """Delete the job; whoever has to ask again may hear that there is none any more."""
        self.insist("DELETE", f"/jobs/{job_id}", known=404)

    def finished(self, job_id: UUID) -> dict[str, Any]:
        """The job as it is once it has ended."""
        shown: dict[str, Any] = {}

        def ended() -> bool:
            shown.update(self.job(job_id))
            return bool(shown.get("ended_at"))

        wait_until(ended, f"job {job_id} has ended", within=3 * PATIENCE)
        return shown

    @contextmanager
    def following(self, job_id: UUID) -> Iterator[Iterator[str]]:
        """The lines of the stream of the job's events."""
        with self._http.stream("GET", f"/jobs/{job_id}/events") as answer:
            yield answer.iter_lines()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, one answer."""
        return self._http.request(method, path, **more)

    def insist(
        self, method: str, path: str, *, known: int = 200, within: float = 3 * PATIENCE, **more: Any
    ) -> httpx.Response:
        """The answer, once there is one. Raises Broken, or NotInTime.

        What cannot be connected to, breaks off, or says that it is unavailable is asked again. `known` is a
        status that is an answer too, though not a success.
        """
        began = time.monotonic()
        while time.monotonic() < began + within:
            try:
                answer = self.ask(method, path, **more)
            except httpx.TransportError:
                time.sleep(GLANCE)
                continue
            if answer.is_success or answer.status_code == known:
                with self._lock:
                    self.longest = max(self.longest, time.monotonic() - began)
                    self._position = max(self._position, int(answer.headers.get("Event-Position", 0)))
                return answer
            if not is_refusal(answer):
                raise Broken(answer)
            self.refusals.append(answer)
            time.sleep(GLANCE)
        raise NotInTime(f"{method} {path} is answered", within)

    def _created(self, path: str, **body: Any) -> Any:
        return self.insist("POST", path, headers={"Idempotency-Key": uuid4().hex}, **body).json()

    def _confirm(self) -> None:
        found: list[str] = []

        def mailed() -> bool:
            for file in self._installation.outbox.glob("*.eml"):
                mail = message_from_bytes(file.read_bytes(), policy=policy.default)
                if mail["To"] == self.email:
                    found.extend(re.findall(r"token=([\w-]+)", mail.get_content()))
            return bool(found)

        wait_until(mailed, f"a mail to {self.email}")
        self.insist("POST", "/auth/verification/confirm", json={"token": found[0]})


def is_refusal(answer: httpx.Response) -> bool:
    """Whether it says in the way agreed that something is away, and when to ask again."""
    return (
        answer.status_code == UNAVAILABLE
        and answer.headers.get("Content-Type", "").startswith("application/problem+json")
        and answer.json()["code"] in ("unavailable", "read_model_behind")
        and answer.headers["Retry-After"].isdigit()
    )

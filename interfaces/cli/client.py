"""A client of the API, as an app would be one: over HTTP, with a bearer token, reading its own writes."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from interfaces.cli.errors import CommandFailed

TIMEOUT = 60.0
"""Seconds for one answer."""


class ApiRefused(CommandFailed):
    """The API answered with a problem; the message is its own words."""

    def __init__(self, problem: dict[str, Any], status: int) -> None:
        super().__init__(problem, status)
        self.problem, self.status = problem, status

    def __str__(self) -> str:
        words = self.problem.get("detail") or self.problem.get("title") or "no explanation"
        return f"{words} ({self.status} {self.problem.get('code', 'unknown')})"


class ApiClient:
    """One user's conversation. Each question waits for the read models to know what was answered before."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/v1", timeout=TIMEOUT)
        self._position = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def register(self, email: str, password: str, name: str) -> str:
        """The new user's id."""
        answer = self._post("/auth/register", {"email": email, "password": password, "name": name})
        user_id: str = answer["user_id"]
        return user_id

    def confirm(self, token: str) -> None:
        self._post("/auth/verification/confirm", {"token": token})

    def sign_in(self, email: str, password: str) -> None:
        answer = self._post("/auth/sign-in", {"email": email, "password": password, "transport": "bearer"})
        self._http.headers["Authorization"] = f"Bearer {answer['token']}"

    def upload(self, photo: Path) -> str:
        """The upload's id."""
        with photo.open("rb") as file:
            answer = self._checked(self._http.post("/uploads", files={"photo": (photo.name, file)})).json()
        upload_id: str = answer["upload_id"]
        return upload_id

    def submit(self, uploads: list[str], preset: str, group_name: str) -> str:
        """The new job's id."""
        answer = self._post(
            "/jobs",
            {
                "photos": [{"upload_id": upload} for upload in uploads],
                "brief": {"preset": preset},
                "group_name": group_name,
            },
        )
        job_id: str = answer["job_id"]
        return job_id

    def start_checkout(self, offer: str) -> Any:
        """The checkout's id, and the address of the page where it is paid."""
        return self._post("/billing/checkouts", {"offer": offer})

    def get(self, path: str) -> Any:
        return self._checked(self._http.get(path, headers={"Wait-For-Position": str(self._position)})).json()

    def picture(self, link: str) -> bytes:
        """The bytes behind a link that an answer gave."""
        return self._checked(self._http.get(httpx.URL(self._http.base_url).join(link))).content

    def download(self, path: str, file: Path) -> None:
        """Stream an answer into a file, which appears only once it is whole."""
        unfinished = file.with_name(f".{file.name}.unfinished")
        with self._http.stream("GET", path) as answer:
            if answer.is_error:
                answer.read()
            self._checked(answer)
            with unfinished.open("wb") as out:
                for piece in answer.iter_bytes():
                    out.write(piece)
        unfinished.rename(file)

    def pages(self, path: str) -> Iterator[Any]:
        """All items of a list, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.get(f"{path}?cursor={cursor}" if cursor else path)
            yield from page["items"]
            cursor = page["next_cursor"]

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._checked(self._http.post(path, json=body)).json()

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_error:
            problem = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
            raise ApiRefused(problem, answer.status_code)
        self._position = max(self._position, int(answer.headers.get("Event-Position", 0)))
        return answer

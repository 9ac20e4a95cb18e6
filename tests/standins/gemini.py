"""Gemini's API on a socket: it answers as it is told to, counts what it is asked, and holds to its limits.

`python -m tests.standins.gemini PORT SECONDS AT_ONCE PER_MINUTE [EVERY:FATE …]` serves until it is ended.
"""

import asyncio
import base64
import json
import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO
from itertools import count
from typing import Any, Self

from PIL import Image, ImageDraw

KEY = "a-good-key"
MARK = b"\xff\xfe\x00\x16made by the stand-in"
"""A comment right behind the beginning of each picture: what came must be kept as it came."""
PIXELS = {"1K": 1024, "2K": 2048, "4K": 4096}
HANGING = 600.0
"""Seconds."""


@dataclass
class Asked:
    """A request as it arrived."""

    model: str
    key: str
    prompt: str
    photo: bytes
    body: Mapping[str, Any]
    fate: str = "image"
    path: str = ""


@dataclass
class Counted:
    """What the limits saw, which are each model's own."""

    calls: int = 0
    most_at_once: dict[str, int] = field(default_factory=dict)
    most_in_a_minute: dict[str, int] = field(default_factory=dict)
    exceeded: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)


class StandIn:
    """Fates are taken one per call, in their order; afterwards, `otherwise` says what becomes of a call.

    `image`, `drafts`, `unchanged`, `blank`, `misshapen`, `other_room`, `finish:REASON`, `blocked:REASON`,
    `empty`, `words`, `retry:SECONDS`, `status:CODE`, `bad_key`, `slow:SECONDS`, `hang`, `drip`, `cut`,
    `cut_body`, `truncated`, `corrupt`, `garbage`, `redirect`, `continuation`, `gone`.
    """

    def __init__(
        self,
        *,
        seconds: float = 0.0,
        at_once: int = 1000,
        per_minute: int = 100_000,
        otherwise: Callable[[int], str] = lambda _: "image",
    ) -> None:
        self.seconds = seconds
        self.at_once, self.per_minute = at_once, per_minute
        self.otherwise = otherwise
        self.fates: deque[str] = deque()
        self.asked: list[Asked] = []
        self.counted = Counted()
        self.retired: set[str] = set()
        self.elsewhere: list[bytes] = []
        """What another origin got to which calls were redirected."""
        self.batches: dict[str, Batch] = {}
        self._numbers = count(1)
        self._running: Counter[str] = Counter()
        self._started: defaultdict[str, deque[float]] = defaultdict(deque)
        self._painted: dict[tuple[str, str], bytes] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gemini stand-in", daemon=True)
        self.url = ""

    def then(self, *fates: str) -> None:
        self.fates.extend(fates)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._run(self._serve(0))}"
        self.other_url = f"http://127.0.0.1:{self._run(self._serve_other())}"
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)

    async def _serve(self, port: int) -> int:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port, limit=2**26)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def _serve_other(self) -> int:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.elsewhere.append(await reader.read(65536))
            writer.close()

        self._other = await asyncio.start_server(connected, "127.0.0.1", 0)
        bound: int = self._other.sockets[0].getsockname()[1]
        return bound

    async def _ended(self) -> None:
        self._server.close()
        self._other.close()
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def serve_for_ever(self, port: int) -> None:
        await self._serve(port)
        await self._server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ", 2)
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:])
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                await self._answer(writer, method, path, headers, body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the other side, or the test, is through
        finally:
            writer.close()

    async def _answer(
        self,
        writer: asyncio.StreamWriter,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        if path == "/counted":
            _reply(writer, 200, vars(self.counted))
        elif "/batches" in path or ":batchGenerateContent" in path:
            _reply(writer, *self._batch(method, path, headers, body))
        else:
            asked = _parsed(path, headers, json.loads(body))
            async with self._counting(asked) as refused:
                if refused:
                    _reply(writer, 429, _error(429, "RESOURCE_EXHAUSTED", "over the limit", _retry_info(1)))
                else:
                    await asyncio.sleep(self.seconds)
                    await self._act(writer, asked)

    @asynccontextmanager
    async def _counting(self, asked: Asked) -> AsyncIterator[bool]:
        now = time.monotonic()
        number = next(self._numbers)
        asked.fate = self.fates.popleft() if self.fates else self.otherwise(number)
        self.asked.append(asked)
        model, started, counted = asked.model, self._started[asked.model], self.counted
        while started and started[0] <= now - 60:
            started.popleft()
        started.append(now)
        self._running[model] += 1
        counted.calls += 1
        counted.models[model] += 1
        counted.most_at_once[model] = max(counted.most_at_once.get(model, 0), self._running[model])
        counted.most_in_a_minute[model] = max(counted.most_in_a_minute.get(model, 0), len(started))
        over = self._running[model] > self.at_once or len(started) > self.per_minute
        counted.exceeded += over
        counted.outcomes["over" if over else asked.fate.partition(":")[0]] += 1
        try:
            yield over
        finally:
            self._running[model] -= 1

    async def _act(self, writer: asyncio.StreamWriter, asked: Asked) -> None:
        fate, _, argument = asked.fate.partition(":")
        if asked.key != KEY:
            fate = "bad_key"
        if asked.model in self.retired:
            fate = "gone"
        match fate:
            case "slow":
                await asyncio.sleep(float(argument))
                _reply(writer, 200, self.response(asked))
            case "hang":
                await asyncio.sleep(HANGING)
            case "drip":
                await _drip(writer)
            case "cut":
                writer.transport.abort()
            case "cut_body" | "truncated":
                text = json.dumps(self.response(asked)).encode()
                length = len(text) if fate == "cut_body" else len(text) // 2
                writer.write(
                    f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode() + text[: len(text) // 2]
                )
                if fate == "cut_body":
                    writer.transport.close()
            case "redirect":
                writer.write(
                    f"HTTP/1.1 307 Moved\r\nLocation: {self.other_url}/stolen\r\nContent-Length: 0\r\n\r\n".encode()
                )
            case _:
                _reply(writer, *self.plain(asked, fate, argument))

    def plain(self, asked: Asked, fate: str, argument: str) -> tuple[int, Any]:
        """Status and body of a fate that is only an answer."""
        status, answer = 200, {}
        match fate:
            case "retry":
                status = 429
                answer = _error(429, "RESOURCE_EXHAUSTED", "slow down", _retry_info(float(argument)))
            case "status":
                status = int(argument)
                answer = _error(status, "INTERNAL", "the words of the provider, unread")
            case "bad_key":
                reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
                status, answer = 400, _error(400, "INVALID_ARGUMENT", "API key not valid.", reason)
            case "gone":
                status, answer = 404, _error(404, "NOT_FOUND", f"models/{asked.model} is not found")
            case "blocked":
                answer = {"promptFeedback": {"blockReason": argument}, "responseId": "blocked"}
            case "empty":
                pass
            case _:
                answer = self.response(asked)
        return status, answer

    def response(self, asked: Asked) -> dict[str, Any]:
        """HTTP 200, whatever is inside."""
        fate, _, argument = asked.fate.partition(":")
        reason, parts = "STOP", [self._part(asked, "image")]
        match fate:
            case "finish":
                reason, parts = argument, []
            case "continuation":
                reason, parts = "CONTINUATION", []
            case "words":
                parts = [{"text": "I would rather describe the room to you."}]
            case "drafts":
                draft = {**self._part(asked, "blank"), "thought": True}
                parts = [draft, {"text": "Here it is"}, self._part(asked, "unchanged"), *parts, draft]
            case "unchanged" | "blank" | "misshapen" | "other_room" | "garbage" | "corrupt":
                parts = [self._part(asked, fate)]
        return {
            "candidates": [
                {"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}
            ],
            "usageMetadata": {
                "promptTokenCount": 1300,
                "candidatesTokenCount": 1120,
                "totalTokenCount": 2420,
            },
            "modelVersion": f"{asked.model}-001",
            "responseId": f"response-{len(self.asked)}",
        }

    def _part(self, asked: Asked, fate: str) -> dict[str, Any]:
        if fate == "garbage":
            return _inline(b"\xff\xd8\xff\xe0 not a picture at all")
        if fate == "corrupt":
            return {"inlineData": {"mimeType": "image/jpeg", "data": "this is 1 of no base64!"}}
        # By its coded pixels: what painting costs is not the cost of whoever asks, yet on the same processor.
        name = (sha256(asked.photo[asked.photo.find(b"\xff\xda") :]).hexdigest(), fate)
        if name not in self._painted:
            config = asked.body.get("generationConfig", {}).get("imageConfig", {})
            self._painted[name] = painted(asked.photo, fate, PIXELS[config.get("imageSize", "1K")])
        return _inline(self._painted[name])

    def _batch(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        if method == "POST" and path.endswith(":batchGenerateContent"):
            wanted = json.loads(body)["batch"]
            (request,) = wanted["inputConfig"]["requests"]["requests"]
            name = f"batches/{len(self.batches) + 1}"
            asked = _parsed(path, headers, request["request"])
            asked.fate = self.fates.popleft() if self.fates else "image"
            self.batches[name] = Batch(name, wanted.get("displayName", ""), asked)
            return 200, self.batches[name].told(self)
        name = "batches/" + path.partition("/batches/")[2].partition(":")[0].partition("?")[0]
        if name not in self.batches:
            return 404, _error(404, "NOT_FOUND", "no such batch")
        if path.endswith(":cancel"):
            self.batches[name].state = "BATCH_STATE_CANCELLED"
            return 200, {}
        return 200, self.batches[name].told(self)


@dataclass
class Batch:
    name: str
    display_name: str
    asked: Asked
    state: str = "BATCH_STATE_PENDING"

    def told(self, stand_in: StandIn) -> dict[str, Any]:
        metadata: dict[str, Any] = {
            "displayName": self.display_name,
            "state": self.state,
            "model": f"models/{self.asked.model}",
        }
        if self.state == "BATCH_STATE_SUCCEEDED":
            fate, _, argument = self.asked.fate.partition(":")
            if fate == "error":
                answer: dict[str, Any] = {"error": {"code": int(argument), "message": "the provider's words"}}
            else:
                answer = {"response": stand_in.plain(self.asked, fate, argument)[1]}
            metadata["output"] = {"inlinedResponses": {"inlinedResponses": [answer]}}
        return {"name": self.name, "metadata": metadata, "done": self.state not in _OPEN}


_OPEN = ("BATCH_STATE_PENDING", "BATCH_STATE_RUNNING")


def painted(photo: bytes, fate: str, longest: int) -> bytes:
    """What a model might make of the photo, as a JPEG with the stand-in's mark."""
    with Image.open(BytesIO(photo)) as opened:
        picture = opened.convert("RGB")
    scale = longest / max(picture.size)
    width, height = round(picture.width * scale), round(picture.height * scale)
    if fate == "blank":
        picture = Image.new("RGB", (width, height), (128, 128, 128))
    elif fate == "misshapen":
        picture = picture.resize((height, width))
    elif fate == "other_room":
        picture = picture.crop((0, 0, picture.width // 2, picture.height // 2))
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((width, height))
    else:
        picture = picture.resize((width, height))
        if fate == "image":
            _furnish(picture)
    written = BytesIO()
    picture.save(written, "JPEG", quality=90)
    return b"\xff\xd8" + MARK + written.getvalue()[2:]


def _furnish(picture: Image.Image) -> None:
    """A rug and a sofa."""
    width, height = picture.size
    draw = ImageDraw.Draw(picture)
    draw.ellipse((0.25 * width, 0.78 * height, 0.75 * width, 0.97 * height), fill=(150, 140, 120))
    draw.rectangle((0.35 * width, 0.66 * height, 0.65 * width, 0.82 * height), fill=(70, 84, 110))


def _parsed(path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
    parts = body["contents"][0]["parts"]
    photo = next((part["inlineData"]["data"] for part in parts if "inlineData" in part), "")
    return Asked(
        model=path.partition("/models/")[2].partition(":")[0],
        key=headers.get("x-goog-api-key", ""),
        prompt=" ".join(part["text"] for part in parts if "text" in part),
        photo=base64.urlsafe_b64decode(photo.replace("+", "-").replace("/", "_")),
        body=body,
        path=path,
    )


def _inline(picture: bytes) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(picture).decode()}}


def _error(code: int, status: str, message: str, *details: Mapping[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": message, "details": list(details)}}


def _retry_info(seconds: float) -> dict[str, str]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds:g}s"}


def _reply(writer: asyncio.StreamWriter, status: int, body: Any) -> None:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text)


async def _drip(writer: asyncio.StreamWriter) -> None:
    """A byte every so often, so that no single read ever takes long."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    for _ in range(1_000_000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


def main() -> None:
    port, seconds, at_once, per_minute, *every = sys.argv[1:]
    fates = [(int(number), fate) for number, _, fate in (one.partition(":") for one in every)]

    def otherwise(number: int) -> str:
        return next((fate for each, fate in fates if number % each == 0), "image")

    stand_in = StandIn(
        seconds=float(seconds), at_once=int(at_once), per_minute=int(per_minute), otherwise=otherwise
    )
    asyncio.run(stand_in.serve_for_ever(int(port)))


if __name__ == "__main__":
    main()

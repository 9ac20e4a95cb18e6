"""Gemini's own client, tamed: its own loop, a deadline for each call, no redirects, nothing sent twice by itself."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx2
from google import genai
from google.genai import types

from domain.personal import Personal

CONNECTING = 10.0
"""Seconds to reach the provider."""
CONNECTIONS = 256
"""More than calls may run at once: those are limited elsewhere."""

T = TypeVar("T")
Response = types.GenerateContentResponse


class GeminiClient:
    """For use by any thread. Whatever the client, its network or its parser raises comes out as it is."""

    def __init__(self, api_key: str, *, url: str = "", deadline: float) -> None:
        """`deadline` is in seconds and of a whole call: the client's own time limit is for each read only."""
        self.deadline = deadline
        self._api_key, self._url = api_key, url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gemini", daemon=True)
        self._lock = threading.Lock()
        self._made: genai.Client | None = None
        self._network: httpx2.AsyncClient | None = None

    def generate(self, model: str, asked: "Asked") -> Response:
        """Raises TimeoutError at the deadline, and what verdicts.of_error understands."""

        async def call() -> Response:
            return await self._client.aio.models.generate_content(
                model=model, contents=asked.contents, config=asked.config
            )

        return self._run(call())

    def create_batch(self, model: str, asked: "Asked", name: str) -> types.BatchJob:
        """A batch of this one request, so that its answer cannot be another's."""

        async def call() -> types.BatchJob:
            request = types.InlinedRequest(contents=asked.contents, config=asked.config)
            return await self._client.aio.batches.create(
                model=model, src=[request], config=types.CreateBatchJobConfig(display_name=name)
            )

        return self._run(call())

    def batch(self, name: str) -> types.BatchJob:
        async def call() -> types.BatchJob:
            return await self._client.aio.batches.get(name=name)

        return self._run(call())

    def cancel_batch(self, name: str) -> None:
        async def call() -> None:
            await self._client.aio.batches.cancel(name=name)

        self._run(call())

    def close(self) -> None:
        """Whoever waits for an answer gets CancelledError."""
        with self._lock:
            if not self._thread.is_alive():
                self._loop.close()
                return
        asyncio.run_coroutine_threadsafe(self._ended(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        async def in_time() -> T:
            async with asyncio.timeout(self.deadline):
                return await call

        with self._lock:
            if not self._thread.is_alive():
                self._thread.start()
        return asyncio.run_coroutine_threadsafe(in_time(), self._loop).result()

    @property
    def _client(self) -> genai.Client:
        """Made when it is first needed, by the loop; given a network of our own, it never takes another."""
        if self._made is None:
            self._network = httpx2.AsyncClient(
                follow_redirects=False,
                timeout=httpx2.Timeout(self.deadline, connect=CONNECTING),
                limits=httpx2.Limits(max_connections=CONNECTIONS),
            )
            options = types.HttpOptions(base_url=self._url or None, httpx_async_client=self._network)
            self._made = genai.Client(vertexai=False, api_key=self._api_key, http_options=options)
        return self._made

    async def _ended(self) -> None:
        others = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._made and self._network:
            await self._made.aio.aclose()
            await self._network.aclose()
            self._made.close()


class Asked:
    """One request: words and a photo in, a picture out."""

    def __init__(self, prompt: Personal, photo: bytes, *, shape: str, size: str) -> None:
        """`photo` is a JPEG; shape and size are as the models name them, `3:2` and `2K`."""
        self.contents: Any = [
            types.Part.from_text(text=prompt.text),
            types.Part.from_bytes(data=photo, mime_type="image/jpeg"),
        ]
        self.config = types.GenerateContentConfig(
            response_modalities=["IMAGE"],
            image_config=types.ImageConfig(aspect_ratio=shape, image_size=size),
            automatic_continuation=False,
        )

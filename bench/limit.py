"""The limits of `reads`, `commands` and `zip`: handlers that do one statement and nothing else, on the same server.

`python -m bench.limit`; it is what anybody would write who needed no accounts, no history and no errors.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from litestar import Litestar, get, post
from litestar.response import Stream
from litestar.types import ASGIApp
from msgspec import Struct
from psycopg.rows import args_row, dict_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from application.projections.credit_lots import PRESENT
from infrastructure import settings
from infrastructure.queries.jobs import JobRow
from infrastructure.queries.tables import CREDIT_LOTS, JOBS, STATEMENT
from infrastructure.settings import Settings
from infrastructure.storage.pictures import ObjectPictures
from interfaces.rest.server import granian

TABLE = "read_models.bench_rows"
POOLED = {"autocommit": True, "prepare_threshold": 2}

_JOBS = f"""
    SELECT {", ".join(JobRow.__struct_fields__)} FROM read_models.{JOBS}
    WHERE user_id = %s AND deleted_at IS NULL ORDER BY position DESC LIMIT %s
"""
_DASHBOARD = f"""
    SELECT counts.pending, counts.processing, counts.completed, counts.failed, counts.cancelled,
           credits.available, credits.held, credits.spent, spending.spent_this_month, newest.jobs
    FROM (SELECT count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'processing'),
                 count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'failed'),
                 count(*) FILTER (WHERE status = 'cancelled')
          FROM read_models.{JOBS} WHERE user_id = %(user_id)s AND deleted_at IS NULL
         ) AS counts (pending, processing, completed, failed, cancelled),
         (SELECT sum(available)::bigint, sum(held)::bigint, sum(spent)::bigint
          FROM read_models.{CREDIT_LOTS}
          WHERE user_id = %(user_id)s AND until = {PRESENT}) AS credits (available, held, spent),
         (SELECT sum(delivered)::bigint FROM read_models.{STATEMENT}
          WHERE user_id = %(user_id)s AND recorded_at >= date_trunc('month', clock_timestamp())
         ) AS spending (spent_this_month),
         (SELECT json_agg(newest) FROM (
              SELECT {", ".join(JobRow.__struct_fields__)} FROM read_models.{JOBS}
              WHERE user_id = %(user_id)s AND deleted_at IS NULL ORDER BY position DESC LIMIT 5
          ) AS newest) AS newest (jobs)
"""
_INSERT = f"INSERT INTO {TABLE} (id, upload_id, preset) VALUES (%s, %s, %s)"


class Photo(Struct):
    upload_id: UUID


class Brief(Struct):
    preset: str


class Wanted(Struct):
    """The body that POST /jobs takes."""

    photos: list[Photo]
    brief: Brief


class Inserted(Struct):
    job_id: UUID
    status: str
    photos: list[Photo]


def application(settings: Settings) -> ASGIApp:
    pictures = ObjectPictures(settings.object_store_url)
    folder = Path(urlsplit(settings.object_store_url).path)
    reading = AsyncConnectionPool(
        settings.database_url, min_size=1, max_size=settings.database_pool, open=False, kwargs=POOLED
    )
    writing = ConnectionPool(
        settings.database_url, min_size=1, max_size=settings.database_pool, open=False, kwargs=POOLED
    )

    @get("/api/v1/health/live", sync_to_thread=False)
    def live() -> None:
        """It answers."""

    @get("/jobs/{user_id:uuid}/{limit:int}")
    async def jobs(user_id: UUID, limit: int) -> list[JobRow]:
        async with (
            reading.connection() as connection,
            connection.cursor(row_factory=args_row(JobRow)) as rows,
        ):
            await rows.execute(_JOBS, [user_id, limit])
            return await rows.fetchall()

    @get("/dashboard/{user_id:uuid}")
    async def dashboard(user_id: UUID) -> dict[str, Any]:
        async with reading.connection() as connection, connection.cursor(row_factory=dict_row) as rows:
            await rows.execute(_DASHBOARD, {"user_id": user_id})
            return await rows.fetchone() or {}

    @get("/files/{user_id:uuid}/{kind:path}", media_type="application/octet-stream")
    async def files(user_id: UUID, kind: str) -> Stream:
        async def pieces() -> AsyncIterator[bytes]:
            for file in sorted((folder / f"users/{user_id}{kind}").iterdir()):
                async for piece in pictures.stream(user_id, kind.strip("/"), file.name):
                    yield piece

        return Stream(pieces())

    @post("/jobs", status_code=202, sync_to_thread=True)
    def insert(data: Wanted) -> Inserted:
        job_id = uuid4()
        with writing.connection() as connection:
            connection.execute(_INSERT, [job_id, data.photos[0].upload_id, data.brief.preset])
        return Inserted(job_id, "pending", data.photos)

    @asynccontextmanager
    async def running(_app: Litestar) -> AsyncIterator[None]:
        writing.open()
        await reading.open()
        yield
        await reading.close()
        writing.close()

    return Litestar(
        [live, jobs, dashboard, files, insert], lifespan=[running], logging_config=None, openapi_config=None
    )


if __name__ == "__main__":
    loaded = settings.load()
    granian("bench.limit:application", loaded.host, loaded.port).serve(
        target_loader=partial(application, loaded), wrap_loader=False
    )

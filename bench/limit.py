"""The limits of `reads` and `commands`: handlers that do one statement and nothing else, on the same server.

`python -m bench.limit`; it is what anybody would write who needed no accounts, no history and no errors.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID, uuid4

from litestar import Litestar, get, post
from litestar.types import ASGIApp
from msgspec import Struct
from psycopg.rows import args_row
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from application.projections.credit_lots import PRESENT
from infrastructure import settings
from infrastructure.queries.credits import LotRow
from infrastructure.queries.jobs import JobRow
from infrastructure.queries.tables import CREDIT_LOTS, JOBS
from infrastructure.settings import Settings
from interfaces.rest.server import granian

TABLE = "read_models.bench_rows"
POOLED = {"autocommit": True, "prepare_threshold": 2}

_JOBS = f"""
    SELECT {", ".join(JobRow.__struct_fields__)} FROM read_models.{JOBS}
    WHERE user_id = %s AND deleted_at IS NULL ORDER BY position DESC LIMIT %s
"""
_LOTS = f"""
    SELECT {", ".join(LotRow.__struct_fields__)} FROM read_models.{CREDIT_LOTS}
    WHERE user_id = %s AND until = {PRESENT}
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

    @get("/credits/{user_id:uuid}")
    async def lots(user_id: UUID) -> list[LotRow]:
        async with (
            reading.connection() as connection,
            connection.cursor(row_factory=args_row(LotRow)) as rows,
        ):
            await rows.execute(_LOTS, [user_id])
            return await rows.fetchall()

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

    return Litestar([live, jobs, lots, insert], lifespan=[running], logging_config=None, openapi_config=None)


if __name__ == "__main__":
    loaded = settings.load()
    granian("bench.limit:application", loaded.host, loaded.port).serve(
        target_loader=partial(application, loaded), wrap_loader=False
    )

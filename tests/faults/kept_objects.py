"""What must be true of the object store: all that lies there belongs to an upload or a job that has not let go."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

from application.pictures import ORIGINALS
from domain.photo_job import PhotoJob
from tests.faults.history import History, given_up
from tests.faults.installation import Installation


def of_objects(installation: Installation, history: History) -> Iterator[str]:
    """No file is an orphan, not even a part of one that was being written when its writer died."""
    gone = given_up(history)
    kept = [recorded for recorded in history.of(PhotoJob.Submitted) if recorded.stream_id not in gone]
    jobs = {(recorded.event.user_id, recorded.stream_id) for recorded in kept}
    originals = {
        (recorded.event.user_id, photo.original) for recorded in kept for photo in recorded.event.photos
    } | set(_uploaded(installation))
    folder = Path(unquote(urlsplit(installation.container.settings.object_store_url).path), "users")
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        owner, *kind, name = file.relative_to(folder).parts
        sha256 = name.partition("#")[0]  # of a file that is being written, the rest is a number
        if ORIGINALS in kind:
            belongs = (UUID(owner), sha256) in originals
        else:
            belongs = any((UUID(owner), job_id) in jobs for job_id in map(_job, kind) if job_id)
        if not belongs:
            yield f"nobody needs {'/'.join([*kind, name])} of {owner}"


def _uploaded(installation: Installation) -> Iterator[tuple[UUID, str]]:
    with installation.container.database.connection() as connection:
        yield from connection.execute("SELECT user_id, sha256 FROM stage.uploads")


def _job(part: str) -> UUID | None:
    try:
        return UUID(part)
    except ValueError:
        return None

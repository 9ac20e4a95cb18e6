"""Where pictures lie in the object store: originals once per user, whatever is made of them under its job."""

from uuid import UUID

from domain.pictures import PictureKind

ORIGINALS = PictureKind.ORIGINALS.value
"""All jobs and uploads of a user share these: a photo is kept once, as long as one of them needs it."""


def previews_of(job_id: UUID, kind: PictureKind) -> str:
    """Small versions of a job's originals or results, by size beneath; they go when those do."""
    return f"previews/{job_id}/{kind.value}"


def results_of(job_id: UUID) -> str:
    """The results of one job. No other shares them, so they can go with it without anybody being asked."""
    return f"{PictureKind.RESULTS}/{job_id}"

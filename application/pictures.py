"""Where pictures lie in the object store: originals once per user, whatever is made of them under its job."""

from uuid import UUID

from domain.pictures import PictureKind

ORIGINALS = PictureKind.ORIGINALS.value
"""All jobs and uploads of a user share these: a photo is kept once, as long as one of them needs it."""


PREVIEW, THUMBNAIL = 1600, 400
"""Longest sides of small versions in pixels: a large screen's width, and a list's."""
SIZES = (200, THUMBNAIL, 800, PREVIEW, 2400)
"""All sizes that can be asked for; each is half as large again or twice as large as the one before."""
SMALL_MEDIA_TYPE = "image/jpeg"


def small_originals(size: int) -> str:
    """Small versions of originals, each under its original's SHA-256; they come and go with it."""
    return f"previews/{ORIGINALS}/{size}"


def previews_of(job_id: UUID) -> str:
    """Small versions of a job's results, by size beneath; they go when those do."""
    return f"previews/{job_id}/{PictureKind.RESULTS.value}"


def provider_results_of(job_id: UUID) -> str:
    """What the provider sent, as it came; beneath the results, so it goes when they do."""
    return f"{results_of(job_id)}/provider"


def results_of(job_id: UUID) -> str:
    """The results of one job. No other shares them, so they can go with it without anybody being asked."""
    return f"{PictureKind.RESULTS}/{job_id}"

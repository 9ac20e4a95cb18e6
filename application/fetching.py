"""Fetching a photo from its link: it is taken in like any upload, and a bad link fails that photo only."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from application.jobs import Jobs
from application.photos import PhotoRejected, rejection_code
from application.ports import LinkBroken, LinkedPhotos, LinkRefused, Store
from application.reactions import Answer
from application.uploads import Uploads
from domain.photo_job import PhotoJob

REFUSED = "link_refused"
"""The code of a photo whose link we do not follow."""
BROKEN = "link_broken"
"""The code of a photo that is not where its link says."""
UNREACHABLE = "link_unreachable"
"""The code of a photo whose link no attempt could follow."""


class _Became(StrEnum):
    """What became of a link, as its answer says it."""

    FETCHED = "fetched"
    FAILED = "failed"
    NOTHING = "nothing"
    """Nobody waits for it any more."""


@dataclass(frozen=True)
class Fetching:
    store: Store
    links: LinkedPhotos
    uploads: Uploads
    jobs: Jobs

    def fetch(self, job_id: UUID, photo_id: UUID) -> Answer:
        """Fetch the photo and take it in; returns at once when nobody waits for it any more.

        Raises LinkUnreachable, or whatever made the attempt fail.
        """
        job = self.store.get(PhotoJob, job_id)
        photo = job.photos[photo_id]
        if not job.is_open(photo_id) or photo.original or photo.link is None:
            return {"became": _Became.NOTHING.value}
        try:
            content = self.links.fetch(photo.link.text)
            upload = self.uploads.add(
                photo.upload_id, user_id=job.user_id, name=photo.name.text, photo=content
            )
        except LinkRefused:
            return _failed(REFUSED)
        except LinkBroken:
            return _failed(BROKEN)
        except PhotoRejected as rejected:
            return _failed(rejection_code(rejected))
        return {
            "became": _Became.FETCHED.value,
            "original": upload.sha256,
            "media_type": upload.facts.media_type,
        }

    def record(self, job_id: UUID, photo_id: UUID, answer: Answer) -> None:
        """Tell the job what `fetch` answered. Repeated, or too late, it changes nothing."""
        match answer["became"]:
            case _Became.FETCHED:
                self.jobs.record_fetched(job_id, photo_id, answer["original"], answer["media_type"])
            case _Became.FAILED:
                self.jobs.record_failed(job_id, photo_id, answer["code"])

    def give_up(self, job_id: UUID, photo_id: UUID) -> None:
        """No attempt is left: the photo fails. Repeated, or too late, it changes nothing."""
        self.jobs.record_failed(job_id, photo_id, UNREACHABLE)


def _failed(code: str) -> Answer:
    return {"became": _Became.FAILED.value, "code": code}

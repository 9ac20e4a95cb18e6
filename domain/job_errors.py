"""What can be wrong with a job, or with what is asked of it."""

from uuid import UUID

from domain.errors import DomainError
from domain.job_photo import JobStatus

PHOTOS_PER_JOB = 30
"""The most photos a job takes (docs/domain.md, PhotoJob)."""
GROUP_NAME_LENGTH = 140
"""The longest group name, in characters (docs/domain.md, Rules)."""


class WrongNumberOfPhotos(DomainError):
    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count, self.limit = count, PHOTOS_PER_JOB


class PhotoGivenTwice(DomainError):
    def __init__(self, upload_id: UUID) -> None:
        super().__init__(upload_id)
        self.upload_id = upload_id


class LinkGivenTwice(DomainError):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
        """The second one's place in the job, from 1."""


class PhotoNotStaged(DomainError):
    """What was asked for needs a result, and this photo has none."""

    def __init__(self, photo_id: UUID) -> None:
        super().__init__(photo_id)
        self.photo_id = photo_id


class GroupNameTooLong(DomainError):
    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length, self.limit = length, GROUP_NAME_LENGTH


class PhotoNotInJob(DomainError):
    def __init__(self, photo_id: UUID) -> None:
        super().__init__(photo_id)
        self.photo_id = photo_id


class JobAlreadyEnded(DomainError):
    def __init__(self, status: JobStatus) -> None:
        super().__init__(status)
        self.status = status


class JobNotEnded(DomainError):
    """What was asked for needs a job of which every photo has its outcome."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(status)
        self.status = status


class NothingToRetry(DomainError):
    """No photo of the job failed."""

    def __init__(self, job_id: UUID) -> None:
        super().__init__(job_id)
        self.job_id = job_id

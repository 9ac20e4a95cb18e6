"""The pictures a job has, and why they go: the words that its events, the object store and settings share."""

from enum import StrEnum
from uuid import UUID

from domain.errors import DomainError


class PictureKind(StrEnum):
    ORIGINALS = "originals"
    RESULTS = "results"


class Removal(StrEnum):
    """Why pictures were removed."""

    DELETED = "deleted"
    """Their job was deleted."""
    TERM_OVER = "term_over"
    """They were kept for as long as pictures of their kind are."""
    ERASED = "erased"
    """Their user was erased."""


class OriginalsRemoved(DomainError):
    """The originals of this job are not kept any more, so nothing new can be made from them."""

    def __init__(self, job_id: UUID) -> None:
        super().__init__(job_id)
        self.job_id = job_id

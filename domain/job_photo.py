"""What a job is told of in: its photos as submitted, how each can resolve, and how a result came to be."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.personal import Personal


class JobStatus(StrEnum):
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """How a photo can resolve; until then it is pending."""

    PENDING = "pending"
    STAGED = "staged"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class JobPhoto:
    """A photo as it was submitted: which upload it came from, and the checked picture itself."""

    photo_id: UUID
    upload_id: UUID
    original: str
    """SHA-256 of the original's bytes, in hexadecimal; it is also its name in the object store."""
    media_type: str
    name: Personal
    """The file's name as the user sent it, without folders."""


@dataclass(frozen=True)
class Provenance:
    """How a result came to be, so that anybody can tell later what was done to the original."""

    engine: str
    version: str
    input_sha256: str
    output_sha256: str
    milliseconds: int

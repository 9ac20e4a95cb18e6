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
    """SHA-256 of the original's bytes, in hexadecimal; it is also its name in the object store. Empty, like
    the media type, until the photo was fetched from its link."""
    media_type: str
    name: Personal
    """The file's name as the user sent it, without folders."""
    link: Personal | None = None
    """Where on the internet it is to be fetched, unless it was uploaded."""
    root_photo_id: UUID | None = None
    """The photo of which this one is a variation or another try; none when it is the first."""

    @property
    def root(self) -> UUID:
        """What its lineage is named for."""
        return self.root_photo_id or self.photo_id


@dataclass(frozen=True)
class Provenance:
    """How a result came to be, so that anybody can tell later what was done to the original."""

    engine: str
    version: str
    """Of the engine, or of the provider's model as it names itself."""
    input_sha256: str
    output_sha256: str
    milliseconds: int
    """That the attempt took which delivered it."""
    model: str | None = None
    """Which of the provider's models was asked; none when no provider was."""
    provider_sha256: str | None = None
    """Of the provider's picture as it came, with its marks; the result is that picture in the original's frame."""
    provider_media_type: str | None = None
    prompt_version: str | None = None
    prompt: Personal | None = None
    """As it was sent; it can hold what the user wrote."""
    response_id: str | None = None
    """The provider's."""
    input_tokens: int = 0
    output_tokens: int = 0
    attempts: int = 1
    """Calls to the provider for this photo, this one and those in vain."""
    cost_micros: int = 0
    """Of all of them, in millionths of a US dollar."""

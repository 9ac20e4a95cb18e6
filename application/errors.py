"""What can go wrong in a use case beyond the domain's rules; each carries values, not sentences."""

from datetime import datetime
from uuid import UUID


class ApplicationError(Exception):
    """A request that cannot be served. Subclasses are named for what is wrong."""


class ConcurrentChange(ApplicationError):
    """Somebody else changed the same aggregate first; loading it afresh and trying again may succeed."""


class NotFound(ApplicationError):
    """There is no such thing, or it is not this user's: the two are never told apart."""

    def __init__(self, kind: str, sought: UUID) -> None:
        super().__init__(kind, sought)
        self.kind, self.sought = kind, sought


class VersionMismatch(ApplicationError):
    """Whoever asks for the change has seen another version than the one there is now."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(expected, actual)
        self.expected, self.actual = expected, actual


class SignInRefused(ApplicationError):
    """Address and password do not belong together. Which of the two was wrong is never said."""


class AccountSuspended(ApplicationError):
    """The right password, but the account may not be used."""


class TokenInvalid(ApplicationError):
    """A mailed token is unknown, was used before or is too old."""


class PasswordTooWeak(ApplicationError):
    def __init__(self, shortest: int, longest: int) -> None:
        super().__init__(shortest, longest)
        self.shortest, self.longest = shortest, longest


class SessionOver(ApplicationError):
    """The session's token is not known, or not any more."""


class PasswordWrong(ApplicationError):
    """The password given as the current one is another."""


class UnknownTimeZone(ApplicationError):
    """The name is not in the IANA time zone database."""


class UploadNotFound(ApplicationError):
    def __init__(self, upload_id: UUID) -> None:
        super().__init__(upload_id)
        self.upload_id = upload_id


class UploadAlreadyUsed(UploadNotFound):
    """The upload belongs to a job already."""


class UploadExpired(UploadNotFound):
    """Nobody used the upload in time; its photo must be sent again."""


class PhotoNotArrived(UploadNotFound):
    """Nothing was put where the upload was to go."""


class PresetUnavailable(ApplicationError):
    def __init__(self, preset: str, available: list[str]) -> None:
        super().__init__(preset, available)
        self.preset, self.available = preset, available


class PictureRemoved(ApplicationError):
    """The picture was kept for as long as pictures of its kind are, and then removed for good."""

    def __init__(self, removed_at: datetime) -> None:
        super().__init__(removed_at)
        self.removed_at = removed_at


class PictureNotFound(ApplicationError):
    """The object store has no such picture, though something says that it should."""

    def __init__(self, sha256: str) -> None:
        super().__init__(sha256)
        self.sha256 = sha256

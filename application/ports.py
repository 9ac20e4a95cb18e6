"""What the use cases need from the outside, each named for the need; adapters live in infrastructure."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from application.photos import PhotoFacts, TakenIn
from application.reactions import Reaction
from domain.aggregate import Aggregate
from domain.credit_ledger import CreditLedger
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind

A = TypeVar("A", bound=Aggregate)


class Store(Protocol):
    """The aggregates' histories."""

    def get(self, kind: type[A], aggregate_id: UUID) -> A:
        """The aggregate as of now. Raises NotFound."""
        ...

    def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """The aggregate as of now, or None if nothing ever happened to it."""
        ...

    def save(self, *aggregates: Aggregate) -> None:
        """Append all new events of these aggregates, all or none.

        Raises ConcurrentChange; inside a transaction that may be at its end.
        """
        ...

    def transaction(self, *locked: UUID) -> AbstractContextManager[None]:
        """All that is saved inside, here and through the other ports, is kept together or not at all.

        Whoever else asks for one of the `locked` ids waits until this transaction ends. Nothing inside may
        call the outside world.
        """
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The database's time, in UTC: the same for every process."""
        ...


@dataclass(frozen=True)
class Credential:
    user_id: UUID
    password_hash: str


class Credentials(Protocol):
    """Password hashes, kept out of the event log and found by the claim on the address."""

    def put(self, claim_id: UUID, credential: Credential) -> None: ...

    def find(self, claim_id: UUID) -> Credential | None: ...


class Passwords(Protocol):
    """A slow, salted hash."""

    def hash(self, password: str) -> str: ...

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Takes as long without a hash as with one, so that nobody learns which addresses have accounts."""
        ...


class Sessions(Protocol):
    """Devices signed in. Only hashes of the tokens are kept."""

    def open(self, user_id: UUID, *, device: str, lifetime: timedelta) -> str:
        """A new opaque token."""
        ...

    def revoke(self, token: str) -> None: ...

    def extend(self, token: str, lifetime: timedelta) -> bool:
        """The session lasts anew from now; False when it is over."""
        ...

    def end(self, user_id: UUID, session_id: UUID) -> bool:
        """End one of the user's sessions; False when there is no such one."""
        ...

    def revoke_all(self, user_id: UUID) -> None: ...


@dataclass(frozen=True)
class ApiKey:
    """What is known of a key; the key itself nobody keeps."""

    key_id: UUID
    user_id: UUID
    name: Personal
    scopes: Collection[str]
    expires_at: datetime | None


class ApiKeyRecords(Protocol):
    """Keys with which users' programs act for them. Only hashes of them are kept."""

    def issue(self, key: ApiKey) -> str | None:
        """The new key, which is shown this once; None if one of this id was issued before."""
        ...

    def count(self, user_id: UUID) -> int:
        """How many the user has, those that have expired among them."""
        ...

    def revoke(self, user_id: UUID, key_id: UUID) -> bool:
        """End one of the user's keys; False when there is no such one."""
        ...

    def revoke_all(self, user_id: UUID) -> None: ...


class Tokens(Protocol):
    """Single-use tokens that are mailed. Only hashes are kept, each bound to its purpose."""

    def issue(self, purpose: str, user_id: UUID, lifetime: timedelta) -> str: ...

    def redeem(self, purpose: str, token: str) -> UUID:
        """The user it was issued to. Raises TokenInvalid."""
        ...

    def withdraw(self, purpose: str, user_id: UUID) -> None:
        """None of those that the user has for this purpose is good any more."""
        ...


class Traces(Protocol):
    """What is known of users beside the log, and the keys with which everything else of theirs is sealed."""

    def forget(self, user_id: UUID) -> None:
        """In a transaction: credential, sessions, API keys, tokens, uploads and webhook endpoints go.

        So do the keys, and with them all that is sealed with them, wherever it lies. Repeated, it forgets what
        somebody has added since.
        """
        ...


@dataclass(frozen=True)
class Mail:
    message_id: UUID
    """Stable over retries, so that a mailbox can drop a second copy."""
    to: Personal
    subject: str
    text: str


class MailRefused(Exception):
    """This mailbox does not take the mail, and will not later."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
        """The mail server's reply (RFC 5321, 4.2)."""


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Raises MailRefused; whatever else goes wrong may go better later."""
        ...


@dataclass(frozen=True)
class Upload:
    upload_id: UUID
    user_id: UUID
    sha256: str
    facts: PhotoFacts
    size: int
    """In bytes, as stored."""
    name: Personal
    expires_at: datetime
    job_id: UUID | None = None


class UploadRecords(Protocol):
    def add(self, upload: Upload) -> None:
        """Adding the same upload again changes nothing. Waits while the same picture is being removed."""
        ...

    def find(self, user_id: UUID, upload_id: UUID) -> Upload | None:
        """None also when it is another user's."""
        ...

    def find_many(self, user_id: UUID, upload_ids: Collection[UUID]) -> Mapping[UUID, Upload]:
        """Those of these that are this user's, by id."""
        ...

    def take_all(self, upload_ids: Collection[UUID], job_id: UUID) -> None:
        """Give these uploads to a job, all or none, in a transaction at its end; it may ask again.

        Raises ConcurrentChange when another job has one of them, or one has expired or is not there.
        """
        ...

    def unused(self, *, limit: int) -> list[Upload]:
        """Uploads that no job took in time and that none can take any more, the oldest first."""
        ...

    def forget(self, upload_ids: Collection[UUID], *, taken_by: UUID | None) -> None:
        """Of these uploads, forget those that this job, or none, has taken."""
        ...


@dataclass(frozen=True)
class Before:
    """What there is before a submission."""

    now: datetime
    job: PhotoJob | None
    """What the same request made before."""
    ledger: CreditLedger | None
    uploads: Mapping[UUID, Upload]


class Submissions(Protocol):
    def before(self, job_id: UUID, *, user_id: UUID, uploads: Collection[UUID]) -> Before:
        """All that a submission has to know, at one moment; of the uploads those that are this user's."""
        ...


class IncomingPhotos(Protocol):
    """Photos that clients put into the object store themselves, until they are taken in."""

    def url(self, owner: UUID, upload_id: UUID, lifetime: timedelta) -> str:
        """Where whoever has it can PUT the photo for so long."""
        ...

    def put(self, owner: UUID, upload_id: UUID, photo: bytes) -> None:
        """What came through us; it takes the place of what came before."""
        ...

    def get(self, owner: UUID, upload_id: UUID) -> bytes:
        """Raises PhotoNotArrived or PhotoTooLarge."""
        ...

    def delete(self, owner: UUID, upload_id: UUID) -> None: ...

    def remove_abandoned(self, lifetime: timedelta) -> int:
        """Delete what was never completed and whose link of that lifetime ended; how many there were."""
        ...

    def clear(self, owner: UUID) -> int:
        """Delete all that waits for this owner; how many there were."""
        ...


class Pictures(Protocol):
    """The object store, content-addressed: a picture's name is its owner and the SHA-256 of its bytes."""

    def put(self, owner: UUID, kind: str, picture: bytes, media_type: str) -> str:
        """Store it, and return its SHA-256 in hexadecimal. Storing it again changes nothing."""
        ...

    def keep(self, owner: UUID, kind: str, name: str, picture: bytes, media_type: str) -> None:
        """The same under a name of its own, for what follows from another picture: that one's SHA-256."""
        ...

    def get(self, owner: UUID, kind: str, sha256: str) -> bytes:
        """Raises PictureNotFound."""
        ...

    def has(self, owner: UUID, kind: str, sha256: str) -> bool: ...

    def stream(self, owner: UUID, kind: str, sha256: str) -> AsyncIterator[bytes]:
        """The same in pieces, for answers that must not be held in memory."""
        ...

    def delete(self, owner: UUID, kind: str, sha256: str) -> None:
        """Whether it is there or not, it is gone afterwards."""
        ...

    def clear(self, owner: UUID, kind: str | None = None) -> int:
        """Delete all pictures of this kind, of every kind if none is given; how many there were."""
        ...


class PictureUses(Protocol):
    """What still needs a picture. Jobs are told as read models know them, which may lag behind the log."""

    def knows_removal(self, job_id: UUID, kind: PictureKind) -> bool:
        """Whether the read models know that these pictures were removed, and so all that came before it."""
        ...

    def original_needed(self, owner: UUID, sha256: str) -> bool:
        """Whether a job of the owner's, or an upload that a job has taken or still can, has this original.

        An upload whose job the read models do not know yet counts, too.
        """
        ...

    def undisturbed(self, owner: UUID, sha256: str) -> AbstractContextManager[None]:
        """Inside, no upload of this original is added: that nobody needs it stays true.

        It keeps others from nothing else, so the object store may be called inside.
        """
        ...

    def past_term(self, kind: PictureKind, *, ended_before: datetime, limit: int) -> list[UUID]:
        """Jobs that ended before then and still have pictures of this kind, those that ended first, first."""
        ...

    def kept_by(self, owner: UUID, *, limit: int) -> list[UUID]:
        """Jobs of the owner's that still have pictures."""
        ...


class Leftovers(Protocol):
    def remove(self, *, limit: int) -> Mapping[str, int]:
        """Delete rows past their time, so many of each kind at the most; how many there were of each."""
        ...


class ExpiringLots(Protocol):
    """Credits past their expiry, as read models know them, which may lag behind the log."""

    def owners_of_expired(self, now: datetime, *, limit: int) -> list[UUID]:
        """Users with credits that have expired and are not recorded as such, the longest overdue first."""
        ...


class Darkroom(Protocol):
    """Looks at photos as they come in."""

    def take_in(self, photo: bytes) -> TakenIn:
        """Decode the photo to its end, once. Raises PhotoRejected."""
        ...


class LinkRefused(Exception):
    """A link that is never followed, for it leads, or could lead, to what is not public."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """unreadable, not_https, user_info, port, host or address."""


class LinkBroken(Exception):
    """There is nothing to be had at the end of a link, and there will not be later."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """status or redirects."""


class LinkUnreachable(Exception):
    """A link did not answer as it should, or not in time; it may do so later."""


class ReactionRequests(Protocol):
    """Reactions that a use case asks for by itself, kept together with what else it does."""

    def ask(self, reaction_id: UUID, reaction: Reaction, *, owner: UUID) -> None:
        """Have it performed; asked for again under the same id, it is one."""
        ...


class LinkedPhotos(Protocol):
    """Photos that lie on other people's servers."""

    def fetch(self, url: str) -> bytes:
        """What lies there. Raises LinkRefused, LinkBroken, LinkUnreachable or PhotoTooLarge."""
        ...


class Sealer(Protocol):
    """Personal texts on their way through rows that must not hold them in the clear."""

    def seal(self, owner: UUID, text: Personal) -> str: ...

    def sealed(self, token: str) -> Personal:
        """The text behind what `seal` gave; it shows that it was erased once its owner is."""
        ...

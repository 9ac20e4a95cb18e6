"""The claim on an e-mail address: one account per mailbox at a time, and one trial per mailbox for ever."""

import hmac
import unicodedata
from hashlib import sha256
from uuid import UUID

from eventsourcing.domain import event

from domain.aggregate import Aggregate
from domain.errors import DomainError
from domain.personal import Personal

ADDRESS_LENGTH = 254
"""The longest address, in characters (RFC 5321, 4.5.3.1.3, less the angle brackets)."""

_LOCAL_LENGTH = 64
"""The longest part before the @ (RFC 5321, 4.5.3.1.1)."""
_LABEL_LENGTH = 63
"""The longest part between two dots of a domain (RFC 1035, 2.3.4)."""
_GMAIL = {"gmail.com", "googlemail.com"}


class AddressMalformed(DomainError):
    """The text is not an e-mail address. The text itself is not carried: it may be personal."""


class AddressTaken(DomainError):
    """Somebody has an account with this mailbox."""


class TrialAlreadyUsed(DomainError):
    """This mailbox had its trial, perhaps under an earlier account."""


def canonical(address: str) -> str:
    """One spelling per mailbox: lower case, no plus-tag, and for Gmail no dots (docs/domain.md, EmailClaim).

    Letters that can be written in several ways are brought to one (RFC 6532, 3.1), and so are the two ways
    of writing an international domain. Mail goes to the address as typed; this form only decides whether two
    addresses are one mailbox. Raises AddressMalformed.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or len(address.strip()) > ADDRESS_LENGTH:
        raise AddressMalformed
    local = unicodedata.normalize("NFC", local.lower())
    domain = ".".join(map(_readable, unicodedata.normalize("NFKC", domain).lower().split(".")))
    if not _deliverable(local) or not _plausible(domain):
        raise AddressMalformed
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def claim_id(address: Personal, key: bytes) -> UUID:
    """The claim's id: an HMAC of the canonical address, so that the log shows no addresses.

    `key` is CLAIM_KEY, at least 32 bytes. Raises AddressMalformed.
    """
    digest = bytearray(hmac.new(key, canonical(address.text).encode(), sha256).digest()[:16])
    # Version 8 says: made by a rule of our own (RFC 9562, 5.8). Python's UUID cannot set it before 3.14.
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))


class EmailClaim(Aggregate):
    class Claimed(Aggregate.Created):
        user_id: UUID

    class ClaimedAgain(Aggregate.Event):
        user_id: UUID

    class TrialUsed(Aggregate.Event):
        pass

    class Released(Aggregate.Event):
        pass

    @classmethod
    def claim(cls, claim_id: UUID, user_id: UUID) -> "EmailClaim":
        """The first claim on a mailbox."""
        claim: EmailClaim = cls._create(cls.Claimed, id=claim_id, user_id=user_id)
        return claim

    def __init__(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.released = False
        self.trial_used = False

    @property
    def owner(self) -> UUID:
        return self.user_id

    def claim_again(self, user_id: UUID) -> None:
        """A claim on a mailbox that an earlier account gave up. Raises AddressTaken while it is in use."""
        if not self.released:
            if self.user_id == user_id:
                return
            raise AddressTaken
        self._claimed_again(user_id)

    def use_trial(self) -> None:
        """Raises TrialAlreadyUsed, whoever used it."""
        if self.trial_used:
            raise TrialAlreadyUsed
        self._trial_used()

    def release(self) -> None:
        """The account is gone; another may claim the mailbox, but its trial stays used."""
        if not self.released:
            self._released()

    @event(ClaimedAgain)
    def _claimed_again(self, user_id: UUID) -> None:
        self.user_id = user_id
        self.released = False

    @event(TrialUsed)
    def _trial_used(self) -> None:
        self.trial_used = True

    @event(Released)
    def _released(self) -> None:
        self.released = True


def _readable(label: str) -> str:
    """A part of a domain as people read it: `xn--mnchen-3ya` and `münchen` are one."""
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode("ascii").decode("punycode").lower()
    except UnicodeError:
        raise AddressMalformed from None  # the cause would carry the text


def _plausible(domain: str) -> bool:
    """A name with at least one dot; its last part is no number, or it would be an IP address."""
    labels = domain.split(".")
    return (
        len(labels) > 1
        and not labels[-1].isdigit()
        and all(
            len(label) <= _LABEL_LENGTH and label.replace("-", "").isalnum() and label.strip("-") == label
            for label in labels
        )
    )


def _deliverable(local: str) -> bool:
    """Whether mail servers take it without quotes (RFC 5322, dot-atom)."""
    return (
        0 < len(local) <= _LOCAL_LENGTH
        and all(local.split("."))
        and all(character.isprintable() and character not in ' ,;:<>()[]\\"@' for character in local)
    )

"""A person with an account: who they are, whether their address is verified, and what they may do."""

from enum import StrEnum
from uuid import UUID

from eventsourcing.domain import event

from domain.aggregate import Aggregate
from domain.errors import DomainError
from domain.personal import Personal

NAME_LENGTH = 100
"""The longest name kept, in characters."""


class Role(StrEnum):
    """What a user may do beyond using the product (docs/domain.md, Rules)."""

    USER = "user"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMIN = "admin"


class NameTooLong(DomainError):
    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length, self.limit = length, NAME_LENGTH


class User(Aggregate):
    class Registered(Aggregate.Created):
        email: Personal
        name: Personal
        claim_id: UUID
        time_zone: str

    class EmailVerified(Aggregate.Event):
        pass

    class ProfileChanged(Aggregate.Event):
        name: Personal
        time_zone: str

    class PasswordChanged(Aggregate.Event):
        pass

    class RoleGranted(Aggregate.Event):
        role: str

    class RoleRevoked(Aggregate.Event):
        role: str

    class Suspended(Aggregate.Event):
        reason: str

    class Reinstated(Aggregate.Event):
        pass

    class Erased(Aggregate.Event):
        pass

    @classmethod
    def register(
        cls, user_id: UUID, *, email: Personal, name: Personal, claim_id: UUID, time_zone: str = "UTC"
    ) -> "User":
        """A new account; blanks around its address and name are dropped. Raises NameTooLong."""
        user: User = cls._create(
            cls.Registered,
            id=user_id,
            email=Personal(email.text.strip()),
            name=_checked(name),
            claim_id=claim_id,
            time_zone=time_zone,
        )
        return user

    def __init__(self, email: Personal, name: Personal, claim_id: UUID, time_zone: str) -> None:
        self.email = email
        self.name = name
        self.claim_id = claim_id
        self.time_zone = time_zone
        self.roles = {Role.USER.value}
        self.email_verified = False
        self.suspended_because: str | None = None
        self.erased = False

    @property
    def owner(self) -> UUID:
        return self.id

    @property
    def suspended(self) -> bool:
        return self.suspended_because is not None

    @property
    def active(self) -> bool:
        """Whether this user may sign in and act."""
        return not (self.suspended or self.erased)

    def verify_email(self) -> None:
        """The address was shown to be theirs. Repeated, it changes nothing."""
        if not self.email_verified:
            self._email_verified()

    def change_profile(self, *, name: Personal, time_zone: str) -> None:
        """Raises NameTooLong."""
        if ((checked := _checked(name)), time_zone) != (self.name, self.time_zone):
            self._profile_changed(checked, time_zone)

    def change_password(self) -> None:
        """The fact only: hashes live in the credentials table, never in the log."""
        self._password_changed()

    def grant_role(self, role: Role) -> None:
        """An erased user gets none any more, as nothing else happens to them either."""
        if role.value not in self.roles and not self.erased:
            self._role_granted(role.value)

    def revoke_role(self, role: Role) -> None:
        if role.value in self.roles and not self.erased:
            self._role_revoked(role.value)

    def suspend(self, reason: str) -> None:
        if self.active:
            self._suspended(reason)

    def reinstate(self) -> None:
        if self.suspended and not self.erased:
            self._reinstated()

    def erase(self) -> None:
        """Forget this person: after this event their keys are destroyed, so what is sealed stays sealed."""
        if not self.erased:
            self._erased()

    @event(EmailVerified)
    def _email_verified(self) -> None:
        self.email_verified = True

    @event(ProfileChanged)
    def _profile_changed(self, name: Personal, time_zone: str) -> None:
        self.name = name
        self.time_zone = time_zone

    @event(PasswordChanged)
    def _password_changed(self) -> None:
        pass

    @event(RoleGranted)
    def _role_granted(self, role: str) -> None:
        self.roles.add(role)

    @event(RoleRevoked)
    def _role_revoked(self, role: str) -> None:
        self.roles.discard(role)

    @event(Suspended)
    def _suspended(self, reason: str) -> None:
        self.suspended_because = reason

    @event(Reinstated)
    def _reinstated(self) -> None:
        self.suspended_because = None

    @event(Erased)
    def _erased(self) -> None:
        self.erased = True


def _checked(name: Personal) -> Personal:
    trimmed = name.text.strip()
    if len(trimmed) > NAME_LENGTH:
        raise NameTooLong(len(trimmed))
    return Personal(trimmed)

"""Accounts as users and administrators see them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, by_stream, named
from application.recorded import Recorded
from domain.personal import Personal
from domain.user import Role, User


class UserStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ERASED = "erased"


class UserRow(NamedTuple):
    user_id: UUID
    email: Personal
    name: Personal
    email_verified: bool
    status: UserStatus
    roles: tuple[str, ...]
    time_zone: str
    registered_at: datetime
    version: int
    position: int
    """Where in the log they registered."""


class Users:
    table = Table("users", 2, UserRow, ("user_id",), by_stream(lambda row: row.user_id))
    events = named(
        User.Registered,
        User.EmailVerified,
        User.ProfileChanged,
        User.PasswordChanged,
        User.RoleGranted,
        User.RoleRevoked,
        User.Suspended,
        User.Reinstated,
        User.Erased,
    )

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        return () if isinstance(recorded.event, User.Registered) else ((recorded.stream_id,),)

    def evolve(self, rows: Mapping[Key, UserRow], recorded: Recorded) -> Mapping[Key, UserRow]:
        key = (recorded.stream_id,)
        if isinstance(recorded.event, User.Registered):
            return {key: _registered(recorded.event, recorded)}
        return {key: _changed(rows[key], recorded.event)._replace(version=recorded.version)}


def _registered(event: User.Registered, recorded: Recorded) -> UserRow:
    return UserRow(
        user_id=recorded.stream_id,
        email=event.email,
        name=event.name,
        email_verified=False,
        status=UserStatus.ACTIVE,
        roles=(Role.USER.value,),
        time_zone=event.time_zone,
        registered_at=recorded.recorded_at,
        version=recorded.version,
        position=recorded.position,
    )


def _changed(row: UserRow, event: Any) -> UserRow:
    match event:
        case User.EmailVerified():
            row = row._replace(email_verified=True)
        case User.ProfileChanged(name=name, time_zone=time_zone):
            row = row._replace(name=name, time_zone=time_zone)
        case User.RoleGranted(role=role):
            row = row._replace(roles=tuple(sorted({*row.roles, role})))
        case User.RoleRevoked(role=role):
            row = row._replace(roles=tuple(one for one in row.roles if one != role))
        case User.Suspended() if row.status is not UserStatus.ERASED:
            row = row._replace(status=UserStatus.SUSPENDED)
        case User.Reinstated() if row.status is not UserStatus.ERASED:
            row = row._replace(status=UserStatus.ACTIVE)
        case User.Erased():
            row = row._replace(status=UserStatus.ERASED)
    return row

"""What accounts need, in memory: credentials, passwords, sessions and mailed tokens."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import scrypt, sha256
from uuid import UUID

from application.errors import TokenInvalid
from application.ports import ApiKey, Clock, Credential
from tests.fakes.world import Session, Token, World


@dataclass(frozen=True)
class MemoryCredentials:
    world: World

    def put(self, claim_id: UUID, credential: Credential) -> None:
        with self.world.turn:
            for claim, known in list(self.world.credentials.items()):
                if known.user_id == credential.user_id:
                    del self.world.credentials[claim]
            self.world.credentials[claim_id] = credential

    def find(self, claim_id: UUID) -> Credential | None:
        return self.world.credentials.get(claim_id)


class CheapPasswords:
    """A real salted hash, with so little work in it that tests need not wait."""

    def hash(self, password: str) -> str:
        salt = secrets.token_hex(8)
        return f"{salt}:{self._digest(password, salt)}"

    def matches(self, password: str, password_hash: str | None) -> bool:
        salt, _, digest = (password_hash or "nobody's:hash").partition(":")
        return hmac.compare_digest(self._digest(password, salt), digest)

    def _digest(self, password: str, salt: str) -> str:
        return scrypt(password.encode(), salt=salt.encode(), n=2, r=1, p=1).hex()


@dataclass(frozen=True)
class MemorySessions:
    world: World
    clock: Clock

    def open(self, user_id: UUID, *, device: str, lifetime: timedelta) -> str:
        token = secrets.token_urlsafe(32)
        self.world.sessions[_hashed(token)] = Session(user_id, device, self.clock.now() + lifetime)
        return token

    def revoke(self, token: str) -> None:
        self.world.sessions.pop(_hashed(token), None)

    def extend(self, token: str, lifetime: timedelta) -> bool:
        with self.world.turn:
            if self.user(token) is None:
                return False
            session = self.world.sessions[_hashed(token)]
            self.world.sessions[_hashed(token)] = replace(session, expires_at=self.clock.now() + lifetime)
        return True

    def end(self, user_id: UUID, session_id: UUID) -> bool:
        with self.world.turn:
            ended = [
                token
                for token, session in self.world.sessions.items()
                if (session.user_id, session.session_id) == (user_id, session_id)
                and session.expires_at > self.clock.now()
            ]
            for token in ended:
                del self.world.sessions[token]
        return bool(ended)

    def revoke_all(self, user_id: UUID) -> None:
        with self.world.turn:
            for token, session in list(self.world.sessions.items()):
                if session.user_id == user_id:
                    del self.world.sessions[token]

    def user(self, token: str) -> UUID | None:
        """Whose session this token is, as a query would find it."""
        session = self.world.sessions.get(_hashed(token))
        return session.user_id if session and session.expires_at > self.clock.now() else None


@dataclass(frozen=True)
class MemoryApiKeys:
    world: World

    def issue(self, key: ApiKey) -> str | None:
        with self.world.turn:
            if any(known.key_id == key.key_id for known in self.world.api_keys.values()):
                return None
            issued = f"sis_{secrets.token_urlsafe(32)}"
            self.world.api_keys[_hashed(issued)] = key
        return issued

    def count(self, user_id: UUID) -> int:
        return sum(known.user_id == user_id for known in self.world.api_keys.values())

    def revoke(self, user_id: UUID, key_id: UUID) -> bool:
        return self._revoke(lambda known: (known.user_id, known.key_id) == (user_id, key_id))

    def revoke_all(self, user_id: UUID) -> None:
        self._revoke(lambda known: known.user_id == user_id)

    def user(self, key: str) -> UUID | None:
        """Whose key this is."""
        known = self.world.api_keys.get(_hashed(key))
        return known.user_id if known else None

    def _revoke(self, wanted: Callable[[ApiKey], bool]) -> bool:
        with self.world.turn:
            gone = [name for name, known in self.world.api_keys.items() if wanted(known)]
            for name in gone:
                del self.world.api_keys[name]
        return bool(gone)


@dataclass(frozen=True)
class MemoryTokens:
    world: World
    clock: Clock

    def issue(self, purpose: str, user_id: UUID, lifetime: timedelta) -> str:
        token = secrets.token_urlsafe(32)
        self.world.tokens[_hashed(token)] = Token(purpose, user_id, self.clock.now() + lifetime)
        return token

    def redeem(self, purpose: str, token: str) -> UUID:
        with self.world.turn:
            known = self.world.tokens.get(_hashed(token))
            if known is None or known.purpose != purpose or known.expires_at <= self.clock.now():
                raise TokenInvalid
            del self.world.tokens[_hashed(token)]
        return known.user_id

    def withdraw(self, purpose: str, user_id: UUID) -> None:
        with self.world.turn:
            for token, known in list(self.world.tokens.items()):
                if (known.purpose, known.user_id) == (purpose, user_id):
                    del self.world.tokens[token]


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()

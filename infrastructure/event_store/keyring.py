"""Sealing personal texts, each with its owner's key: destroying the key forgets them wherever they lie."""

import base64
import os
import time
from binascii import a2b_base64
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.personal import ERASED, Personal
from infrastructure.postgres.database import Database

KEY_LENGTH = 32
"""In bytes: AES-256."""
CACHE_SECONDS = 60
"""How long a key may be used without looking whether it still exists (docs/architecture.md, The event store)."""
_CACHE_SIZE = 10_000
_REWRAPPED_AT_ONCE = 1000
_NONCE_LENGTH = 12
_KEY_ID_LENGTH = 16
_FINGERPRINT_LENGTH = 4
_PREFIX = "sealed:1:"
_ID = slice(len(_PREFIX), len(_PREFIX) + 32)
_SEALED = slice(len(_PREFIX) + 33, None)
"""Where in a sealed text its parts are."""

Name = TypeVar("Name")
Key = TypeVar("Key", AESGCM, AESGCM | None)
Cache = dict[Name, tuple[Key, float]]
"""Keys with the moment of the monotonic clock until which they may be used."""


class KeyDestroyed(Exception):
    """Nothing more can be sealed for this owner: their key was destroyed."""

    def __init__(self, key_id: UUID) -> None:
        super().__init__(key_id)
        self.key_id = key_id


class WrongMasterKey(Exception):
    """A stored key cannot be unwrapped: MASTER_KEY is not the one that wrapped it."""


class Keyring:
    """Data keys, one an owner, kept in `stage.data_keys` wrapped by the master key.

    A sealed text is `sealed:1:<key id>:<base64url of nonce and ciphertext>` (AES-256-GCM, the key's id
    authenticated). A wrapped key is four bytes of the master key's SHA-256, to tell which one wrapped it,
    then nonce and ciphertext.
    """

    def __init__(
        self, database: Database, master_key: bytes, previous_master_key: bytes | None = None
    ) -> None:
        """Keys wrapped by the previous master key open too, so that one can follow the other without a pause."""
        self._database = database
        self._fingerprint = _fingerprint(master_key)
        self._masters = {self._fingerprint: AESGCM(master_key)}
        if previous_master_key is not None:
            self._masters.setdefault(_fingerprint(previous_master_key), AESGCM(previous_master_key))
        self._cache: Cache[UUID, AESGCM | None] = {}
        self._unwrapped_before: Cache[bytes, AESGCM] = {}
        self._opened: dict[str, str] = {}
        self._opened_until = 0.0

    def seal(self, key_id: UUID, text: str) -> str:
        """The text as only this key opens it; the first use makes the key. Raises KeyDestroyed."""
        nonce = os.urandom(_NONCE_LENGTH)
        sealed = self._sealing_key(key_id).encrypt(nonce, text.encode(), key_id.bytes)
        return f"{_PREFIX}{key_id.hex}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def seal_personal(self, key_id: UUID, text: Personal) -> str:
        """The same; what this key has sealed already stays as it is sealed."""
        if isinstance(text, Sealed) and text.token.startswith(f"{_PREFIX}{key_id.hex}:"):
            self._sealing_key(key_id)
            return text.token
        return self.seal(key_id, text.text)

    def open(self, token: str) -> str:
        """The text that was sealed, or ERASED once its key is destroyed."""
        key_id, sealed = _parts(token)
        key = self._opening_key(UUID(bytes=key_id))
        return ERASED if key is None else _decrypted(key, key_id, sealed)

    def open_wrapped(self, wrapped: bytes | None, token: str) -> str:
        """The same without looking the key up: `wrapped` was selected beside the token, None if destroyed."""
        if wrapped is None:
            return ERASED
        if time.monotonic() > self._opened_until:
            self._opened.clear()
            self._opened_until = time.monotonic() + CACHE_SECONDS
        if (text := self._opened.get(token)) is None:
            text = self._opened_now(wrapped, token)
            if len(self._opened) < _CACHE_SIZE:
                self._opened[token] = text  # lists show the same texts again and again
        return text

    def _opened_now(self, wrapped: bytes, token: str) -> str:
        key_id, sealed = _parts(token)
        key, until = self._unwrapped_before.get(wrapped, (None, 0.0))
        if key is None or until < time.monotonic():
            key = self._unwrapped(UUID(bytes=key_id), wrapped)
            _keep(self._unwrapped_before, wrapped, key)
        return _decrypted(key, key_id, sealed)

    def seal_bytes(self, key_id: UUID, content: bytes, about: bytes) -> bytes:
        """The same for bytes, which open only together with what they are `about`. Raises KeyDestroyed."""
        nonce = os.urandom(_NONCE_LENGTH)
        sealed = self._sealing_key(key_id).encrypt(nonce, content, key_id.bytes + about)
        return key_id.bytes + nonce + sealed

    def open_bytes(self, sealed: bytes, about: bytes) -> bytes | None:
        """What seal_bytes sealed; None once its key is destroyed. Raises InvalidTag if it is about other things."""
        key_id, nonce = sealed[:_KEY_ID_LENGTH], sealed[_KEY_ID_LENGTH:][:_NONCE_LENGTH]
        if len(nonce) < _NONCE_LENGTH:
            raise InvalidTag
        key = self._opening_key(UUID(bytes=key_id))
        content = sealed[_KEY_ID_LENGTH + _NONCE_LENGTH :]
        return None if key is None else key.decrypt(nonce, content, key_id + about)

    def destroy(self, key_id: UUID) -> None:
        """Forget everything sealed with this key or with those attached to it, for ever.

        A key that never was can never be made.
        """
        with self._database.transaction():
            self._database.execute(
                """
                INSERT INTO stage.data_keys (key_id, wrapped, destroyed_at)
                VALUES (%s, NULL, clock_timestamp())
                ON CONFLICT (key_id) DO UPDATE
                SET wrapped = NULL, destroyed_at = coalesce(data_keys.destroyed_at, clock_timestamp())
                """,
                [key_id],
            )
            # Whoever attaches a key locks this one: it was waited for, and is seen by now, or sees that it is gone.
            self._database.execute(
                """
                UPDATE stage.data_keys SET wrapped = NULL, destroyed_at = clock_timestamp()
                WHERE attached_to = %s AND destroyed_at IS NULL
                """,
                [key_id],
            )
            self._database.after_commit(lambda: self._remember(key_id, None))

    def rewrap(self) -> int:
        """Wrap every key with the master key that is not wrapped by it yet; how many those were.

        What is sealed stays as it is. Raises WrongMasterKey at a key that neither master key has wrapped.
        """
        done = 0
        while rows := self._wrapped_otherwise():
            for key_id, wrapped in rows:
                key = self._unwrapped_bytes(key_id, wrapped)
                # A key destroyed meanwhile stays destroyed.
                done += self._database.execute(
                    "UPDATE stage.data_keys SET wrapped = %b WHERE key_id = %s AND wrapped = %b",
                    [self._wrapped(key_id, key), key_id, wrapped],
                )
        return done

    def _wrapped_otherwise(self) -> list[tuple[UUID, bytes]]:
        with self._database.connection() as connection:
            return connection.execute(
                "SELECT key_id, wrapped FROM stage.data_keys WHERE substr(wrapped, 1, %s) <> %b LIMIT %s",
                [_FINGERPRINT_LENGTH, self._fingerprint, _REWRAPPED_AT_ONCE],
            ).fetchall()

    def lend(self, key_id: UUID, lifetime: timedelta) -> None:
        """Make a key that is destroyed after this time, unless somebody turns out to own it.

        One that is there already stays as it is.
        """
        self._database.execute(
            """
            INSERT INTO stage.data_keys (key_id, wrapped, lent_until)
            VALUES (%s, %s, clock_timestamp() + %s)
            ON CONFLICT (key_id) DO NOTHING
            """,
            [key_id, self._wrapped(key_id, AESGCM.generate_key(KEY_LENGTH * 8)), lifetime],
        )

    def attach(self, key_id: UUID, to: UUID) -> None:
        """From now on a lent key is destroyed with another one, at once if that is destroyed already."""
        with self._database.transaction():
            # Nobody destroys the other one between this look and the commit.
            row = self._database.one(
                "SELECT destroyed_at FROM stage.data_keys WHERE key_id = %s FOR SHARE", [to]
            )
            self._database.execute(
                """
                UPDATE stage.data_keys SET attached_to = %s, lent_until = NULL
                WHERE key_id = %s AND attached_to IS NULL AND destroyed_at IS NULL
                """,
                [to, key_id],
            )
            if row and row[0]:
                self.destroy(key_id)

    def destroy_lent(self) -> int:
        """Destroy the lent keys whose time is over; how many there were."""
        return self._database.execute(
            """
            UPDATE stage.data_keys SET wrapped = NULL, destroyed_at = clock_timestamp(), lent_until = NULL
            WHERE lent_until <= clock_timestamp()
            """
        )

    def learn(self, key_id: UUID, wrapped: bytes | None) -> None:
        """A key that was just selected beside something else, None if it is destroyed."""
        if wrapped is None or not self._cached(key_id):
            self._remember(key_id, None if wrapped is None else self._unwrapped(key_id, wrapped))

    def _sealing_key(self, key_id: UUID) -> AESGCM:
        if cached := self._cached(key_id):
            key = cached[0]
        else:
            fresh = self._wrapped(key_id, AESGCM.generate_key(KEY_LENGTH * 8))
            row = self._database.one(
                """
                INSERT INTO stage.data_keys (key_id, wrapped) VALUES (%s, %s)
                ON CONFLICT (key_id) DO UPDATE SET key_id = excluded.key_id
                RETURNING wrapped
                """,
                [key_id, fresh],
            )
            key = self._unwrapped(key_id, row[0]) if row and row[0] else None
            # A key made in a transaction that is rolled back must not be used by anybody afterwards.
            self._database.after_commit(lambda: self._remember(key_id, key))
        if key is None:
            raise KeyDestroyed(key_id)
        return key

    def _opening_key(self, key_id: UUID) -> AESGCM | None:
        if cached := self._cached(key_id):
            return cached[0]
        row = self._database.one("SELECT wrapped FROM stage.data_keys WHERE key_id = %s", [key_id])
        key = self._unwrapped(key_id, row[0]) if row and row[0] else None
        if row:
            self._database.after_commit(lambda: self._remember(key_id, key))
        return key

    def _cached(self, key_id: UUID) -> tuple[AESGCM | None, float] | None:
        cached = self._cache.get(key_id)
        return cached if cached and time.monotonic() < cached[1] else None

    def _remember(self, key_id: UUID, key: AESGCM | None) -> None:
        _keep(self._cache, key_id, key)
        if key is None:
            self._unwrapped_before.clear()
            self._opened.clear()

    def _wrapped(self, key_id: UUID, key: bytes) -> bytes:
        nonce = os.urandom(_NONCE_LENGTH)
        return self._fingerprint + nonce + self._masters[self._fingerprint].encrypt(nonce, key, key_id.bytes)

    def _unwrapped(self, key_id: UUID, wrapped: bytes) -> AESGCM:
        return AESGCM(self._unwrapped_bytes(key_id, wrapped))

    def _unwrapped_bytes(self, key_id: UUID, wrapped: bytes) -> bytes:
        nonce = wrapped[_FINGERPRINT_LENGTH : _FINGERPRINT_LENGTH + _NONCE_LENGTH]
        try:
            master = self._masters[wrapped[:_FINGERPRINT_LENGTH]]
            return master.decrypt(nonce, wrapped[_FINGERPRINT_LENGTH + _NONCE_LENGTH :], key_id.bytes)
        except (KeyError, InvalidTag):
            raise WrongMasterKey from None


class Sealed(Personal):
    """A personal text as it was stored; it is opened only when somebody asks for it."""

    __slots__ = ("_keyring", "token")

    def __init__(self, token: str, keyring: Keyring) -> None:
        self.token = token
        self._keyring = keyring

    @property
    def text(self) -> str:
        return self._keyring.open(self.token)


def _fingerprint(master_key: bytes) -> bytes:
    """Tells which master key wrapped a key."""
    return sha256(master_key).digest()[:_FINGERPRINT_LENGTH]


def is_sealed(text: str) -> bool:
    """Whether this is a sealed text, and not a clear one that was never meant to be stored."""
    return text.startswith(_PREFIX)


def _keep(cache: Cache[Name, Key], name: Name, key: Key) -> None:
    if len(cache) >= _CACHE_SIZE:
        cache.clear()
    cache[name] = key, time.monotonic() + CACHE_SECONDS


def _parts(token: str) -> tuple[bytes, bytes]:
    """The key's id, and nonce with ciphertext. A list opens hundreds of texts, so nothing is parsed twice."""
    if not is_sealed(token):
        raise ValueError("not a sealed text")
    return bytes.fromhex(token[_ID]), a2b_base64(token[_SEALED].replace("-", "+").replace("_", "/"))


def _decrypted(key: AESGCM, key_id: bytes, sealed: bytes) -> str:
    return key.decrypt(sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], key_id).decode()

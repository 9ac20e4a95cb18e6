"""Hashing passwords with Argon2id, slow on purpose."""

import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY


class Argon2Passwords:
    """Argon2id with the second recommended parameters of RFC 9106: 64 MiB, three passes."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._nobodys = _unmatched(self._hasher)

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Checks against somebody's hash or, taking as long, against nobody's."""
        try:
            self._hasher.verify(password_hash or self._nobodys, password)
        except VerificationError:
            return False
        return password_hash is not None


def _unmatched(hasher: PasswordHasher) -> str:
    """A hash of no password at all, which takes as long to check as any other, and none to make."""
    salt, digest = (
        b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"

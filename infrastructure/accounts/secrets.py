"""Opaque tokens: shown once to whoever they are for, and kept only as hashes."""

import secrets
from hashlib import sha256

TOKEN_BYTES = 32
"""256 random bits: nothing that could be guessed, so a plain hash is enough."""
TOKEN_LENGTH = 43
"""Characters that they take in base64."""


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode()).digest()

"""The ids of things that requests create: repeated under the same Idempotency-Key, a request meets its own.

Without a key every request is a new one.
"""

import hmac
from hashlib import sha256
from typing import Annotated
from uuid import UUID, uuid4, uuid5

from litestar.params import HeaderParameter

KEY_LENGTH = 200

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=KEY_LENGTH,
        description="A random text of the client's own, such as a UUID. Sent again with the same key, "
        "this request creates nothing more and is answered as it was the first time, for 24 hours.",
    ),
]


def created_id(user_id: UUID, route: str, key: str | None) -> UUID:
    """The id of what a user's request creates; `route` tells requests to different addresses apart."""
    return uuid4() if key is None else uuid5(user_id, f"{route} {key}")


def strangers_id(about: str, route: str, key: str | None, secret: bytes) -> UUID:
    """The same for somebody who is not signed in.

    All strangers share their keys, so `about`, which tells them apart, is part of the id; by its secret
    the id does not tell what it was made from.
    """
    if key is None:
        return uuid4()
    name = hmac.new(secret, f"{route}\0{key}\0{about}".encode(), sha256).hexdigest()
    return uuid5(UUID(int=0), name)

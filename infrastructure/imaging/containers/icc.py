"""Where an ICC profile ends, and whether it is one at all (ICC.1:2022, 7.2), so that nothing hides in its place."""

_SMALLEST = 132
"""Bytes of a header and of the number of tags."""
_SIGNATURE, _SIGNED = slice(36, 40), b"acsp"


def profile_in(content: bytes) -> bytes:
    """The profile without what follows it; nothing if the content is none. Some say to be longer than they are."""
    size = int.from_bytes(content[:4], "big")
    return content[:size] if size >= _SMALLEST and content[_SIGNATURE] == _SIGNED else b""

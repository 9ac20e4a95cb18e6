"""The thirty lines of docs/auditing.md, run as an auditor runs them: elsewhere, with nothing of ours."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAGE = Path(__file__).parents[3] / "docs" / "auditing.md"
PROGRAM = PAGE.read_text(encoding="utf-8").partition("```\n")[2].partition("```")[0]


def public(key: bytes) -> str:
    """As `stage events anchor` prints it."""
    return Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw().hex()


def checked(
    lines: Sequence[str], *, anchors: Sequence[str] = (), key: str = public(b"k" * 32)
) -> "subprocess.CompletedProcess[str]":
    """What the program says about an export, and about the anchors that are given with it."""
    return subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, key],
        input="\n".join([*anchors, *lines]),
        text=True,
        capture_output=True,
        check=False,
    )

"""A verifier as somebody would write it who has docs/verifying.md and nothing else: it imports none of our code.

`python outsider.py EXPORT ANCHORS_FOLDER PUBLIC_KEY` prints what it finds, and exits with 1 if there is any.
"""

import base64
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Event = dict[str, Any]


def number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def moment(text: str) -> bytes:
    return number(
        (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    )


def fields(*values: bytes | None) -> bytes:
    return b"".join(
        b"\xff\xff\xff\xff" if value is None else len(value).to_bytes(4, "big") + value for value in values
    )


def stored(event: Event, name: str) -> bytes:
    return (
        base64.b64decode(event[f"{name}_base64"])
        if f"{name}_base64" in event
        else event.get(name, "").encode()
    )


def hashed(event: Event, previous: bytes) -> bytes:
    owner = UUID(event["owner"]).bytes if event.get("owner") else None
    return sha256(
        previous
        + fields(
            *(number(event["position"]), UUID(event["stream_id"]).bytes, number(event["version"])),
            *(event["topic"].encode(), stored(event, "state"), stored(event, "metadata")),
            *(owner, moment(event["recorded_at"])),
        )
    ).digest()


def anchored(folder: Path, key: Ed25519PublicKey) -> tuple[dict[int, bytes], int]:
    leaves: dict[int, bytes] = {}
    before, last, count = bytes(32), 0, 0
    for expected, file in enumerate(sorted(folder.glob("anchors/*.json")), start=1):
        one = json.loads(file.read_text())
        covered = base64.b64decode(one["leaves"])
        root = sha256(covered).digest()
        count += len(covered) // 40
        told = fields(
            *(
                number(one["number"]),
                number(one["position"]),
                number(one["events"]),
                root,
                moment(one["made_at"]),
            )
        )
        before = sha256(before + told).digest()
        assert (one["number"], one["events"], one["hash"]) == (expected, count, before.hex())
        key.verify(bytes.fromhex(one["signature"]), before)
        pieces = [covered[at : at + 40] for at in range(0, len(covered), 40)]
        new = {int.from_bytes(piece[:8], "big"): piece[8:] for piece in pieces}
        assert all(last < at <= one["position"] for at in new)
        leaves |= new
        last = one["position"]
    return leaves, last


def findings(events: Iterable[Event], leaves: dict[int, bytes], last: int) -> Iterator[str]:
    latest: dict[str, bytes] = {}
    for event in events:
        at, stream = event["position"], event["stream_id"]
        expected = leaves.pop(at, None) if at <= last else bytes.fromhex(event["hash"])
        computed = hashed(event, latest.get(stream, bytes(32)))
        if not expected == computed == bytes.fromhex(event["hash"]):
            yield f"position {at} is not what was anchored"
        latest[stream] = expected or bytes.fromhex(event["hash"])
    yield from (f"position {at} is gone" for at in leaves)


if __name__ == "__main__":
    export, folder, digits = sys.argv[1:]
    proven = anchored(Path(folder), Ed25519PublicKey.from_public_bytes(bytes.fromhex(digits)))
    found = list(findings(map(json.loads, Path(export).read_text().splitlines()), *proven))
    print("\n".join(found))
    sys.exit(bool(found))

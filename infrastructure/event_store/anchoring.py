"""Making anchors of the log up to the gap-safe position, keeping them in the database and exporting them."""

from datetime import UTC
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.errors import UniqueViolation

from infrastructure.event_store import anchors
from infrastructure.event_store.anchor_files import AnchorFiles
from infrastructure.event_store.anchors import Anchor, ExportedAnchor, Hexadecimal
from infrastructure.event_store.reader import Watermark
from infrastructure.postgres.database import Database

LEAVES = 100_000
"""The most that one anchor covers, so that none is too large to handle."""

_COLUMNS = "number, position, events, root, made_at, hash, signature"
_NEWEST = f"SELECT {_COLUMNS} FROM event_store.anchors ORDER BY number DESC LIMIT 1"  # noqa: S608 - constant
_NUMBERED = f"SELECT {_COLUMNS} FROM event_store.anchors WHERE number = %s"  # noqa: S608 - constant
_INSERT = f"INSERT INTO event_store.anchors ({_COLUMNS}) VALUES (%s, %s, %s, %b, %s, %b, %b)"  # noqa: S608 - constant
_LEAVES = """
    SELECT count(*), max(position), string_agg(int8send(position) || hash, '' ORDER BY position)
    FROM (
        SELECT position, hash FROM event_store.events
        WHERE position > %s AND position <= %s ORDER BY position LIMIT %s
    ) AS covered
"""


class LogChanged(Exception):
    """What an anchor covers has changed since it was made, so it cannot be exported: see `stage events verify`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Anchoring:
    """Any process may do it; of two at once one finds that the other has."""

    def __init__(
        self, database: Database, watermark: Watermark, files: AnchorFiles, key: Ed25519PrivateKey
    ) -> None:
        self._database = database
        self._watermark = watermark
        self._files = files
        self._key = key

    def anchor(self) -> list[Anchor]:
        """Anchor all news there are, then export whatever is not exported yet. The anchors made.

        Raises LogChanged or OtherAnchorExported, and what the object store raises when it is away: then the
        next call exports.
        """
        made = []
        safe = self._watermark.next()
        while (one := self._made(safe)) is not None:
            made.append(one)
        self._export()
        return made

    def close(self) -> None:
        """Wait for nothing any more."""
        self._watermark.close()

    def _made(self, safe: int) -> Anchor | None:
        previous = self._anchor(_NEWEST)
        begins = previous.position if previous else 0
        count, last, leaves = self._leaves(begins, safe)
        if not count:
            return None
        reached = last if count == LEAVES else safe
        made = anchors.signed(self._key, previous, leaves, reached, self._database.now())
        kept = (made.number, made.position, made.events, made.root, made.made_at, made.hash, made.signature)
        try:
            self._database.execute(_INSERT, kept)
        except UniqueViolation:  # somebody else anchors at the same time
            return None
        return made

    def _export(self) -> None:
        """The newest first is looked for; those after the last one exported follow in order."""
        waiting: list[Anchor] = []
        newest = self._anchor(_NEWEST)
        while newest is not None and not self._files.has(newest.number):
            waiting.append(newest)
            newest = self._anchor(_NUMBERED, newest.number - 1)
        for anchor in reversed(waiting):
            self._files.put(self._with_leaves(anchor, newest))
            newest = anchor

    def _with_leaves(self, anchor: Anchor, previous: Anchor | None) -> ExportedAnchor:
        _, _, leaves = self._leaves(previous.position if previous else 0, anchor.position)
        if sha256(leaves).digest() != anchor.root:
            raise LogChanged(anchor.number)
        return ExportedAnchor(
            **{name: getattr(anchor, name) for name in Anchor.__struct_fields__}, leaves=leaves
        )

    def _leaves(self, after: int, upto: int) -> tuple[int, int, bytes]:
        """How many there are, the last one's position, and all of them, one after the other."""
        with self._database.connection() as connection:
            ((count, last, leaves),) = connection.execute(
                _LEAVES, [after, upto, LEAVES], binary=True
            ).fetchall()
        return count, last or 0, leaves or b""

    def _anchor(self, statement: str, *parameters: int) -> Anchor | None:
        row = self._database.one(statement, parameters)
        if row is None:
            return None
        number, position, events, root, made_at, digest, signature = row
        return Anchor(
            number=number,
            position=position,
            events=events,
            root=Hexadecimal(root),
            made_at=made_at.astimezone(UTC),
            hash=Hexadecimal(digest),
            signature=Hexadecimal(signature),
        )

"""Anchors outside of the database: one file each, in an object store or a folder."""

import re
from collections.abc import Iterator

import msgspec
import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import ObjectStore

from infrastructure.event_store import anchors
from infrastructure.event_store.anchors import AnchorBroken, ExportedAnchor
from infrastructure.storage.object_store import there

FOLDER = "anchors"
_NAME = re.compile(rf"{FOLDER}/(\d{{12}})\.json")


class OtherAnchorExported(Exception):
    """An anchor of this number was exported before, and it is another one. Somebody changed the database."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class AnchorFiles:
    """`anchors/000000000001.json` and so on. A file is written once and never again."""

    def __init__(self, store: ObjectStore) -> None:
        self._opened = store

    @property
    def _store(self) -> ObjectStore:
        return there(self._opened)

    def put(self, anchor: ExportedAnchor) -> None:
        """Export it; again it changes nothing. Raises OtherAnchorExported."""
        file = anchors.encode(anchor)
        try:
            obstore.put(self._store, _path(anchor.number), file, mode="create")
        except AlreadyExistsError:
            if self._file(anchor.number) != file:
                raise OtherAnchorExported(anchor.number) from None

    def has(self, number: int) -> bool:
        try:
            obstore.head(self._store, _path(number))
        except FileNotFoundError:
            return False
        return True

    def all(self) -> Iterator[ExportedAnchor]:
        """In the order of their numbers. Raises AnchorBroken for a file that is none, or another one's."""
        for number in sorted(self._numbers()):
            try:
                anchor = anchors.decode(self._file(number))
            except msgspec.DecodeError as error:
                raise AnchorBroken(number, f"its file is damaged: {error}") from None
            if anchor.number != number:
                raise AnchorBroken(number, f"its file holds anchor {anchor.number}")
            yield anchor

    def _numbers(self) -> Iterator[int]:
        """Of the files that are named as anchors are; others may lie beside them."""
        for some in obstore.list(self._store, prefix=FOLDER):
            for found in some:
                if named := _NAME.fullmatch(found["path"]):
                    yield int(named[1])

    def _file(self, number: int) -> bytes:
        return bytes(obstore.get(self._store, _path(number)).bytes())


def _path(number: int) -> str:
    return f"{FOLDER}/{number:012}.json"

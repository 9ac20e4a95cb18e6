"""A folder that is missing is a store that is away: nobody takes it for empty, and nobody makes it anew."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from obstore.exceptions import GenericError

from application.pictures import ORIGINALS
from infrastructure.delivering.signed_links import SignedLinks
from infrastructure.event_store.anchor_files import AnchorFiles
from infrastructure.event_store.anchors import ExportedAnchor, Hexadecimal
from infrastructure.storage.incoming import ObjectIncoming
from infrastructure.storage.object_store import object_store
from infrastructure.storage.pictures import ObjectPictures

ANN, UPLOAD = UUID(int=1), UUID(int=2)
NAME = "a" * 64
ANCHOR = ExportedAnchor(
    number=1,
    position=1,
    events=1,
    leaves=bytes(40),
    root=Hexadecimal(bytes(32)),
    made_at=datetime(2026, 3, 1, tzinfo=UTC),
    hash=Hexadecimal(bytes(32)),
    signature=Hexadecimal(bytes(64)),
)

Act = Callable[[ObjectPictures, ObjectIncoming, AnchorFiles], object]


@pytest.mark.parametrize(
    "act",
    [
        lambda pictures, _incoming, _anchors: pictures.put(ANN, ORIGINALS, b"photo", "image/jpeg"),
        lambda pictures, _incoming, _anchors: pictures.get(ANN, ORIGINALS, NAME),
        lambda pictures, _incoming, _anchors: pictures.has(ANN, ORIGINALS, NAME),
        lambda pictures, _incoming, _anchors: pictures.delete(ANN, ORIGINALS, NAME),
        lambda _pictures, incoming, _anchors: incoming.put(ANN, UPLOAD, b"photo"),
        lambda _pictures, incoming, _anchors: incoming.get(ANN, UPLOAD),
        lambda _pictures, incoming, _anchors: incoming.remove_abandoned(timedelta(hours=1)),
        lambda _pictures, _incoming, anchors: anchors.put(ANCHOR),
        lambda _pictures, _incoming, anchors: anchors.has(1),
        lambda _pictures, _incoming, anchors: list(anchors.all()),
    ],
)
def test_while_its_folder_is_missing_a_store_is_away(tmp_path: Path, act: Act) -> None:
    folder = tmp_path / "pictures"
    pictures = ObjectPictures(folder.as_uri())
    incoming = ObjectIncoming(object_store(folder.as_uri()), SignedLinks("https://stage.test", "s" * 40))
    anchors = AnchorFiles(object_store(folder.as_uri()))
    missing = folder.rename(tmp_path / "missing")
    with pytest.raises(GenericError):
        act(pictures, incoming, anchors)
    assert not folder.exists()

    missing.rename(folder)
    anchors.put(ANCHOR)
    incoming.put(ANN, UPLOAD, b"photo")
    name = pictures.put(ANN, ORIGINALS, b"photo", "image/jpeg")
    assert (anchors.has(1), incoming.get(ANN, UPLOAD)) == (True, b"photo")
    assert pictures.get(ANN, ORIGINALS, name) == b"photo"

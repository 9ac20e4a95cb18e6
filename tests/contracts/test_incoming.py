"""What the place does where photos wait that clients put there themselves."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from application.errors import PhotoNotArrived
from application.photos import PHOTO_BYTES, PhotoTooLarge
from application.ports import IncomingPhotos
from infrastructure.delivering.signed_links import SignedLinks
from infrastructure.storage.incoming import ObjectIncoming
from infrastructure.storage.object_store import object_store
from tests.fakes.clock import SettableClock
from tests.fakes.incoming import MemoryIncoming

ANN, BOB, UPLOAD = UUID(int=1), UUID(int=2), UUID(int=3)
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "real"])
def incoming(request: pytest.FixtureRequest, tmp_path: Path) -> IncomingPhotos:
    if request.param == "memory":
        return MemoryIncoming(SettableClock())
    store = object_store(tmp_path.as_uri())
    return ObjectIncoming(store, SignedLinks("https://stage.test", "s" * 40))


def test_what_was_put_waits_for_its_owner(incoming: IncomingPhotos) -> None:
    incoming.put(ANN, UPLOAD, b"first")
    incoming.put(ANN, UPLOAD, b"photo")

    assert incoming.get(ANN, UPLOAD) == b"photo"
    with pytest.raises(PhotoNotArrived):
        incoming.get(BOB, UPLOAD)


def test_what_is_deleted_never_arrived(incoming: IncomingPhotos) -> None:
    incoming.put(ANN, UPLOAD, b"photo")
    for _ in range(2):
        incoming.delete(ANN, UPLOAD)

    with pytest.raises(PhotoNotArrived):
        incoming.get(ANN, UPLOAD)


def test_all_that_waits_for_an_owner_is_cleared_and_nothing_of_anothers(incoming: IncomingPhotos) -> None:
    for owner in (ANN, BOB):
        incoming.put(owner, UPLOAD, b"photo")

    assert (incoming.clear(ANN), incoming.clear(ANN)) == (1, 0)
    assert incoming.get(BOB, UPLOAD) == b"photo"


def test_nothing_at_all_arrives_too(incoming: IncomingPhotos) -> None:
    incoming.put(ANN, UPLOAD, b"")

    assert incoming.get(ANN, UPLOAD) == b""


def test_more_than_a_photo_may_have_is_not_read(incoming: IncomingPhotos) -> None:
    incoming.put(ANN, UPLOAD, bytes(PHOTO_BYTES + 1))

    with pytest.raises(PhotoTooLarge):
        incoming.get(ANN, UPLOAD)


def test_what_may_still_be_completed_is_not_removed(incoming: IncomingPhotos) -> None:
    incoming.put(ANN, UPLOAD, b"photo")

    assert incoming.remove_abandoned(HOUR) == 0
    assert incoming.remove_abandoned(-2 * HOUR) == 1
    with pytest.raises(PhotoNotArrived):
        incoming.get(ANN, UPLOAD)


def test_a_bucket_signs_its_own_links(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "eu-central-1"),
    ):
        monkeypatch.setenv(name, value)
    bucket = ObjectIncoming(object_store("s3://photos"), SignedLinks("https://stage.test", "s" * 40))

    url = bucket.url(ANN, UPLOAD, HOUR)

    assert f"/incoming/{ANN}/{UPLOAD}?" in url
    assert url.startswith("https://")
    assert "X-Amz-Expires=3600" in url
    assert "X-Amz-Signature=" in url

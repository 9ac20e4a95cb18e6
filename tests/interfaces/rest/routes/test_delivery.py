"""The ZIP of a job's staged photos."""

import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from application.errors import PictureNotFound
from domain.brief import Label, Preset
from infrastructure.delivering.archive import Delivery
from infrastructure.delivering.names import Naming, stem
from infrastructure.delivering.signed_links import SignedLinks
from infrastructure.queries.jobs import StagedPhoto
from infrastructure.storage.pictures import ObjectPictures

MEGABYTE = 1_000_000
LINKS = SignedLinks("https://stage.test", "s" * 40)


def unlabelled(_sha256: str, _label: Label) -> AsyncIterator[bytes]:
    raise LookupError("nothing here is altered")


def opened(content: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


def test_the_zip_has_every_staged_photo_under_a_sensible_name(ada: Any, photo: bytes) -> None:
    job_id = ada.submit(photos=2)
    ada.stage(job_id, photo)

    answer = ada.get(f"/jobs/{job_id}/download")

    assert answer.headers["content-type"] == "application/zip"
    assert f'filename="stage-in-seconds-{job_id}.zip"' in answer.headers["content-disposition"]
    archive = opened(answer.content)
    assert archive.namelist() == [
        "manifest.json",
        "living-room-1-enhanced.jpg",
        "living-room-2-enhanced.jpg",
    ]
    assert archive.read("living-room-1-enhanced.jpg") == photo
    assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_manifest_tells_what_each_file_was_made_from_and_by_what(ada: Any, photo: bytes) -> None:
    job_id = ada.submit()
    ada.stage(job_id, photo)

    archive = opened(ada.get(f"/jobs/{job_id}/download").content)

    (told,) = json.loads(archive.read("manifest.json"))["photos"]
    original = ada.get(f"/jobs/{job_id}/photos/{told['photo_id']}/original").content
    assert told["file"] in archive.namelist()
    assert told["original_sha256"] == hashlib.sha256(original).hexdigest()
    assert told["result_sha256"] == hashlib.sha256(archive.read(told["file"])).hexdigest()
    assert (told["engine"], told["engine_version"], told["name"]) == ("darkroom", "1", "living room.jpg")


def test_the_same_delivery_is_always_the_same_bytes(ada: Any) -> None:
    job_id = ada.submit()
    ada.stage(job_id)

    assert ada.get(f"/jobs/{job_id}/download").content == ada.get(f"/jobs/{job_id}/download").content


def test_a_job_with_nothing_staged_has_no_zip_yet(ada: Any) -> None:
    job_id = ada.submit()
    ada.followers.catch_up()

    answer = ada.get(f"/jobs/{job_id}/download")

    assert (answer.status_code, answer.json()["code"]) == (409, "job_not_ready")
    assert answer.json()["job_id"] == job_id


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Living Room.JPG", "living-room"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\hall.png", "hall"),
        ("küche & bad.heic", "küche-bad"),
        (".jpg", "jpg"),
        ("...", "photo"),
        ("", "photo"),
        ("\0\n/", "photo"),
        ("x" * 300 + ".jpg", "x" * 60),
    ],
)
def test_a_stem_has_letters_digits_and_dashes_only(name: str, expected: str) -> None:
    assert stem(name) == expected


@pytest.mark.parametrize("letter", ["a", "é", "台", "𠀀", "ẞ", "İ"])
def test_a_name_in_any_script_fits_on_every_disk(letter: str) -> None:
    name = Naming("remove_objects").labelled(30, f"{letter * 200}.jpg")

    assert name.startswith(letter.lower()[0])
    assert len(name.encode()) <= 255


def test_photos_of_the_same_name_keep_apart() -> None:
    names = {Naming("enhance").result(number, "a.jpg", "image/jpeg") for number in range(1, 31)}

    assert len(names) == 30


class Shelf(ObjectPictures):
    """Pictures of so many pieces of a megabyte, made as they are read."""

    def __init__(self, pieces: int) -> None:
        super().__init__("memory:///")
        self.pieces = pieces
        self.read = 0

    async def stream(self, _owner: UUID, _kind: str, sha256: str) -> AsyncIterator[bytes]:
        for _ in range(self.pieces):
            self.read += 1
            yield bytes(MEGABYTE)
        if sha256 == "gone":
            raise PictureNotFound(sha256)


def staged(number: int, sha256: str = "b" * 64) -> StagedPhoto:
    return StagedPhoto(
        photo_id=UUID(int=number),
        number=number,
        name="room.jpg",
        original_sha256="a" * 64,
        result_sha256=sha256,
        media_type="image/jpeg",
        original_media_type="image/jpeg",
        original_removed_at=None,
        engine="darkroom",
        engine_version="1",
        staged_at=datetime(2026, 5, 4, 9, 30, tzinfo=UTC),
        removed_at=None,
    )


def delivery(*photos: StagedPhoto) -> Delivery:
    return Delivery(uuid4(), uuid4(), Preset.ENHANCE, photos, LINKS, timedelta(days=365))


async def test_a_piece_leaves_as_soon_as_it_was_read() -> None:
    shelf = Shelf(pieces=15)
    sent = 0

    async for piece in delivery(staged(1), staged(2)).zipped(shelf, unlabelled):
        sent += len(piece)
        assert shelf.read * MEGABYTE - sent < MEGABYTE

    assert sent > 30 * MEGABYTE


async def test_the_first_bytes_come_before_any_picture_is_read() -> None:
    shelf = Shelf(pieces=1)

    first = await anext(delivery(staged(1)).zipped(shelf, unlabelled))

    assert b"manifest.json" in first
    assert shelf.read == 0


async def test_a_result_that_is_gone_breaks_the_zip_off() -> None:
    with pytest.raises(PictureNotFound):
        async for _ in delivery(staged(1, "gone")).zipped(Shelf(1), unlabelled):
            pass


def altered(**changed: Any) -> Delivery:
    photo = msgspec.structs.replace(staged(1), **changed)
    return Delivery(uuid4(), uuid4(), Preset.DAY_TO_DUSK, [photo], LINKS, timedelta(days=365), "exterior")


def test_an_original_that_browsers_cannot_show_is_shown_as_a_preview() -> None:
    delivery = altered(original_media_type="image/heic")

    page, (told,) = delivery.disclosure(), delivery.manifest()["photos"]
    assert told["original_file"] == "originals/exterior-1-original.heic"
    assert page
    assert 'src="https://stage.test/api/v1/jobs/' in page
    assert 'src="originals/' not in page


def test_an_original_that_is_no_longer_kept_is_neither_linked_nor_expected() -> None:
    delivery = altered(original_removed_at=datetime(2026, 6, 1, tzinfo=UTC))

    page, (told,) = delivery.disclosure(), delivery.manifest()["photos"]
    assert (told["original_file"], told["original_url"]) == (None, None)
    assert page
    assert "no longer kept" in page
    assert "<svg" not in page
    assert "Digitally altered" in page

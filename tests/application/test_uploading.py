"""Photos in: looked at, stripped, kept under their content, or refused without a trace."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import PhotoNotArrived
from application.photos import (
    PHOTO_BYTES,
    PhotoAnimated,
    PhotoEmpty,
    PhotoFacts,
    PhotoHasTooManyPixels,
    PhotoRejected,
    PhotoTooLarge,
    PhotoUnreadable,
    PhotoUnsupported,
    TakenIn,
)
from application.pictures import ORIGINALS, small_originals
from application.uploads import NAME_LENGTH, file_name
from domain.errors import Conflict
from domain.personal import Personal
from tests.application.people import ANN, BOB, JOB
from tests.fakes.bootstrap import Program
from tests.fakes.darkroom import MarkedDarkroom, a_photo
from tests.fakes.uploads import MemoryPictures

UPLOAD = JOB


@pytest.fixture
def program() -> Program:
    return Program()


def test_a_photo_is_kept_without_where_it_was_taken(program: Program) -> None:
    upload = program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    stored = program.pictures.get(ANN, ORIGINALS, upload.sha256)
    assert stored == b"photo of a kitchen end"
    assert upload.size == len(stored)
    assert upload.facts == PhotoFacts("image/jpeg", width=4000, height=3000)
    assert upload.name == Personal("kitchen.jpg")
    assert program.records.find(ANN, UPLOAD) == upload


def test_it_waits_two_days_for_its_job(program: Program) -> None:
    upload = program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    assert upload.expires_at == program.clock.now() + timedelta(hours=48)
    assert upload.job_id is None


def test_the_same_upload_again_is_the_first_one(program: Program) -> None:
    first = program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    program.clock.pass_by(timedelta(hours=1))
    again = program.uploads.add(UPLOAD, user_id=ANN, name="other.jpg", photo=a_photo())
    assert again == first
    assert program.pictures.count(ORIGINALS) == 1


def test_another_photo_in_place_of_the_first_is_a_conflict(program: Program) -> None:
    program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    with pytest.raises(Conflict):
        program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo("a hall"))
    assert program.pictures.count(ORIGINALS) == 1


def test_its_small_versions_are_kept_beside_it(program: Program) -> None:
    upload = program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    sizes = {size: program.pictures.get(ANN, small_originals(size), upload.sha256) for size in (1600, 400)}
    assert sizes == {1600: b"small photo of a kitchen end", 400: b"tiny photo of a kitchen end"}


def test_a_photo_that_never_arrived_is_stored_when_it_is_sent_again(program: Program) -> None:
    first = program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    program.pictures.stored.clear()
    again = program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    assert again == first
    assert program.pictures.has(ANN, ORIGINALS, first.sha256)


def test_another_photo_in_place_of_one_that_never_arrived_is_a_conflict(program: Program) -> None:
    program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    program.pictures.stored.clear()
    with pytest.raises(Conflict):
        program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo("a hall"))
    assert program.pictures.stored == {}


class FullPictures(MemoryPictures):
    def put(self, owner: UUID, kind: str, picture: bytes, media_type: str) -> str:
        raise OSError(owner, kind, len(picture), media_type)


def test_no_picture_is_stored_that_no_record_tells_of(program: Program) -> None:
    uploads = replace(program.uploads, pictures=FullPictures())
    with pytest.raises(OSError, match="originals"):
        uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    assert list(program.world.uploads) == [UPLOAD]
    program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    assert program.pictures.count(ORIGINALS) == 1


def test_the_same_photo_twice_is_stored_once_but_waits_twice(program: Program) -> None:
    for number in (UPLOAD, BOB):
        program.uploads.add(number, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    assert (program.pictures.count(ORIGINALS), len(program.world.uploads)) == (1, 2)


def test_another_user_does_not_see_it(program: Program) -> None:
    program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    assert program.records.find(BOB, UPLOAD) is None


@pytest.mark.parametrize(
    ("photo", "problem"),
    [
        (b"", PhotoEmpty),
        (b"x" * (PHOTO_BYTES + 1), PhotoTooLarge),
        (b"just text", PhotoUnsupported),
        (a_photo()[:-1], PhotoUnreadable),
    ],
    ids=["empty", "a byte too large", "no photo", "cut off"],
)
def test_what_cannot_be_used_leaves_no_trace(
    program: Program, photo: bytes, problem: type[PhotoRejected]
) -> None:
    with pytest.raises(problem):
        program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=photo)
    assert (program.pictures.stored, program.world.uploads) == ({}, {})


@dataclass(frozen=True)
class RefusingDarkroom(MarkedDarkroom):
    problem: PhotoRejected

    def take_in(self, photo: bytes) -> TakenIn:
        super().take_in(photo)
        raise self.problem


@pytest.mark.parametrize("problem", [PhotoAnimated(), PhotoHasTooManyPixels(61.2)])
def test_whatever_the_darkroom_refuses_leaves_no_trace(problem: PhotoRejected) -> None:
    program = Program(darkroom=RefusingDarkroom(problem))
    with pytest.raises(type(problem)):
        program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo())
    assert (program.pictures.stored, program.world.uploads) == ({}, {})


def test_too_many_pixels_are_told_with_the_limit() -> None:
    assert (PhotoHasTooManyPixels(61.2).megapixels, PhotoHasTooManyPixels(61.2).limit) == (61.2, 60)


def test_a_photo_may_have_fifteen_megabytes(program: Program) -> None:
    filling = "x" * (PHOTO_BYTES - len(a_photo("")))
    upload = program.uploads.add(UPLOAD, user_id=ANN, name="kitchen.jpg", photo=a_photo(filling))
    assert upload.upload_id == UPLOAD


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("kitchen.jpg", "kitchen.jpg"),
        ("Küche 1.jpg", "Küche 1.jpg"),
        ("台所.heic", "台所.heic"),
        ("/etc/passwd", "passwd"),
        ("../../../etc/passwd", "passwd"),
        ("C:\\Users\\Ann\\kitchen.jpg", "kitchen.jpg"),
        ("a/b\\c/kitchen.jpg", "kitchen.jpg"),
        ("kitchen.jpg/", "kitchen.jpg"),
        ("kit\x00chen\r\n.jpg", "kitchen.jpg"),
        ("\x1b[31mkitchen.jpg", "[31mkitchen.jpg"),
        ("kitchen\u202egpj.exe", "kitchengpj.exe"),
        ("half a character \udcff.jpg", "half a character .jpg"),
        ("  .kitchen.jpg. ", "kitchen.jpg"),
        ("", "photo"),
        (".", "photo"),
        ("..", "photo"),
        ("/", "photo"),
        ("...", "photo"),
        ("\x00\x01", "photo"),
        (" \n", "photo"),
    ],
)
def test_a_hostile_name_is_made_harmless(sent: str, kept: str) -> None:
    assert file_name(sent) == kept


def test_of_a_long_name_the_end_is_kept_for_it_tells_the_format() -> None:
    assert file_name("x" * 500 + ".jpg") == "x" * (NAME_LENGTH - 4) + ".jpg"
    assert file_name("x" * 500 + "." * 300 + "jpg") == "jpg"


def test_what_was_put_is_taken_in_once_and_does_not_stay_behind(program: Program) -> None:
    upload_id = UUID(int=9)
    assert str(upload_id) in program.uploads.link(upload_id, user_id=ANN)
    program.incoming.put(ANN, upload_id, a_photo())

    first = program.uploads.complete(upload_id, user_id=ANN, name="hall.jpg")

    assert program.uploads.complete(upload_id, user_id=ANN, name="hall.jpg") == first
    with pytest.raises(PhotoNotArrived):
        program.incoming.get(ANN, upload_id)


def test_what_nobody_completes_is_removed(program: Program) -> None:
    program.incoming.put(ANN, UUID(int=9), a_photo())

    assert program.uploads.remove_abandoned() == {"abandoned": 0}
    program.clock.pass_by(timedelta(hours=3))
    assert program.uploads.remove_abandoned() == {"abandoned": 1}

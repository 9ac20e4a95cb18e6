"""Previews and the contact sheet."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from application.photos import PhotoUnreadable
from infrastructure.imaging.contact_sheet import PAPER, contact_sheet
from infrastructure.imaging.intake import take_in
from infrastructure.imaging.lettering import lettering
from infrastructure.imaging.pictures import fitted, preview
from tests.infrastructure.imaging.rooms import as_pixels, coded, good_room

ROOM = Image.fromarray(as_pixels(good_room()))
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def photo(width: int, height: int, orientation: int = 1, kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = BytesIO()
    ROOM.resize((width, height)).save(file, kind, exif=exif)
    return file.getvalue()


def opened(picture: bytes) -> Image.Image:
    image = Image.open(BytesIO(picture))
    image.load()
    return image


@pytest.mark.parametrize("size", [(1600, 1067), (801, 1200), (5000, 120)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_preview_has_the_longest_side_that_was_asked_for(size: tuple[int, int], kind: str) -> None:
    shown = opened(preview(photo(*size, kind=kind), 400))
    assert (shown.format, shown.mode, max(shown.size)) == ("JPEG", "RGB", 400)
    assert shown.width / shown.height == pytest.approx(size[0] / size[1], rel=0.06)


@pytest.mark.parametrize("size", [(60_000, 1), (1, 60_000), (5, 30_000)])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_photo_may_be_as_narrow_as_it_likes(size: tuple[int, int], orientation: int) -> None:
    narrow = photo(*size, orientation=orientation)
    assert max(opened(preview(narrow, 400)).size) == 400
    assert max(opened(take_in(narrow).preview).size) == 1600


def test_a_preview_is_upright() -> None:
    assert opened(preview(photo(900, 600, orientation=6), 300)).size == (200, 300)


def test_a_small_photo_is_not_enlarged() -> None:
    assert opened(preview(photo(120, 80), 400)).size == (120, 80)


def test_a_preview_looks_like_the_photo() -> None:
    shown = np.asarray(opened(preview(coded(good_room()), 288))).astype(float)
    reduced = np.asarray(ROOM.resize((288, 192), Image.Resampling.LANCZOS)).astype(float)
    assert np.abs(shown - reduced).mean() < 2.5


def test_a_photo_that_lies_on_its_side_is_fitted_as_it_is_shown() -> None:
    image = fitted(photo(900, 600, orientation=8), 300, 300)
    assert (image.width, image.height) == (200, 300)


def sheet(count: int, *, caption: str = "living-room.jpg") -> Image.Image:
    before, after = photo(600, 400), photo(600, 400)
    pairs = [(caption, before, after)] * count
    return opened(contact_sheet(pairs, title="Stage in Seconds", subtitle="Before and after"))


@pytest.mark.parametrize("count", [1, 3, 6, 30])
def test_a_contact_sheet_grows_with_its_photos_but_stays_a_page(count: int) -> None:
    page = sheet(count)
    assert page.format == "PNG"
    assert 1500 < page.width < 3000
    assert page.height < 4000


def test_a_contact_sheet_has_clean_margins_and_letters_on_it() -> None:
    page = np.asarray(sheet(2)).astype(int)
    for margin in (page[:40], page[-40:], page[:, :40], page[:, -40:]):
        assert np.abs(margin - np.array(PAPER)).max() == 0
    title = page[50:140, 72:600]
    assert (title.sum(axis=2) < 200).sum() > 300


@pytest.mark.parametrize("caption", ["<b>&amp;</b> \x00\x1b[31m", "", "部屋 🏠", "x" * 5000])
def test_any_caption_can_be_set(caption: str) -> None:
    assert sheet(1, caption=caption).width > 1500


def test_upright_and_wide_photos_share_a_sheet() -> None:
    pairs = [("a", photo(400, 900), photo(900, 400)), ("b", photo(30, 20), photo(2000, 10))]
    assert opened(contact_sheet(pairs, title="T", subtitle="")).height > 500


def test_a_contact_sheet_of_a_damaged_photo_is_refused() -> None:
    with pytest.raises(PhotoUnreadable):
        contact_sheet([("a", photo(600, 400)[:900], photo(600, 400))], title="T", subtitle="S")


def test_letters_are_set_in_one_line_and_cut_where_there_is_no_room() -> None:
    whole = lettering("living-room.jpg", 30, BLACK, WHITE, widest=1000)
    cut = lettering("living-room.jpg", 30, BLACK, WHITE, widest=90)
    assert 100 < whole.width < 300
    assert cut.width <= 90
    assert whole.height == cut.height
    assert whole.min() < 40

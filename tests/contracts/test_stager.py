"""What every stager does with a photo, whether here, at the stand-in or, when there is a key, at Gemini itself."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from application.photos import PhotoRejected
from application.stagers import Stager
from domain.brief import Brief, Preset, RoomType
from infrastructure.imaging import quality
from infrastructure.imaging.local_darkroom import LocalDarkroom
from infrastructure.postgres.database import Database
from infrastructure.staging.gemini import GeminiStager
from infrastructure.staging.gemini_client import GeminiClient
from infrastructure.staging.limits import LocalLimits
from infrastructure.staging.models import ModelRegistry
from infrastructure.staging.prompting import Prompts
from infrastructure.staging.spending import DailySpending
from tests.servers import FreshDatabase
from tests.standins.gemini import KEY, StandIn

SAMPLES = Path(__file__).parents[2] / "samples"
ENHANCE = Brief(Preset.ENHANCE, RoomType.KITCHEN)
REAL_KEY = os.environ.get("GOOGLE_API_KEY", "")


@pytest.fixture
def darkroom() -> Iterator[LocalDarkroom]:
    darkroom = LocalDarkroom()
    yield darkroom
    darkroom.close()


@pytest.fixture(
    params=[
        "darkroom",
        "stand-in",
        pytest.param(
            "gemini",
            marks=pytest.mark.skipif(not REAL_KEY, reason="GOOGLE_API_KEY is not set: it costs money"),
        ),
    ]
)
def stager(request: pytest.FixtureRequest, darkroom: LocalDarkroom) -> Iterator[Stager]:
    if request.param == "darkroom":
        yield darkroom
        return
    fresh: FreshDatabase = request.getfixturevalue("database")
    database = Database(fresh.app_url, size=2)
    database.open()
    with StandIn() as stand_in:
        key, url = (REAL_KEY, "") if request.param == "gemini" else (KEY, stand_in.url)
        stager = GeminiStager(
            GeminiClient(key, url=url, deadline=90),
            registry=ModelRegistry.read(),
            prompts=Prompts(),
            limits=LocalLimits(),
            spending=DailySpending(database, cap_micros=1_000_000),
            darkroom=darkroom,
        )
        yield stager
        stager.close()
    database.close()


@pytest.mark.timeout(300)
def test_a_room_is_enhanced_in_its_own_frame_and_remains_that_room(
    stager: Stager, darkroom: LocalDarkroom
) -> None:
    assert Preset.ENHANCE in stager.presets
    photo = (SAMPLES / "kitchen.jpg").read_bytes()
    staged = stager.stage(photo, ENHANCE)
    with Image.open(BytesIO(staged.picture)) as picture, Image.open(BytesIO(photo)) as original:
        assert picture.format == "JPEG"
        assert picture.width / picture.height == pytest.approx(original.width / original.height, rel=0.005)
        assert picture.width <= original.width
    assert staged.media_type == "image/jpeg"
    assert quality.fault(Preset.ENHANCE, darkroom.finish(photo, staged.picture)) is None
    assert staged.engine
    assert staged.version


def test_a_photo_that_lies_on_its_side_is_staged_upright(stager: Stager) -> None:
    lying = BytesIO()
    with Image.open(SAMPLES / "bedroom.jpg") as picture:
        exif = picture.getexif()
        exif[0x0112] = 6  # to be turned clockwise
        picture.resize((600, 400)).save(lying, "JPEG", exif=exif)
    staged = stager.stage(lying.getvalue(), ENHANCE)
    with Image.open(BytesIO(staged.picture)) as upright:
        assert upright.width < upright.height


def test_what_cannot_be_read_is_rejected_for_what_it_is(stager: Stager) -> None:
    with pytest.raises(PhotoRejected):
        stager.stage((SAMPLES / "kitchen.jpg").read_bytes()[:2000], ENHANCE)


def test_what_a_provider_was_asked_is_told_with_its_price(stager: Stager) -> None:
    staged = stager.stage((SAMPLES / "bedroom.jpg").read_bytes(), ENHANCE)
    if staged.sent is None:
        assert staged.calls == (), "nobody was asked, so nothing was called"
        return
    registry = {model.name: model for model in ModelRegistry.read().usable(datetime.now(UTC).date())}
    assert staged.calls[-1].cost_micros == registry[staged.sent.model].cost_micros
    assert staged.sent.prompt_version == Prompts().versions["enhance"]
    assert staged.sent.picture

"""Whatever Gemini answers, an attempt ends with a picture worth delivering or with what exactly went wrong."""

import json
import time
from contextlib import suppress
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from application.photos import PhotoUnreadable
from application.reasons import TOLD
from application.stagers import ProviderCall, Refusal, RetryLater, StagingFailed
from domain.brief import Brief, Preset, RoomType, Style
from domain.personal import Personal
from infrastructure.staging.limits import FAILURES, LocalLimits
from infrastructure.staging.models import ImageModel
from tests.infrastructure.staging.conftest import FIRST, SECOND, Made, Spent
from tests.standins.gemini import MARK, StandIn

STAGE = Brief(Preset.STAGE, RoomType.LIVING_ROOM, Style.MODERN, Personal("with a blue sofa"))


def test_a_photo_comes_back_staged_with_all_that_is_to_be_told_about_it(
    stand_in: StandIn, made: Made, room: bytes
) -> None:
    staged = made().stage(room, STAGE)
    assert _size(staged.picture) == (1024, 683), "the photo's shape, at the model's size"
    sent = staged.sent
    assert sent is not None
    assert sent.picture.startswith(b"\xff\xd8" + MARK), "the provider's bytes as they came"
    assert (staged.engine, staged.version, sent.model) == ("gemini", "painter-2-001", "painter-2")
    assert (sent.response_id, sent.input_tokens, sent.output_tokens) == ("response-1", 1300, 1120)
    assert sent.prompt_version.startswith("stage@")
    (call,) = staged.calls
    assert (call.model, call.outcome, call.cost_micros) == ("painter-2", "image", 34_000)
    (asked,) = stand_in.asked
    assert asked.prompt == sent.prompt.text
    assert "with a blue sofa" in asked.prompt
    assert asked.body["generationConfig"]["imageConfig"] == {"aspectRatio": "3:2", "imageSize": "1K"}
    assert asked.body["generationConfig"]["responseModalities"] == ["IMAGE"]
    assert max(_size(asked.photo)) == 1024


def test_the_last_picture_that_is_no_draft_is_taken(stand_in: StandIn, made: Made, room: bytes) -> None:
    stand_in.then("drafts")
    assert made().stage(room, STAGE).calls[0].outcome == "image"


@pytest.mark.parametrize(
    ("fate", "code"),
    [
        ("finish:IMAGE_SAFETY", "refused_safety"),
        ("finish:SAFETY", "refused_safety"),
        ("finish:PROHIBITED_CONTENT", "refused_prohibited"),
        ("finish:IMAGE_PROHIBITED_CONTENT", "refused_prohibited"),
        ("finish:IMAGE_RECITATION", "refused_copyright"),
        ("finish:BLOCKLIST", "refused_words"),
        ("finish:SPII", "refused_people"),
        ("blocked:PROHIBITED_CONTENT", "refused_prohibited"),
        ("blocked:IMAGE_SAFETY", "refused_safety"),
        ("blocked:OTHER", "refused"),
        ("blocked:A_REASON_OF_TOMORROW", "refused"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*is not a valid:UserWarning")
def test_a_refusal_has_its_reason_and_costs_nothing(
    stand_in: StandIn, made: Made, room: bytes, spent: Spent, fate: str, code: str
) -> None:
    before = spent.micros
    stand_in.then(fate)
    with pytest.raises(Refusal) as refusal:
        made().stage(room, STAGE)
    assert refusal.value.code == code
    assert [(call.outcome, call.cost_micros) for call in refusal.value.calls] == [(code, 0)]
    assert code in TOLD
    assert spent.micros == before


@pytest.mark.parametrize(
    ("fate", "code", "billed"),
    [
        ("status:500", "provider_unavailable", False),
        ("status:503", "provider_unavailable", False),
        ("status:504", "provider_too_slow", True),
        ("status:403", "provider_refused_us", False),
        ("bad_key", "provider_refused_us", False),
        ("redirect", "provider_answer_unusable", False),
        ("empty", "provider_answer_unusable", False),
        ("words", "no_image", True),
        ("finish:NO_IMAGE", "no_image", True),
        ("finish:IMAGE_OTHER", "no_image", True),
        ("finish:A_REASON_OF_TOMORROW", "no_image", True),
        ("continuation", "no_image", True),
        ("cut", "provider_unavailable", True),
        ("cut_body", "provider_unavailable", True),
        ("truncated", "provider_answer_unusable", True),
        ("corrupt", "provider_answer_unusable", True),
        ("garbage", "provider_answer_unusable", True),
        ("blank", "result_blank", True),
        ("misshapen", "result_misshapen", True),
        ("unchanged", "result_unchanged", True),
        ("other_room", "result_other_room", True),
    ],
)
@pytest.mark.filterwarnings("ignore:.*is not a valid:UserWarning")
def test_a_failed_attempt_says_why_and_what_it_may_cost(
    stand_in: StandIn, made: Made, room: bytes, spent: Spent, fate: str, code: str, billed: bool
) -> None:
    before = spent.micros
    stand_in.then(fate)
    with pytest.raises(StagingFailed) as failed:
        made().stage(room, STAGE)
    assert (failed.value.code, failed.value.final) == (code, False)
    assert [(call.outcome, call.cost_micros > 0) for call in failed.value.calls] == [(code, billed)]
    assert code in TOLD
    assert (spent.micros - before > 0) == billed
    assert len(stand_in.asked) == 1, "nobody but the reaction asks again"
    assert "words of the provider" not in str(failed.value)


@pytest.mark.parametrize("status", ["400", "413"])
def test_a_request_that_can_never_pass_is_not_made_again(
    stand_in: StandIn, made: Made, room: bytes, status: str
) -> None:
    stand_in.then(f"status:{status}")
    with pytest.raises(StagingFailed) as failed:
        made().stage(room, STAGE)
    assert (failed.value.code, failed.value.final) == ("photo_not_taken", True)


@pytest.mark.parametrize("fate", ["hang", "drip", "slow:30"])
def test_a_call_ends_at_its_deadline_however_slowly_it_goes_on(
    stand_in: StandIn, made: Made, room: bytes, fate: str
) -> None:
    stand_in.then(fate)
    stager = made(deadline=0.5)
    began = time.monotonic()
    with pytest.raises(StagingFailed) as failed:
        stager.stage(room, STAGE)
    assert failed.value.code == "provider_too_slow"
    assert time.monotonic() - began < 10


def test_a_redirection_gets_neither_key_nor_photo(stand_in: StandIn, made: Made, room: bytes) -> None:
    stand_in.then("redirect")
    with suppress(StagingFailed):
        made().stage(room, STAGE)
    assert stand_in.elsewhere == []


def test_a_provider_that_is_not_there_is_unavailable_at_no_cost(
    stand_in: StandIn, made: Made, room: bytes
) -> None:
    stand_in.url = "http://127.0.0.1:9"
    with pytest.raises(StagingFailed) as failed:
        made().stage(room, STAGE)
    assert [(call.outcome, call.cost_micros) for call in failed.value.calls] == [("provider_unavailable", 0)]


def test_a_model_that_is_busy_is_asked_again_when_it_says(stand_in: StandIn, made: Made, room: bytes) -> None:
    stand_in.then("retry:7")
    stager = made()
    with pytest.raises(RetryLater) as later:
        stager.stage(room, STAGE)
    assert later.value.delay == timedelta(seconds=7)
    assert [call.outcome for call in later.value.calls] == ["provider_busy"]
    with pytest.raises(RetryLater) as sooner:
        stager.stage(room, STAGE)
    assert timedelta(0) < sooner.value.delay <= timedelta(seconds=7)
    assert len(stand_in.asked) == 1, "while it rests, nobody asks it"


def test_another_model_is_asked_when_one_will_be_busy_for_long(
    stand_in: StandIn, made: Made, room: bytes
) -> None:
    stand_in.then("retry:60")
    staged = made(FIRST, SECOND).stage(room, STAGE)
    assert _told(staged.calls) == [("painter-2", "provider_busy", 0), ("painter-1", "image", 134_000)]
    assert staged.sent is not None
    assert staged.sent.model == "painter-1"


def test_another_model_is_asked_when_one_has_retired(stand_in: StandIn, made: Made, room: bytes) -> None:
    stand_in.retired.add("painter-2")
    stager = made(FIRST, SECOND)
    assert _told(stager.stage(room, STAGE).calls)[-1] == ("painter-1", "image", 134_000)
    assert _told(stager.stage(room, STAGE).calls) == [("painter-1", "image", 134_000)], "and it is remembered"


def test_another_model_is_asked_once_one_keeps_failing(stand_in: StandIn, made: Made, room: bytes) -> None:
    stager = made(FIRST, SECOND)
    stand_in.then(*["status:503"] * FAILURES)
    for _ in range(FAILURES):
        with pytest.raises(StagingFailed):
            stager.stage(room, STAGE)
    assert _told(stager.stage(room, STAGE).calls) == [("painter-1", "image", 134_000)]


def test_when_all_have_retired_photos_wait_for_an_operator(
    stand_in: StandIn, made: Made, room: bytes
) -> None:
    stand_in.retired.add("painter-2")
    with pytest.raises(RetryLater) as later:
        made().stage(room, STAGE)
    assert later.value.delay >= timedelta(minutes=10)


def test_nothing_is_asked_beyond_what_a_day_may_cost(
    stand_in: StandIn, made: Made, room: bytes, spent: Spent
) -> None:
    stager = made(cap=spent.micros + 34_000)
    stager.stage(room, STAGE)
    with pytest.raises(RetryLater) as later:
        stager.stage(room, STAGE)
    assert later.value.delay <= timedelta(minutes=10)
    assert len(stand_in.asked) == 1


def test_who_has_no_turn_soon_comes_back_without_asking(stand_in: StandIn, made: Made, room: bytes) -> None:
    limits = LocalLimits()
    one_at_once = ImageModel(name="painter-2", size="1K", at_once=1, per_minute=100, price={"1K": 1})
    limits.enter(one_at_once, lease=60)
    with pytest.raises(RetryLater):
        made(one_at_once, limits=limits).stage(room, STAGE)
    assert stand_in.asked == []


def test_a_photo_that_cannot_be_read_is_not_sent(stand_in: StandIn, made: Made, room: bytes) -> None:
    with pytest.raises(PhotoUnreadable):
        made().stage(room[:1000], STAGE)
    assert stand_in.asked == []


def test_a_photo_of_an_odd_shape_comes_back_in_it(stand_in: StandIn, made: Made, room: bytes) -> None:
    with Image.open(BytesIO(room)) as opened:
        panorama = opened.crop((0, 200, 1600, 733))
    written = BytesIO()
    panorama.save(written, "JPEG")
    staged = made().stage(written.getvalue(), STAGE)
    width, height = _size(staged.picture)
    assert width / height == pytest.approx(1600 / 533, rel=0.01)
    asked = stand_in.asked[0]
    assert asked.body["generationConfig"]["imageConfig"]["aspectRatio"] == "21:9"
    width, height = _size(asked.photo)
    assert width / height == pytest.approx(21 / 9, rel=0.01), "with margins, as the model knows no such shape"


def test_enhancing_may_leave_a_good_photo_as_it_is(stand_in: StandIn, made: Made, room: bytes) -> None:
    stand_in.then("unchanged")
    assert made().stage(room, Brief(Preset.ENHANCE)).calls[0].outcome == "image"


def test_what_is_sent_is_what_the_interface_takes(stand_in: StandIn, made: Made, room: bytes) -> None:
    made().stage(room, STAGE)
    (asked,) = stand_in.asked
    assert set(asked.body) <= {"contents", "generationConfig"}
    assert asked.path.endswith("/models/painter-2:generateContent")
    assert json.dumps(asked.body["contents"][0]["parts"][1])[:60].startswith('{"inlineData": {"data"')


def _told(calls: tuple[ProviderCall, ...]) -> list[tuple[str, str, int]]:
    return [(call.model, call.outcome, call.cost_micros) for call in calls]


def _size(picture: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(picture)) as opened:
        return opened.size

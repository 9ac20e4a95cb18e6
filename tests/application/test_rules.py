"""Which events ask for what."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from application.payment_performers import payment_performers
from application.performers import performers
from application.reactions import Reaction, follow
from application.recorded import Recorded
from application.rules import (
    DELETE_PICTURES,
    EXPIRE_JOB,
    RULES,
    SEND_RESET,
    SEND_VERIFICATION,
    SEND_WEBHOOK,
    STAGE_PHOTO,
)
from application.schedules import SCHEDULES
from domain.aggregate import Aggregate
from domain.brief import Brief, Preset
from domain.job_photo import JobPhoto
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind, Removal
from domain.user import User
from tests.fakes.bootstrap import Program

USER, JOB = uuid4(), uuid4()


def photo(name: str) -> JobPhoto:
    return JobPhoto(uuid4(), uuid4(), original="ab" * 32, media_type="image/jpeg", name=Personal(name))


def recorded(aggregate: Aggregate) -> Recorded:
    """The aggregate's first event, as followers see it."""
    event: Any = aggregate.collect_events()[0]
    return Recorded(
        position=7,
        stream_id=aggregate.id,
        version=event.originator_version,
        name=type(event).TOPIC,
        event=event,
        owner=aggregate.owner,
        actor=f"user:{USER}",
        cause="request:1",
        correlation="request-1",
        recorded_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


def submitted(*photos: JobPhoto) -> Recorded:
    return recorded(PhotoJob.submit(JOB, user_id=USER, photos=photos, brief=Brief.accept(Preset.ENHANCE)))


def asked_for(event: Recorded) -> dict[str, list[Reaction]]:
    kinds: dict[str, list[Reaction]] = {}
    for _, reaction in follow(RULES, event):
        kinds.setdefault(reaction.kind, []).append(reaction)
    return kinds


def test_a_submitted_job_has_each_photo_staged_and_expires_after_a_day() -> None:
    kitchen, bedroom = photo("kitchen.jpg"), photo("bedroom.jpg")
    reactions = asked_for(submitted(kitchen, bedroom))
    assert reactions.keys() == {STAGE_PHOTO, EXPIRE_JOB}
    assert [one.references for one in reactions[STAGE_PHOTO]] == [
        {"job_id": str(JOB), "photo_id": str(each.photo_id)} for each in (kitchen, bedroom)
    ]
    (expiry,) = reactions[EXPIRE_JOB]
    assert (expiry.references, expiry.delay) == ({"job_id": str(JOB)}, timedelta(hours=24))


def test_of_a_jobs_photos_twice_as_many_begin_with_each_tenth_of_a_second() -> None:
    reactions = asked_for(submitted(*(photo(f"{number}.jpg") for number in range(30))))
    delays = [one.delay / timedelta(seconds=0.1) for one in reactions[STAGE_PHOTO]]
    assert delays == [0] + [1] * 2 + [2] * 4 + [3] * 8 + [4] * 15


def test_a_new_user_is_asked_to_verify_the_address() -> None:
    user = User.register(USER, email=Personal("anna@example.com"), name=Personal("Anna"), claim_id=uuid4())
    ((reaction,),) = asked_for(recorded(user)).values()
    assert reaction == Reaction(SEND_VERIFICATION, "", {"user_id": str(USER)})


def test_other_events_ask_for_nothing() -> None:
    job = PhotoJob.submit(
        JOB, user_id=USER, photos=[photo("kitchen.jpg")], brief=Brief.accept(Preset.ENHANCE)
    )
    job.collect_events()
    job.rename_group(Personal("Elm Street 5"))
    assert asked_for(recorded(job)) == {}


def test_pictures_that_were_given_up_are_deleted_each_kind_by_itself() -> None:
    job = PhotoJob.submit(
        JOB, user_id=USER, photos=[photo("kitchen.jpg")], brief=Brief.accept(Preset.ENHANCE)
    )
    job.cancel()
    job.collect_events()
    job.remove_pictures(PictureKind, Removal.TERM_OVER)
    (reactions,) = asked_for(recorded(job)).values()
    assert [(one.kind, one.references) for one in reactions] == [
        (DELETE_PICTURES, {"job_id": str(JOB), "pictures": kind}) for kind in ("originals", "results")
    ]


def test_the_same_event_asks_for_the_same_reactions_whenever_it_is_read() -> None:
    event = submitted(photo("kitchen.jpg"), photo("bedroom.jpg"))
    ids: list[UUID] = [reaction_id for reaction_id, _ in follow(RULES, event)]
    assert ids == [reaction_id for reaction_id, _ in follow(RULES, event)]
    assert len(set(ids)) == 3


def test_references_hold_nothing_personal() -> None:
    event = submitted(photo("grandmother's kitchen.jpg"))
    assert all("kitchen" not in str(one.references) for _, one in follow(RULES, event))


def test_every_rule_and_schedule_has_its_performer_and_rules_read_events_that_exist() -> None:
    program = Program()
    performed = performers(program)
    about_money = payment_performers(
        notices=program.notices,
        purchases=program.purchases,
        reconciling=program.reconciling,
        payload_keys=program.payload_keys,
    )
    by_use_cases = {SEND_WEBHOOK, SEND_RESET}
    asked_for = {rule.kind for rule in RULES} | {schedule.kind for schedule in SCHEDULES} | by_use_cases
    assert asked_for == performed.keys() | about_money.keys()
    assert all(rule.events <= Aggregate.events.keys() for rule in RULES)

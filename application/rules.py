"""Which event asks for what: the whole list of rules, in one place; schedules.py has what time asks for."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from application.reactions import Reaction, Rule
from application.recorded import Recorded
from domain.stripe_event import HANDLED

STAGE_PHOTO = "stage_photo"
FETCH_PHOTO = "fetch_photo"
ANNOUNCE_JOB = "announce_job"
SEND_WEBHOOK = "send_webhook"
EXPIRE_JOB = "expire_job"
SEND_VERIFICATION = "send_verification"
SEND_RESET = "send_reset"
DELETE_PICTURES = "delete_pictures"
GIVE_UP_PICTURES = "give_up_pictures"
REMOVE_UPLOADS = "remove_uploads"
REMOVE_INCOMING = "remove_incoming"
REMOVE_LEFTOVERS = "remove_leftovers"
EXPIRE_CREDITS = "expire_credits"
FOLLOW_UP_NOTICE = "follow_up_notice"
RECONCILE = "reconcile"
FORGET_NOTICES = "forget_notices"
ERASE_PICTURES = "erase_pictures"
CLOSE_PAYER = "close_payer"

JOB_LIFETIME = timedelta(hours=24)
"""How long a job may take before what is left of it fails (docs/domain.md, PhotoJob)."""

DOUBLING = timedelta(milliseconds=100)
"""A job's photos are begun as TCP begins to send (slow start, RFC 5681): one at once, and with each of these twice
as many as before. So thirty are begun within half a second, and whoever submits at the same moment still finds
threads for a first one, instead of waiting until somebody else's whole job has been through."""

NOTHING_UNDER_WAY = timedelta(hours=2)
"""After so long nothing that began before an erasure can add anything: no signed link is good any more
(uploads.py), no request or reaction still runs, and no process remembers a key."""


def _stage_photos(recorded: Recorded) -> Iterator[Reaction]:
    originals = (photo for photo in recorded.event.photos if photo.original)
    for number, photo in enumerate(originals, start=1):
        doublings = number.bit_length() - 1
        yield replace(_about_photo(STAGE_PHOTO, recorded, photo.photo_id), delay=doublings * DOUBLING)


def _fetch_photos(recorded: Recorded) -> Iterator[Reaction]:
    return (
        _about_photo(FETCH_PHOTO, recorded, photo.photo_id)
        for photo in recorded.event.photos
        if not photo.original
    )


def _stage_fetched(recorded: Recorded) -> Iterator[Reaction]:
    yield _about_photo(STAGE_PHOTO, recorded, recorded.event.photo_id)


def _about_photo(kind: str, recorded: Recorded, photo_id: UUID) -> Reaction:
    return Reaction(kind, str(photo_id), {"job_id": str(recorded.stream_id), "photo_id": str(photo_id)})


def _expire_job(recorded: Recorded) -> Iterator[Reaction]:
    yield Reaction(EXPIRE_JOB, "", {"job_id": str(recorded.stream_id)}, delay=JOB_LIFETIME)


def _announce_job(recorded: Recorded) -> Iterator[Reaction]:
    at = recorded.recorded_at.isoformat()
    yield Reaction(ANNOUNCE_JOB, "", {"job_id": str(recorded.stream_id), "event": recorded.name, "at": at})


def _send_verification(recorded: Recorded) -> Iterator[Reaction]:
    yield Reaction(SEND_VERIFICATION, "", {"user_id": str(recorded.stream_id)})


def _delete_pictures(recorded: Recorded) -> Iterator[Reaction]:
    for kind in recorded.event.kinds:
        yield Reaction(DELETE_PICTURES, kind, {"job_id": str(recorded.stream_id), "pictures": kind})


def _follow_up_notice(recorded: Recorded) -> Iterator[Reaction]:
    if recorded.event.type in HANDLED:
        yield Reaction(FOLLOW_UP_NOTICE, "", {"event_id": str(recorded.stream_id)})


def _after_erasure(kind: str) -> Callable[[Recorded], Iterator[Reaction]]:
    """At once, and again when nothing is under way any more that could have added to it."""

    def react(recorded: Recorded) -> Iterator[Reaction]:
        references = {"user_id": str(recorded.stream_id)}
        yield Reaction(kind, "at once", references)
        yield Reaction(kind, "again", references, delay=NOTHING_UNDER_WAY)

    return react


RULES = (
    Rule(STAGE_PHOTO, frozenset({"PhotoJob.Submitted"}), _stage_photos),
    Rule(FETCH_PHOTO, frozenset({"PhotoJob.Submitted"}), _fetch_photos),
    Rule(STAGE_PHOTO, frozenset({"PhotoJob.PhotoFetched"}), _stage_fetched),
    Rule(EXPIRE_JOB, frozenset({"PhotoJob.Submitted"}), _expire_job),
    Rule(
        ANNOUNCE_JOB,
        frozenset({"PhotoJob.Completed", "PhotoJob.Failed", "PhotoJob.Cancelled"}),
        _announce_job,
    ),
    Rule(SEND_VERIFICATION, frozenset({"User.Registered"}), _send_verification),
    Rule(DELETE_PICTURES, frozenset({"PhotoJob.PicturesRemoved"}), _delete_pictures),
    Rule(FOLLOW_UP_NOTICE, frozenset({"StripeEvent.Received"}), _follow_up_notice),
    Rule(ERASE_PICTURES, frozenset({"User.Erased"}), _after_erasure(ERASE_PICTURES)),
    Rule(CLOSE_PAYER, frozenset({"User.Erased"}), _after_erasure(CLOSE_PAYER)),
)

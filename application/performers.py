"""How each kind of reaction is performed: which use case it calls, how often, and what follows in the end."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from application.accounts import Accounts
from application.expiry import Expiry
from application.fetching import Fetching
from application.jobs import Jobs
from application.ports import MailRefused
from application.reactions import Answer, Performer, References
from application.retention import Retention
from application.rules import (
    ANNOUNCE_JOB,
    DELETE_PICTURES,
    ERASE_PICTURES,
    EXPIRE_CREDITS,
    EXPIRE_JOB,
    FETCH_PHOTO,
    GIVE_UP_PICTURES,
    REMOVE_INCOMING,
    REMOVE_LEFTOVERS,
    REMOVE_UPLOADS,
    SEND_RESET,
    SEND_VERIFICATION,
    SEND_WEBHOOK,
    STAGE_PHOTO,
)
from application.staging import Staging
from application.uploads import Uploads
from application.webhooks import Webhooks
from domain.pictures import PictureKind

_PATIENT = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 30, 120, 600, 1800, 3600))
"""For what nobody sits and waits for."""
_STANDARD = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Between attempts at a webhook, as Standard Webhooks recommends: three days in all."""


class UseCases(Protocol):
    """What performers call."""

    @property
    def staging(self) -> Staging: ...
    @property
    def fetching(self) -> Fetching: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def retention(self) -> Retention: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def expiry(self) -> Expiry: ...
    @property
    def uploads(self) -> Uploads: ...


def performers(use_cases: UseCases) -> Mapping[str, Performer]:
    """The performer of each kind."""
    staging = use_cases.staging
    fetching = use_cases.fetching
    accounts = use_cases.accounts
    jobs = use_cases.jobs
    retention = use_cases.retention
    webhooks = use_cases.webhooks
    expiry = use_cases.expiry
    uploads = use_cases.uploads

    def send_verification(reaction_id: UUID, references: References) -> Answer:
        return _mailed(lambda: accounts.send_verification(UUID(references["user_id"]), reaction_id))

    def send_reset(reaction_id: UUID, references: References) -> Answer:
        return _mailed(lambda: accounts.send_reset(UUID(references["claim_id"]), reaction_id))

    def stage_photo(_reaction_id: UUID, references: References) -> Answer:
        return staging.stage(*_photo(references))

    def fetch_photo(_reaction_id: UUID, references: References) -> Answer:
        return fetching.fetch(*_photo(references))

    def send_webhook(_reaction_id: UUID, references: References) -> Answer:
        return webhooks.send(UUID(references["delivery_id"]))

    def delete_pictures(_reaction_id: UUID, references: References) -> Answer:
        return retention.delete(UUID(references["job_id"]), PictureKind(references["pictures"]))

    listed = (
        Performer(
            kind=STAGE_PHOTO,
            call=stage_photo,
            record=lambda references, answer: staging.record(*_photo(references), answer),
            give_up=lambda references: staging.give_up(*_photo(references)),
            attempts=3,
            rank=10,
        ),
        Performer(
            kind=FETCH_PHOTO,
            call=fetch_photo,
            record=lambda references, answer: fetching.record(*_photo(references), answer),
            give_up=lambda references: fetching.give_up(*_photo(references)),
            attempts=3,
            rank=10,
        ),
        Performer(
            kind=EXPIRE_JOB,
            call=_nobody_to_call,
            record=lambda references, _answer: jobs.expire(UUID(references["job_id"])),
            give_up=_nothing_to_undo,
            attempts=8,
            pauses=_PATIENT,
        ),
        Performer(
            kind=SEND_VERIFICATION,
            call=send_verification,
            record=_nothing_to_record,
            give_up=_nothing_to_undo,
            attempts=8,
            pauses=_PATIENT,
        ),
        Performer(
            kind=SEND_RESET,
            call=send_reset,
            record=_nothing_to_record,
            give_up=_nothing_to_undo,
            attempts=8,
            pauses=_PATIENT,
        ),
        Performer(
            kind=ANNOUNCE_JOB,
            call=_nobody_to_call,
            record=lambda references, _answer: webhooks.announce(references),
            give_up=_nothing_to_undo,
            attempts=8,
            pauses=_PATIENT,
            rank=15,
        ),
        Performer(
            kind=SEND_WEBHOOK,
            call=send_webhook,
            record=lambda references, answer: webhooks.record(UUID(references["delivery_id"]), answer),
            give_up=lambda references: webhooks.give_up(UUID(references["delivery_id"])),
            attempts=len(_STANDARD) + 1,
            pauses=_STANDARD,
            rank=15,
        ),
        Performer(
            kind=DELETE_PICTURES,
            call=delete_pictures,
            record=_nothing_to_record,
            give_up=_nothing_to_undo,
            attempts=100,  # days: it was promised
            pauses=_PATIENT,
            rank=20,
        ),
        Performer(
            kind=ERASE_PICTURES,
            call=lambda _reaction_id, references: retention.erase(UUID(references["user_id"])),
            record=_nothing_to_record,
            give_up=_nothing_to_undo,
            attempts=100,  # days: it was promised
            pauses=_PATIENT,
            rank=20,
        ),
        Performer(
            kind=GIVE_UP_PICTURES,
            call=lambda _reaction_id, _references: retention.give_up_past_terms(),
            record=_nothing_to_record,
            give_up=_nothing_to_undo,
            attempts=3,  # the next one comes by itself
            rank=20,
        ),
        Performer(
            kind=EXPIRE_CREDITS,
            call=lambda _reaction_id, _references: expiry.record_due(),
            record=_nothing_to_record,
            give_up=_nothing_to_undo,
            attempts=3,  # the next one comes by itself
            rank=20,
        ),
        Performer(
            kind=REMOVE_INCOMING,
            call=lambda _reaction_id, _references: uploads.remove_abandoned(),
            record=_nothing_to_record,
            give_up=_nothing_to_undo,
            attempts=3,
            rank=20,
        ),
        Performer(
            kind=REMOVE_UPLOADS,
            call=lambda _reaction_id, _references: retention.remove_unused_uploads(),
            record=_nothing_to_record,
            give_up=_nothing_to_undo,
            attempts=3,
            rank=20,
        ),
        Performer(
            kind=REMOVE_LEFTOVERS,
            call=lambda _reaction_id, _references: retention.remove_leftovers(),
            record=_nothing_to_record,
            give_up=_nothing_to_undo,
            attempts=3,
            rank=30,
        ),
    )
    return {performer.kind: performer for performer in listed}


def _photo(references: References) -> tuple[UUID, UUID]:
    return UUID(references["job_id"]), UUID(references["photo_id"])


def _mailed(send: Callable[[], None]) -> Answer:
    """A mailbox that refuses a mail would refuse it again, and be the less inclined to take others of ours."""
    try:
        send()
    except MailRefused as refused:
        return {"refused": refused.code}
    return {}


def _nobody_to_call(_reaction_id: UUID, _references: References) -> Answer:
    return {}


def _nothing_to_record(_references: References, _answer: Answer) -> None:
    """What was called is all there is to it."""


def _nothing_to_undo(_references: References) -> None:
    """The dead row, which operators see, says it all."""

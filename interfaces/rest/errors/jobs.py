"""What can be wrong with a job, its brief and its photos."""

from collections.abc import Mapping
from typing import Final

from application.errors import PresetUnavailable
from domain.brief import PromptNeeded, PromptTooLong
from domain.credit_errors import InsufficientCredits
from domain.job_errors import (
    GroupNameTooLong,
    JobAlreadyEnded,
    JobNotEnded,
    LinkGivenTwice,
    NothingToRetry,
    PhotoGivenTwice,
    PhotoNotInJob,
    PhotoNotStaged,
    WrongNumberOfPhotos,
)
from domain.lineage import TooManyVariations
from domain.pictures import OriginalsRemoved
from interfaces.rest.errors.answer import AN_ID, Answer
from interfaces.rest.errors.faults import JobNotReady, NotAltered

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    WrongNumberOfPhotos: Answer(
        422,
        "wrong_number_of_photos",
        "Wrong number of photos",
        "A job has 1 to {limit} photos, this one {count}.",
        {"count": 31, "limit": 30},
    ),
    PhotoGivenTwice: Answer(
        422,
        "photo_given_twice",
        "Photo given twice",
        "The upload {upload_id} is in the job twice.",
        {"upload_id": AN_ID},
    ),
    LinkGivenTwice: Answer(
        422,
        "link_given_twice",
        "Link given twice",
        "Photo {number} of the job has the link of an earlier one.",
        {"number": 2},
    ),
    TooManyVariations: Answer(
        409,
        "too_many_variations",
        "Too many variations",
        "A photo can be given {limit} new briefs; {photo_id} has had them all.",
        {"photo_id": AN_ID, "limit": 4},
    ),
    PhotoNotStaged: Answer(
        409, "photo_not_staged", "Not staged", "The photo {photo_id} has no result.", {"photo_id": AN_ID}
    ),
    PromptTooLong: Answer(
        422,
        "prompt_too_long",
        "Prompt too long",
        "A prompt has {limit} characters at the most, this one {length}.",
        {"length": 501, "limit": 500},
    ),
    PromptNeeded: Answer(
        422, "prompt_needed", "Prompt needed", "The custom preset does what its prompt says: give one."
    ),
    GroupNameTooLong: Answer(
        422,
        "group_name_too_long",
        "Group name too long",
        "A group name has {limit} characters at the most, this one {length}.",
        {"length": 150, "limit": 140},
    ),
    PresetUnavailable: Answer(
        422,
        "preset_unavailable",
        "Preset not available",
        "{preset} cannot be done here now; GET /presets tells what can.",
        {"preset": "stage", "available": ["enhance"]},
    ),
    InsufficientCredits: Answer(
        402,
        "insufficient_credits",
        "Not enough credits",
        "Credits needed: {needed}, available: {available}, owed and repaid first: {debt}.",
        {"needed": 5, "available": 3, "debt": 0},
    ),
    JobAlreadyEnded: Answer(
        409,
        "job_already_ended",
        "Job ended",
        "The job is {job_status} already.",
        {"job_status": "completed"},
        attributes={"job_status": "status"},
    ),
    JobNotEnded: Answer(
        409,
        "job_not_ended",
        "Job still going",
        "The job is {job_status}; wait until it has ended, or cancel it.",
        {"job_status": "processing"},
        attributes={"job_status": "status"},
    ),
    NothingToRetry: Answer(
        409,
        "nothing_to_retry",
        "Nothing to try again",
        "No photo of the job {job_id} failed.",
        {"job_id": AN_ID},
    ),
    OriginalsRemoved: Answer(
        409,
        "originals_removed",
        "Originals gone",
        "The originals of the job {job_id} are no longer kept; send the photos again.",
        {"job_id": AN_ID},
    ),
    JobNotReady: Answer(
        409,
        "job_not_ready",
        "Nothing to download yet",
        "No photo of the job {job_id} is staged yet.",
        {"job_id": AN_ID},
    ),
    NotAltered: Answer(
        409,
        "not_altered",
        "Not altered",
        "{preset} adds and removes nothing, so there is nothing to disclose.",
        {"preset": "enhance"},
    ),
    PhotoNotInJob: Answer(
        404, "photo_not_in_job", "No such photo", "The job has no photo {photo_id}.", {"photo_id": AN_ID}
    ),
}

"""What can be wrong with photos that come in, and with pictures that are fetched."""

from collections.abc import Mapping
from typing import Final

from application.errors import (
    PhotoNotArrived,
    PictureNotFound,
    PictureRemoved,
    UploadAlreadyUsed,
    UploadExpired,
    UploadNotFound,
)
from application.photos import (
    PhotoAnimated,
    PhotoEmpty,
    PhotoHasTooManyPixels,
    PhotoTooLarge,
    PhotoTooLong,
    PhotoUnreadable,
    PhotoUnsupported,
)
from infrastructure.delivering.signed_links import LinkExpired, LinkInvalid
from interfaces.rest.errors.answer import AN_ID, Answer

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    PhotoEmpty: Answer(422, "photo_empty", "Empty file", "The file has no bytes; send it again."),
    PhotoTooLarge: Answer(
        413, "photo_too_large", "Photo too large", "A photo may have 15 MB (15,000,000 bytes) at the most."
    ),
    PhotoUnsupported: Answer(
        415, "photo_unsupported", "Not a photo we take", "Send JPEG, PNG, WebP, HEIC or HEIF."
    ),
    PhotoUnreadable: Answer(
        422,
        "photo_unreadable",
        "Damaged photo",
        "The file cannot be read to its end: it is damaged, cut off or coded in a rare way. Send the original "
        "again, or save it anew as JPEG.",
    ),
    PhotoAnimated: Answer(
        422,
        "photo_animated",
        "More than one picture",
        "The file is animated or holds several pictures; send a still one by itself.",
    ),
    PhotoTooLong: Answer(
        422,
        "photo_too_long",
        "Photo too long",
        "A side of a photo may have {limit} pixels at the most.",
        {"limit": 65_500},
    ),
    PhotoHasTooManyPixels: Answer(
        422,
        "photo_has_too_many_pixels",
        "Too many pixels",
        "A photo may have {limit} megapixels at the most, this one has {megapixels:.10g}.",
        {"megapixels": 72.5, "limit": 60},
    ),
    UploadNotFound: Answer(
        404,
        "upload_not_found",
        "No such upload",
        "There is no upload {upload_id} of yours; send its photo again.",
        {"upload_id": AN_ID},
    ),
    PhotoNotArrived: Answer(
        409,
        "photo_not_arrived",
        "Photo not there",
        "Nothing was put where the upload {upload_id} was to go, or it was completed too late.",
        {"upload_id": AN_ID},
    ),
    UploadAlreadyUsed: Answer(
        409,
        "upload_already_used",
        "Upload used",
        "The upload {upload_id} belongs to a job already; send its photo again for another.",
        {"upload_id": AN_ID},
    ),
    UploadExpired: Answer(
        409,
        "upload_expired",
        "Upload expired",
        "The upload {upload_id} was not used in time; send its photo again.",
        {"upload_id": AN_ID},
    ),
    LinkInvalid: Answer(
        403, "link_invalid", "Not a link of ours", "The link is incomplete or was changed; ask for another."
    ),
    LinkExpired: Answer(403, "link_expired", "Link expired", "The link's time is over; ask for another."),
    PictureNotFound: Answer(404, "picture_not_found", "Picture gone", "This picture is not to be found."),
    PictureRemoved: Answer(
        410,
        "picture_removed",
        "Picture removed",
        "Pictures are kept for a while after their job; this one was removed at {removed_at}.",
        {"removed_at": "2027-05-04T10:00:00Z"},
    ),
}

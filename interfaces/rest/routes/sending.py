"""Sending pictures as they lie in the store, whole or in part: never more than some pieces are in memory."""

from infrastructure.storage.pictures import StoredPicture
from interfaces.rest.files import Downloads, FileStream
from interfaces.rest.ranges import ACCEPTED, asked_for, content_range


async def sent(
    picture: StoredPicture,
    downloads: Downloads,
    wanted: str | None,
    if_range: str | None,
    media_type: str,
    headers: dict[str, str],
) -> FileStream:
    """The range of the picture that is wanted, or all of it. `headers` has its ETag.

    Raises PictureNotFound, RangeNotSatisfiable or Busy.
    """
    if (asked := asked_for(wanted, if_range, headers["ETag"])) is None:
        status, found = 200, await picture.open()
        length, ranged = found.size, {}
    else:
        first, end = asked.within(size := await picture.size())
        status, found = 206, await picture.open((first, end))
        length, ranged = end - first, content_range(first, end, size)
    return FileStream(
        await downloads.begun(picture.owner, found.pieces),
        status_code=status,
        media_type=media_type,
        headers={**headers, **ACCEPTED, **ranged, "Content-Length": str(length)},
    )

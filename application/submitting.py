"""Which photos a new job takes: uploads that no job has taken yet, links, or photos of an earlier job once more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid5

from application.errors import UploadAlreadyUsed, UploadExpired, UploadNotFound
from application.ports import Store, Upload
from application.uploads import file_name
from domain.job_errors import LinkGivenTwice
from domain.job_photo import JobPhoto
from domain.lineage import Lineage
from domain.personal import Personal

Wanted = UUID | Personal
"""A photo that a job is to take: its upload's id, or a link to it."""


def chosen(
    job_id: UUID,
    wanted: Sequence[Wanted],
    *,
    earlier: Mapping[UUID, JobPhoto],
    uploads: Mapping[UUID, Upload],
    now: datetime,
) -> list[JobPhoto]:
    """These photos as photos of this job, from `earlier`, from `uploads`, or still to be fetched.

    Both are by upload id. Raises UploadNotFound, UploadAlreadyUsed, UploadExpired or LinkGivenTwice.
    """
    photos: list[JobPhoto] = []
    links: set[str] = set()
    for number, one in enumerate(wanted, start=1):
        if isinstance(one, Personal):
            if one.text in links:
                raise LinkGivenTwice(number)
            links.add(one.text)
            photos.append(_linked(job_id, number, one))
        elif one in earlier:
            photos.append(again(job_id, earlier[one]))
        else:
            photos.append(_uploaded(job_id, one, uploads.get(one), now))
    return photos


def again(job_id: UUID, photo: JobPhoto) -> JobPhoto:
    """A photo of an earlier job as a photo of this one: the same picture, from the same upload."""
    return replace(photo, photo_id=_photo_id(job_id, photo.upload_id), root_photo_id=photo.root)


def varied(store: Store, user_id: UUID, job_id: UUID, photos: Sequence[JobPhoto]) -> Iterator[Lineage]:
    """The lineages of those photos that a new brief is given. Raises TooManyVariations."""
    for photo in photos:
        if photo.root_photo_id:
            lineage = lineage_of(store, photo.root_photo_id, user_id)
            lineage.vary(photo.photo_id, job_id)
            yield lineage


def lineage_of(store: Store, root_photo_id: UUID, user_id: UUID) -> Lineage:
    """As it is, or one that begins now."""
    found = store.find(Lineage, Lineage.id_for(root_photo_id))
    return found or Lineage.begin(root_photo_id, user_id=user_id)


def _linked(job_id: UUID, number: int, link: Personal) -> JobPhoto:
    """It becomes an upload like any other once it is fetched; this is the id it will have."""
    upload_id = uuid5(job_id, f"link {number}")
    name = Personal(file_name(_last_part(link.text)))
    return JobPhoto(_photo_id(job_id, upload_id), upload_id, original="", media_type="", name=name, link=link)


def _last_part(link: str) -> str:
    try:
        return unquote(urlsplit(link).path)
    except ValueError:  # the link is none; whoever fetches it will say so
        return ""


def _uploaded(job_id: UUID, upload_id: UUID, upload: Upload | None, now: datetime) -> JobPhoto:
    if upload is None:
        raise UploadNotFound(upload_id)
    if upload.job_id not in (None, job_id):
        raise UploadAlreadyUsed(upload_id)
    if upload.expires_at <= now:
        raise UploadExpired(upload_id)
    return JobPhoto(
        photo_id=_photo_id(job_id, upload_id),
        upload_id=upload_id,
        original=upload.sha256,
        media_type=upload.facts.media_type,
        name=upload.name,
    )


def _photo_id(job_id: UUID, upload_id: UUID) -> UUID:
    return uuid5(job_id, str(upload_id))

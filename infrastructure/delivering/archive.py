"""A job's pictures as one ZIP, made while it is sent: never more than a piece of it is in memory."""

import io
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import msgspec

from application.pictures import ORIGINALS, PREVIEW, results_of
from application.ports import Pictures
from domain.brief import Label, Preset
from infrastructure.delivering.disclosure import Disclosed, page
from infrastructure.delivering.names import Naming
from infrastructure.delivering.signed_links import SignedLinks
from infrastructure.queries.jobs import StagedPhoto
from infrastructure.queries.provenances import ProvenanceRow

MANIFEST: Final = "manifest.json"
DISCLOSURE: Final = "disclosure.html"
LABELLED: Final = "labelled/"
UNALTERED: Final = "originals/"

_SHOWN: Final = frozenset({"image/jpeg", "image/png", "image/webp"})

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""A ZIP knows no earlier time."""

Labelled = Callable[[str, Label], AsyncIterator[bytes]]
"""The labelled variant of the result with this SHA-256, as a JPEG in pieces. Raises PictureNotFound."""


@dataclass(frozen=True)
class Delivery:
    """What a job's ZIP holds. The same delivery is always the same bytes.

    Altered pictures come with what whoever publishes them owes: a labelled variant, the unaltered original and
    a page that discloses both.
    """

    job_id: UUID
    user_id: UUID
    preset: Preset
    photos: Sequence[StagedPhoto]
    links: SignedLinks
    originals_term: timedelta
    """How long originals are kept, and links to them are good."""
    room_type: str | None = None
    provenances: Sequence[ProvenanceRow] = ()
    """Of all photos, for the manifest."""

    def manifest(self) -> dict[str, Any]:
        """Which file is which photo, from which original, made by what."""
        made = {provenance.photo_id: provenance for provenance in self.provenances}
        return {
            "job_id": str(self.job_id),
            "preset": self.preset.value,
            "altered": self.preset.alters,
            "label": self.preset.label,
            "photos": [
                {
                    "photo_id": str(photo.photo_id),
                    "number": photo.number,
                    "name": photo.name,
                    "file": self._result(photo),
                    "labelled_file": self._labelled(photo),
                    "original_file": self._original(photo),
                    "original_url": self.original_url(photo) if self._original(photo) else None,
                    "original_sha256": photo.original_sha256,
                    "result_sha256": photo.result_sha256,
                    "engine": photo.engine,
                    "engine_version": photo.engine_version,
                    "staged_at": photo.staged_at.isoformat(),
                    "provenance": made.get(photo.photo_id),
                }
                for photo in self.photos
            ],
        }

    def disclosure(self) -> str | None:
        """The page that goes along, its pictures those of the ZIP; none when nothing was altered."""
        if (label := self.preset.label) is None:
            return None
        photos = [
            Disclosed(
                title=self._result(photo),
                altered=self._labelled(photo) or self._result(photo),
                original=self._original_shown(photo),
                original_url=self.original_url(photo),
                altered_at=photo.staged_at,
            )
            for photo in self.photos
        ]
        return page(self.preset, label, photos, until=self.until)

    def _original_shown(self, photo: StagedPhoto) -> str | None:
        """What a browser can show of the original: it knows no HEIC."""
        if (original := self._original(photo)) is None or photo.original_media_type in _SHOWN:
            return original
        path = f"{self._path(photo)}/preview"
        return self.links.sign(path, self.until, size=PREVIEW, picture=photo.original_sha256)

    @property
    def until(self) -> datetime:
        """When links to the originals end: with the term for which those are kept."""
        return max(photo.staged_at for photo in self.photos) + self.originals_term

    def original_url(self, photo: StagedPhoto) -> str:
        """Where anybody finds the unaltered original."""
        return self.links.sign(f"{self._path(photo)}/original", self.until)

    def _path(self, photo: StagedPhoto) -> str:
        return f"/api/v1/jobs/{self.job_id}/photos/{photo.photo_id}"

    async def zipped(self, pictures: Pictures, labelled: Labelled) -> AsyncIterator[bytes]:
        """The ZIP in pieces, what tells about the pictures first. Those are stored as they are: none deflates.

        Raises PictureNotFound in the middle of it when one is gone; what was sent then is no ZIP.
        """
        outlet = _Outlet()
        latest = max(photo.staged_at for photo in self.photos)
        with ZipFile(outlet, "w", ZIP_STORED) as archive:
            manifest = msgspec.json.format(msgspec.json.encode(self.manifest()), indent=2)
            archive.writestr(_entry(MANIFEST, latest), manifest)
            if disclosure := self.disclosure():
                archive.writestr(_entry(DISCLOSURE, latest), disclosure)
            yield outlet.take()
            for photo in self.photos:
                for name, pieces in self._files(photo, pictures, labelled):
                    with archive.open(_entry(name, photo.staged_at), "w") as file:
                        async for piece in pieces:
                            file.write(piece)
                            yield outlet.take()
        yield outlet.take()

    def _files(
        self, photo: StagedPhoto, pictures: Pictures, labelled: Labelled
    ) -> Iterator[tuple[str, AsyncIterator[bytes]]]:
        """The photo's pictures, each by its name and in pieces."""
        kind = results_of(self.job_id)
        yield self._result(photo), pictures.stream(self.user_id, kind, photo.result_sha256)
        if original := self._original(photo):
            yield original, pictures.stream(self.user_id, ORIGINALS, photo.original_sha256)
        if (label := self.preset.label) and (variant := self._labelled(photo)):
            yield variant, labelled(photo.result_sha256, label)

    @property
    def _naming(self) -> Naming:
        return Naming(self.preset, self.room_type)

    def _result(self, photo: StagedPhoto) -> str:
        return self._naming.result(photo.number, photo.name, photo.media_type)

    def _labelled(self, photo: StagedPhoto) -> str | None:
        return LABELLED + self._naming.labelled(photo.number, photo.name) if self.preset.alters else None

    def _original(self, photo: StagedPhoto) -> str | None:
        """Only what was altered needs its original beside it; it may be gone before the result is."""
        if not self.preset.alters or photo.original_removed_at:
            return None
        return UNALTERED + self._naming.original(photo.number, photo.name, photo.original_media_type)


def _entry(name: str, moment: datetime) -> ZipInfo:
    entry = ZipInfo(name, max(moment.timetuple()[:6], _EARLIEST))
    entry.external_attr = 0o644 << 16  # a plain file that everybody may read
    return entry


class _Outlet(io.RawIOBase):
    """Where the ZIP is written to: hands on what came since the last time, and cannot seek."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

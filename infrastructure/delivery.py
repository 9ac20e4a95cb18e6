"""A job's staged photos as one ZIP, made while it is sent: never more than a piece of it is in memory."""

import io
import re
import unicodedata
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import msgspec

from application.pictures import results_of
from application.ports import Pictures
from infrastructure.queries.jobs import StagedPhoto

MANIFEST: Final = "manifest.json"
STEM_LENGTH = 60
"""Characters kept of a photo's own name."""

_DONE: Final[Mapping[str, str]] = {
    "enhance": "enhanced",
    "stage": "staged",
    "declutter": "decluttered",
    "day_to_dusk": "dusk",
    "blue_sky": "blue-sky",
    "remove_objects": "cleared",
    "custom": "edited",
}
"""What a preset did, as files are named for it."""

_EXTENSIONS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heif",
}

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""A ZIP knows no earlier time."""


@dataclass(frozen=True)
class Delivery:
    """What a job's ZIP holds. The same delivery is always the same bytes."""

    job_id: UUID
    user_id: UUID
    preset: str
    photos: Sequence[StagedPhoto]

    def manifest(self) -> dict[str, Any]:
        """Which file is which photo, from which original, made by what."""
        return {
            "job_id": str(self.job_id),
            "preset": self.preset,
            "photos": [
                {
                    "photo_id": str(photo.photo_id),
                    "number": photo.number,
                    "name": photo.name,
                    "file": file_name(photo.number, photo.name, self.preset, photo.media_type),
                    "original_sha256": photo.original_sha256,
                    "result_sha256": photo.result_sha256,
                    "engine": photo.engine,
                    "engine_version": photo.engine_version,
                    "staged_at": photo.staged_at.isoformat(),
                }
                for photo in self.photos
            ],
        }

    async def zipped(self, pictures: Pictures) -> AsyncIterator[bytes]:
        """The ZIP in pieces, the manifest first. Photos are stored as they are: they do not deflate.

        Raises PictureNotFound in the middle of it when a result is gone; what was sent then is no ZIP.
        """
        outlet = _Outlet()
        manifest = msgspec.json.format(msgspec.json.encode(self.manifest()), indent=2)
        latest = max(photo.staged_at for photo in self.photos)
        results = results_of(self.job_id)
        with ZipFile(outlet, "w", ZIP_STORED) as archive:
            archive.writestr(_entry(MANIFEST, latest), manifest)
            yield outlet.take()
            for photo in self.photos:
                name = file_name(photo.number, photo.name, self.preset, photo.media_type)
                with archive.open(_entry(name, photo.staged_at), "w") as file:
                    async for piece in pictures.stream(self.user_id, results, photo.result_sha256):
                        file.write(piece)
                        yield outlet.take()
        yield outlet.take()


def file_name(number: int, name: str, preset: str, media_type: str) -> str:
    """`01-living-room-enhanced.jpg`: its number keeps it unique, and nothing in it is a path."""
    return f"{number:02d}-{stem(name)}-{_DONE.get(preset, preset)}.{extension(media_type)}"


def stem(name: str) -> str:
    """What people call a file, in letters, digits and dashes only."""
    last = unicodedata.normalize("NFKC", re.split(r"[/\\]", name)[-1])
    shown = last.rpartition(".")[0] or last
    return re.sub(r"[\W_]+", "-", shown)[:STEM_LENGTH].strip("-").lower() or "photo"


def extension(media_type: str) -> str:
    return _EXTENSIONS.get(media_type, "bin")


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

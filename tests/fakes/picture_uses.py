"""What still needs a picture, told from the projections, as the real one does, up to where a test says."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from application.ports import Clock
from application.projections.fold import fold
from application.projections.jobs import JobRow, Jobs
from application.projections.photos import PhotoRow, Photos
from application.projections.projection import Projection
from domain.pictures import PictureKind
from tests.fakes.world import World


@dataclass
class FoldedPictureUses:
    world: World
    clock: Clock
    known: int | None = None
    """The read models stand still at this position; None: they are never behind."""

    def knows_removal(self, job_id: UUID, kind: PictureKind) -> bool:
        originals = kind is PictureKind.ORIGINALS
        return any(
            (row.original_removed_at if originals else row.result_removed_at) is not None
            for row in self._photos()
            if row.job_id == job_id
        )

    def original_needed(self, owner: UUID, sha256: str) -> bool:
        photos = self._photos()
        known = {row.job_id for row in photos}
        now = self.clock.now()
        return any(
            (row.user_id, row.original, row.original_removed_at) == (owner, sha256, None) for row in photos
        ) or any(
            upload.expires_at > now if upload.job_id is None else upload.job_id not in known
            for upload in self.world.uploads.values()
            if (upload.user_id, upload.sha256) == (owner, sha256)
        )

    def undisturbed(
        self,
        owner: UUID,  # noqa: ARG002 - nobody adds anything meanwhile
        sha256: str,  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        return nullcontext()

    def past_term(self, kind: PictureKind, *, ended_before: datetime, limit: int) -> list[UUID]:
        originals = kind is PictureKind.ORIGINALS
        jobs: list[JobRow] = [
            row
            for row in self._folded(Jobs())
            if (row.originals_removed_at if originals else row.results_removed_at) is None
        ]
        ended = [(row.ended_at, row.job_id) for row in jobs if row.ended_at and row.ended_at < ended_before]
        return [job_id for _, job_id in sorted(ended)[:limit]]

    def kept_by(self, owner: UUID, *, limit: int) -> list[UUID]:
        jobs: list[JobRow] = self._folded(Jobs())
        return [
            row.job_id
            for row in jobs
            if row.user_id == owner and None in (row.originals_removed_at, row.results_removed_at)
        ][:limit]

    def _photos(self) -> list[PhotoRow]:
        return self._folded(Photos())

    def _folded(self, projection: Projection[Any]) -> list[Any]:
        rows: dict[Any, Any] = {}
        known = self.world.log[: self.known]
        fold(projection, rows, (one for one in known if one.name in projection.events))
        return list(rows.values())

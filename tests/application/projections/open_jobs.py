"""A projection whose rows go again: the jobs that have not ended."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, named
from application.recorded import Recorded
from domain.photo_job import PhotoJob


class OpenJob(NamedTuple):
    job_id: UUID
    submitted: int
    """Position in the log."""


class OpenJobs:
    table = Table("open_jobs", 1, OpenJob, ("job_id",))
    events = named(PhotoJob.Submitted, PhotoJob.Completed, PhotoJob.Failed, PhotoJob.Cancelled)

    def keys(self, recorded: Recorded) -> Iterable[Key]:
        return () if isinstance(recorded.event, PhotoJob.Submitted) else ((recorded.stream_id,),)

    def evolve(
        self,
        rows: Mapping[Key, OpenJob],  # noqa: ARG002 - all that it needs to know is in the event
        recorded: Recorded,
    ) -> Mapping[Key, OpenJob | None]:
        begins = isinstance(recorded.event, PhotoJob.Submitted)
        row = OpenJob(recorded.stream_id, recorded.position) if begins else None
        return {(recorded.stream_id,): row}

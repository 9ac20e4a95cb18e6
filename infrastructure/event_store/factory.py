"""How the `eventsourcing` library gets its recorders from us, whichever application it runs."""

from typing import TypeVar, cast

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    NotSupportedError,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic

from infrastructure.event_store.process_recorder import PostgresProcessRecorder, PostgresTrackingRecorder
from infrastructure.event_store.recorder import PostgresAggregateRecorder, PostgresApplicationRecorder
from infrastructure.event_store.snapshot_recorder import PostgresSnapshotRecorder
from infrastructure.postgres.database import Database

R = TypeVar("R", PostgresApplicationRecorder, PostgresTrackingRecorder, PostgresProcessRecorder)


class Factory(InfrastructureFactory[TrackingRecorder]):
    """Recorders on one database, given or found by DATABASE_URL. Migrations have made its tables."""

    DATABASE_URL = "DATABASE_URL"

    def __init__(self, env: Environment | EnvType | None, database: Database | None = None) -> None:
        super().__init__(env)
        self._given = database is not None
        self._database = database or self._opened()

    def close(self) -> None:
        """Disconnect, unless the database was given and others use it too."""
        if not self._given:
            self._database.close()

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """For events or for snapshots. Raises NotSupportedError for anything else."""
        if purpose == "snapshots":
            return PostgresSnapshotRecorder(self._database)
        if purpose != "events":
            raise NotSupportedError(f"{purpose} are not kept in this event store")
        return PostgresAggregateRecorder(self._database)

    def application_recorder(self) -> ApplicationRecorder:
        return self._made(self.APPLICATION_RECORDER_TOPIC, PostgresApplicationRecorder)

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        """Of the class given, or named by TRACKING_RECORDER_TOPIC, or ours; either extends ours."""
        if tracking_recorder_class is not None:
            return cast(type[PostgresTrackingRecorder], tracking_recorder_class)(self._database)
        return self._made(self.TRACKING_RECORDER_TOPIC, PostgresTrackingRecorder)

    def process_recorder(self) -> ProcessRecorder:
        return self._made(self.PROCESS_RECORDER_TOPIC, PostgresProcessRecorder)

    def _made(self, variable: str, ours: type[R]) -> R:
        """A recorder of the class that the variable names, as the library's own factories have it, or ours."""
        topic = self.env.get(variable)
        recorder_class = cast(type[R], resolve_topic(topic)) if topic else ours
        return recorder_class(self._database)

    def _opened(self) -> Database:
        url = self.env.get(self.DATABASE_URL)
        if not url:
            raise OSError(f"{self.DATABASE_URL} is not set: the event store needs a PostgreSQL")
        database = Database(url)
        database.open()
        return database

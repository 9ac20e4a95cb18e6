"""How the `eventsourcing` library gets its recorders from us, whichever application it runs."""

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    NotSupportedError,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType

from infrastructure.database import Database
from infrastructure.event_store.recorder import PostgresAggregateRecorder, PostgresApplicationRecorder


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
        """For events. Raises NotSupportedError for snapshots."""
        if purpose != "events":
            raise NotSupportedError(f"{purpose} are not kept in this event store")
        return PostgresAggregateRecorder(self._database)

    def application_recorder(self) -> ApplicationRecorder:
        return PostgresApplicationRecorder(self._database)

    def tracking_recorder(
        self,
        tracking_recorder_class: type[TrackingRecorder] | None = None,  # noqa: ARG002 - the library's signature
    ) -> TrackingRecorder:
        raise NotSupportedError("followers keep their checkpoints themselves, see infrastructure.following")

    def process_recorder(self) -> ProcessRecorder:
        raise NotSupportedError("followers keep their checkpoints themselves, see infrastructure.following")

    def _opened(self) -> Database:
        url = self.env.get(self.DATABASE_URL)
        if not url:
            raise OSError(f"{self.DATABASE_URL} is not set: the event store needs a PostgreSQL")
        database = Database(url)
        database.open()
        return database

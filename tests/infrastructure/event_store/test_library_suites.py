"""The suites by which the eventsourcing library judges recorders, run against ours."""

from collections.abc import Iterator
from typing import Any, cast
from uuid import uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import InfrastructureFactory, NotSupportedError
from eventsourcing.tests import application as examples
from eventsourcing.tests import persistence as suites
from eventsourcing.utils import Environment

from infrastructure.event_store.factory import Factory
from infrastructure.event_store.process_recorder import PostgresProcessRecorder, PostgresTrackingRecorder
from infrastructure.event_store.recorder import PostgresAggregateRecorder, PostgresApplicationRecorder
from infrastructure.event_store.snapshot_recorder import PostgresSnapshotRecorder
from infrastructure.postgres.database import Database
from tests.servers import FreshDatabase

LIBRARY = {"PERSISTENCE_MODULE": "infrastructure.event_store"}


@pytest.fixture(autouse=True)
def opened(request: pytest.FixtureRequest, database: FreshDatabase) -> Iterator[Database]:
    """The suites are unittest cases, which take no arguments: they find the database on themselves."""
    opened = Database(database.app_url)
    opened.open()
    if request.instance is not None:
        request.instance.database = opened
    yield opened
    opened.close()


class TestAggregateRecorder(suites.AggregateRecorderTestCase):
    database: Database

    def create_recorder(self) -> PostgresAggregateRecorder:
        return PostgresAggregateRecorder(self.database)


class TestAggregateRecorderFromZero(TestAggregateRecorder):
    INITIAL_VERSION = 0


class TestApplicationRecorder(suites.ApplicationRecorderTestCase[PostgresApplicationRecorder]):
    database: Database

    def create_recorder(self) -> PostgresApplicationRecorder:
        return PostgresApplicationRecorder(self.database)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestTrackingRecorder(suites.TrackingRecorderTestCase):
    database: Database

    def create_recorder(self) -> PostgresTrackingRecorder:
        return PostgresTrackingRecorder(self.database)


class TestProcessRecorder(suites.ProcessRecorderTestCase):
    database: Database

    def create_recorder(self) -> PostgresProcessRecorder:
        return PostgresProcessRecorder(self.database)


class OtherTrackingRecorder(PostgresTrackingRecorder):
    """What an application may bring itself."""


class TestFactory(suites.InfrastructureFactoryTestCase[Factory]):
    database: Database

    def setUp(self) -> None:
        self.env = Environment(env={**LIBRARY, "DATABASE_URL": self.database.url})
        super().setUp()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[PostgresAggregateRecorder]:
        return PostgresAggregateRecorder

    def expected_application_recorder_class(self) -> type[PostgresApplicationRecorder]:
        return PostgresApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[PostgresTrackingRecorder]:
        return PostgresTrackingRecorder

    def tracking_recorder_subclass(self) -> type[PostgresTrackingRecorder]:
        return OtherTrackingRecorder

    def expected_process_recorder_class(self) -> type[PostgresProcessRecorder]:
        return PostgresProcessRecorder


class TestExampleApplication(examples.ExampleApplicationTestCase):
    """The library's bank, with snapshots, configured by the environment alone as its users do."""

    expected_factory_topic = "infrastructure.event_store.factory:Factory"

    @pytest.fixture(autouse=True)
    def configured(self, monkeypatch: pytest.MonkeyPatch, database: FreshDatabase) -> None:
        for name, value in {**LIBRARY, "DATABASE_URL": database.app_url}.items():
            monkeypatch.setenv(name, value)


class Dog(Aggregate):
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


def test_an_application_of_the_librarys_runs_on_our_persistence_module(database: FreshDatabase) -> None:
    with Application[Any](
        env={"PERSISTENCE_MODULE": "infrastructure.event_store", "DATABASE_URL": database.app_url}
    ) as application:
        dog = Dog("Fido")
        dog.add_trick("roll over")
        application.save(dog)
        loaded = cast(Dog, application.repository.get(dog.id))
        topics = [one.topic for one in application.notification_log.select(1, 10)]
    assert (loaded.name, loaded.tricks) == ("Fido", ["roll over"])
    assert topics == [f"{__name__}:Dog.Created", f"{__name__}:Dog.TrickAdded"]


def test_the_factory_is_found_by_the_modules_name(database: FreshDatabase) -> None:
    factory = InfrastructureFactory.construct(
        Environment(
            env={"PERSISTENCE_MODULE": "infrastructure.event_store", "DATABASE_URL": database.app_url}
        )
    )
    try:
        assert type(factory) is Factory
        assert type(factory.aggregate_recorder()) is PostgresAggregateRecorder
        assert type(factory.application_recorder()) is PostgresApplicationRecorder
        assert type(factory.aggregate_recorder(purpose="snapshots")) is PostgresSnapshotRecorder
        with pytest.raises(NotSupportedError):
            factory.aggregate_recorder(purpose="spare parts")
    finally:
        factory.close()


def test_the_factory_says_what_it_misses() -> None:
    with pytest.raises(OSError, match="DATABASE_URL is not set"):
        Factory(Environment(name=str(uuid4()), env={}))

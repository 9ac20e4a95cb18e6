"""Stored bytes are read by today's code whatever wrote them, and personal texts are never in the clear."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag

from application.recorded import Unreadable
from domain.aggregate import Aggregate
from domain.personal import ERASED, Personal
from domain.user import User
from infrastructure.event_store.keyring import KeyDestroyed, Keyring, Sealed, WrongMasterKey, is_sealed
from infrastructure.event_store.mapper import EventMapper, UnsealedPersonalText
from infrastructure.postgres.database import Database
from tests.infrastructure.event_store import corpus
from tests.servers import FreshDatabase

MASTER = b"m" * 32


@pytest.fixture
def opened(database: FreshDatabase) -> Iterator[Database]:
    opened = Database(database.app_url)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def keyring(opened: Database) -> Keyring:
    return Keyring(opened, MASTER)


def registered(name: str = "Ann Archer") -> User.Registered:
    user = User.register(uuid4(), email=Personal("ann@example.com"), name=Personal(name), claim_id=uuid4())
    (event,) = user.pending_events
    assert isinstance(event, User.Registered)
    return event


def test_every_event_that_was_ever_stored_is_read_by_todays_code() -> None:
    mapper = EventMapper(Keyring(Database("postgresql://nobody"), MASTER))
    for one in corpus.stored():
        event = mapper.event(one.topic, one.state, uuid4(), 1)
        for name, value in json.loads(one.state).items():
            assert getattr(event, name) is not None, f"{one.topic} lost {name} = {value}"


def test_the_corpus_shows_every_event_in_its_present_version() -> None:
    assert corpus.missing() == [], "run: .venv/bin/python -m tests.infrastructure.event_store.corpus"


@pytest.mark.parametrize(
    ("topic", "state", "metadata"),
    [
        ("Nobody.Knew", b"{}", b""),
        ("CreditLedger.Opened", b"no JSON", b""),
        ("CreditLedger.Opened", b'{"user_id":"3f333df6-90a4-4fda-8dd3-9485d27cee36"}', b"no JSON"),
    ],
)
def test_what_cannot_be_decoded_is_told_and_holds_nobody_up(
    topic: str, state: bytes, metadata: bytes
) -> None:
    mapper = EventMapper(Keyring(Database("postgresql://nobody"), MASTER))
    recorded = mapper.recorded(7, uuid4(), 1, topic, state, metadata, None, datetime.now(UTC))
    assert isinstance(recorded.event, Unreadable)
    assert recorded.position == 7


def test_an_event_is_read_as_it_was_written(keyring: Keyring) -> None:
    mapper, event, owner = EventMapper(keyring), registered(), uuid4()
    envelope = mapper.envelope(event, owner=owner, key_id=owner, metadata=b"")
    again = mapper.to_domain_event(envelope)
    assert isinstance(again, User.Registered)
    assert (again.email.text, again.name.text, again.claim_id) == (
        "ann@example.com",
        "Ann Archer",
        event.claim_id,
    )
    assert (again.originator_id, again.originator_version) == (event.originator_id, 1)


def test_the_stored_state_holds_the_events_own_fields_and_nothing_twice(keyring: Keyring) -> None:
    envelope = EventMapper(keyring).envelope(registered(), owner=None, key_id=uuid4(), metadata=b"")
    assert list(json.loads(envelope.state)) == ["email", "name", "claim_id", "time_zone"]
    assert envelope.topic == "User.Registered"


def test_personal_texts_are_sealed_with_their_owners_key(keyring: Keyring) -> None:
    envelope = EventMapper(keyring).envelope(registered(), owner=None, key_id=uuid4(), metadata=b"")
    state = json.loads(envelope.state)
    assert is_sealed(state["email"])
    assert is_sealed(state["name"])
    assert b"ann" not in envelope.state.lower()


def test_a_personal_text_of_nobodys_is_refused(keyring: Keyring) -> None:
    with pytest.raises(UnsealedPersonalText):
        EventMapper(keyring).envelope(registered(), owner=None, key_id=None, metadata=b"")


def test_the_same_text_is_never_sealed_the_same_way_twice(keyring: Keyring) -> None:
    owner = uuid4()
    assert keyring.seal(owner, "same") != keyring.seal(owner, "same")


def test_a_destroyed_key_leaves_a_placeholder_and_seals_nothing_more(opened: Database) -> None:
    keyring, owner = Keyring(opened, MASTER), uuid4()
    token = keyring.seal(owner, "Ann")
    keyring.destroy(owner)
    assert keyring.open(token) == ERASED
    assert Sealed(token, Keyring(opened, MASTER)).text == ERASED
    with pytest.raises(KeyDestroyed):
        keyring.seal(owner, "Ann again")


def test_another_process_opens_what_was_sealed(opened: Database) -> None:
    token = Keyring(opened, MASTER).seal(uuid4(), "Grüße aus Köln")
    assert Keyring(opened, MASTER).open(token) == "Grüße aus Köln"


def test_a_wrong_master_key_is_told_apart_from_a_destroyed_one(opened: Database) -> None:
    token = Keyring(opened, MASTER).seal(uuid4(), "Ann")
    with pytest.raises(WrongMasterKey):
        Keyring(opened, b"w" * 32).open(token)


def test_a_key_made_in_a_transaction_that_failed_is_not_used_again(opened: Database) -> None:
    keyring, owner = Keyring(opened, MASTER), uuid4()

    def fail() -> None:
        with opened.transaction():
            keyring.seal(owner, "lost")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    token = keyring.seal(owner, "kept")
    assert Keyring(opened, MASTER).open(token) == "kept"


def test_a_sealed_text_names_its_owner_who_cannot_be_changed(keyring: Keyring) -> None:
    ann, bob = uuid4(), uuid4()
    token = keyring.seal(ann, "Ann's")
    keyring.seal(bob, "Bob's")
    with pytest.raises(InvalidTag):
        keyring.open(token.replace(ann.hex, bob.hex))


class Lamp(Aggregate):
    """An aggregate whose events have changed their shape twice."""

    class Installed(Aggregate.Created):
        watts: int
        colour: str
        class_version: ClassVar[int] = 3

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["watts"] = state.pop("power")

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["colour"] = "warm"

    def __init__(self, watts: int, colour: str) -> None:
        self.watts, self.colour = watts, colour

    @property
    def owner(self) -> UUID | None:
        return None


@pytest.mark.parametrize(
    ("state", "colour"),
    [
        (b'{"power":40}', "warm"),
        (b'{"watts":40,"class_version":2}', "warm"),
        (b'{"watts":40,"colour":"cold","class_version":3}', "cold"),
    ],
)
def test_older_shapes_are_upcast_step_by_step(keyring: Keyring, state: bytes, colour: str) -> None:
    event = EventMapper(keyring).event("Lamp.Installed", state, uuid4(), 1)
    assert isinstance(event, Lamp.Installed)
    assert (event.watts, event.colour) == (40, colour)


def test_a_later_shape_is_stored_with_its_version(keyring: Keyring) -> None:
    (event,) = Lamp._create(Lamp.Installed, id=uuid4(), watts=40, colour="cold").pending_events
    envelope = EventMapper(keyring).envelope(event, owner=None, key_id=None, metadata=b"")
    assert json.loads(envelope.state) == {"watts": 40, "colour": "cold", "class_version": 3}


def test_a_text_stays_as_its_owners_key_has_sealed_it_and_is_sealed_anew_for_others(keyring: Keyring) -> None:
    mapper, owner, other = EventMapper(keyring), uuid4(), uuid4()
    stored = mapper.envelope(registered(), owner=owner, key_id=owner, metadata=b"")
    again = mapper.to_domain_event(stored)
    assert isinstance(again, User.Registered)

    assert mapper.envelope(again, owner=owner, key_id=owner, metadata=b"").state == stored.state
    others = mapper.envelope(again, owner=other, key_id=other, metadata=b"")
    assert owner.hex.encode() not in others.state
    hers = mapper.to_domain_event(others)
    assert isinstance(hers, User.Registered)
    assert hers.name.text == "Ann Archer"

    keyring.destroy(owner)
    with pytest.raises(KeyDestroyed):
        mapper.envelope(again, owner=owner, key_id=owner, metadata=b"")


def test_a_key_that_came_with_something_else_is_known_also_as_destroyed(
    keyring: Keyring, opened: Database
) -> None:
    owner = uuid4()
    token = keyring.seal(owner, "Ann Archer")
    (wrapped,) = opened.one("SELECT wrapped FROM stage.data_keys WHERE key_id = %s", [owner]) or (None,)
    fresh = Keyring(Database("postgresql://nobody"), MASTER)

    fresh.learn(owner, wrapped)
    assert fresh.open(token) == "Ann Archer"
    fresh.learn(owner, None)
    assert fresh.open(token) == ERASED
    with pytest.raises(KeyDestroyed):
        fresh.seal(owner, "Ann Archer")

"""Destroying a user's key forgets the person in every table at once, and changes nothing that was recorded."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from obstore.store import LocalStore

from application.projections.registry import PROJECTIONS
from domain.brief import Brief, Preset
from domain.credit_ledger import CreditLedger
from domain.job_photo import JobPhoto
from domain.lots import Source
from domain.personal import ERASED, Personal
from domain.photo_job import PhotoJob
from domain.user import User
from infrastructure.event_store.anchor_files import AnchorFiles
from infrastructure.event_store.anchoring import Anchoring
from infrastructure.event_store.audit import audit_database
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import LogReader, Watermark
from infrastructure.event_store.store import EventSourcedStore
from infrastructure.projections.engine import Projector
from tests.infrastructure.event_store.anchored import KEY
from tests.infrastructure.event_store.dumps import dump
from tests.infrastructure.projections.parts import END, MASTER_KEY, Parts, parts
from tests.servers import FreshDatabase

ANN, BOB, JOB, CLAIM = (UUID(int=number) for number in (1, 2, 3, 4))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PERSONAL = (
    "ann@personal.example",
    "Änn Persönlich",
    "paint it in my favourite red",
    "12 Elm Street",
    "Küche.jpg",
)
EMAIL, NAME, PROMPT, GROUP, FILE = PERSONAL


@pytest.fixture
def log(database: FreshDatabase) -> Iterator[Parts]:
    with parts(database.app_url) as log:
        yield log


def live(log: Parts, user_id: UUID) -> None:
    """Register, be given credits, ask for a photo, and have so long a ledger that it has a snapshot."""
    user = User.register(user_id, email=Personal(EMAIL), name=Personal(NAME), claim_id=CLAIM)
    ledger = CreditLedger.open(user_id)
    ledger.grant(uuid4(), Source.PURCHASE, 1000, reference="receipt")
    for _ in range(60):
        job_id = uuid4()
        ledger.hold(job_id, 2, NOW)
        ledger.settle(job_id, delivered=1, now=NOW)
    photo = JobPhoto(uuid4(), uuid4(), "aa" * 32, "image/jpeg", Personal(FILE))
    brief = Brief(Preset.CUSTOM, prompt=Personal(PROMPT))
    job = PhotoJob.submit(uuid4(), user_id=user_id, photos=[photo], brief=brief, group_name=Personal(GROUP))
    log.store.save(user, ledger, job)
    log.store.get(CreditLedger, ledger.id)


def project(log: Parts) -> None:
    with log.database.connection() as connection:
        for projection in PROJECTIONS:
            projector = Projector(projection)
            with connection.transaction():
                events = log.reader.read(connection, after=0, upto=END, names=projector.events, limit=END)
                projector.consume(connection, events)


def forms(text: str) -> list[str]:
    """How a text could lie in a dump: itself, as bytea, in base64."""
    stored = text.encode()
    return [text, stored.hex(), base64.b64encode(stored).decode().rstrip("=")[:-1]]


def test_a_dump_holds_nothing_personal_even_before_and_no_key_afterwards(
    log: Parts, database: FreshDatabase
) -> None:
    live(log, ANN)
    project(log)
    before = dump(database.superuser_url)
    keyring = Keyring(log.database, MASTER_KEY)
    (wrapped,) = log.database.one("SELECT wrapped FROM stage.data_keys WHERE key_id = %s", [ANN]) or (b"",)
    assert wrapped.hex() in before
    keyring.destroy(ANN)
    after = dump(database.superuser_url)
    assert wrapped.hex() not in after
    assert "sealed:1:" in after
    assert b"sealed:1:".hex() in after
    assert [form for text in PERSONAL for form in forms(text) if form in before + after] == []


def test_after_forgetting_chains_verify_ledgers_add_up_and_replays_show_placeholders(
    log: Parts, database: FreshDatabase, tmp_path: Path
) -> None:
    live(log, ANN)
    live(log, BOB)
    files, watermark = AnchorFiles(LocalStore(tmp_path)), Watermark(database.app_url)
    Anchoring(log.database, watermark, files, KEY).anchor()
    watermark.close()
    spent = sum(lot.spent for lot in _ledger(log.store, ANN).lots.values())

    Keyring(log.database, MASTER_KEY).destroy(ANN)
    mapper = EventMapper(Keyring(log.database, MASTER_KEY))
    again = Parts(log.database, EventSourcedStore(log.database, mapper, lambda: None), LogReader(mapper))

    assert again.store.get(User, ANN).name.text == ERASED
    assert again.store.get(User, BOB).name.text == NAME
    assert sum(lot.spent for lot in _ledger(again.store, ANN).lots.values()) == spent == 60
    project(again)
    rows = log.database.one("SELECT count(*) FROM event_store.events WHERE owner = %s", [ANN])
    assert rows is not None
    assert rows[0] > 120
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        verdict = audit_database(connection, files, KEY.public_key())
    assert (verdict.findings, verdict.unchecked, verdict.unreadable, verdict.unanchored) == ([], [], {}, 0)


def _ledger(store: EventSourcedStore, user_id: UUID) -> CreditLedger:
    return store.get(CreditLedger, CreditLedger.id_for(user_id))


def test_rotating_the_master_key_rewraps_every_key_and_changes_nothing_sealed(log: Parts) -> None:
    old = Keyring(log.database, MASTER_KEY)
    tokens = {user: old.seal(user, f"text of {user}") for user in (ANN, BOB, uuid4())}
    old.destroy(BOB)
    new = Keyring(log.database, b"n" * 32, previous_master_key=MASTER_KEY)
    assert new.open(tokens[ANN]) == f"text of {ANN}"  # before, while both keys are known
    assert (new.rewrap(), new.rewrap()) == (2, 0)
    alone = Keyring(log.database, b"n" * 32)
    opened = {user: alone.open(token) for user, token in tokens.items()}
    assert opened == {user: ERASED if user == BOB else f"text of {user}" for user in tokens}

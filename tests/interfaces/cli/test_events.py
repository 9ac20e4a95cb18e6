"""`stage events` and `stage keys`: the log shown, taken elsewhere and proven, by people and by programs."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from domain.personal import Personal
from domain.user import User
from infrastructure import settings, wiring
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.wiring import Container
from interfaces.cli import events, keys, verifying
from tests.infrastructure.event_store.dumps import dump_to, restore
from tests.servers import Databases, FreshDatabase

ANN, LOT, JOB, CLAIM = (UUID(int=number) for number in (1, 2, 3, 4))
LEDGER = CreditLedger.id_for(ANN)
OLD, NEW = (base64.b64encode(letter * 32).decode() for letter in (b"k", b"n"))

Run = Callable[..., Any]


@pytest.fixture
def environment(
    database: FreshDatabase, valkey: EmbeddedValkey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """What the commands are configured with."""
    for name, value in {
        "DATABASE_URL": database.app_url,
        "REDIS_URL": valkey.url,
        "OBJECT_STORE_URL": (tmp_path / "objects").as_uri(),
        "OUTBOX": str(tmp_path / "outbox"),
        "AUTH_SECRET": "s" * 40,
        "MASTER_KEY": OLD,
        "CLAIM_KEY": OLD,
        "ANCHOR_KEY": OLD,
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def container(environment: pytest.MonkeyPatch) -> Iterator[Container]:  # noqa: ARG001 - it is loaded
    container = wiring.build(settings.load())
    container.open()
    user = User.register(ANN, email=Personal("ann@example.com"), name=Personal("Ann"), claim_id=CLAIM)
    ledger = CreditLedger.open(ANN)
    ledger.grant(LOT, Source.PURCHASE, 5, reference="receipt")
    container.store.save(user, ledger)
    ledger.hold(JOB, 2, datetime.now(UTC))
    container.store.save(ledger)
    yield container
    container.close()


@pytest.fixture
def run(container: Container, capsys: pytest.CaptureFixture[str]) -> Run:  # noqa: ARG001 - what it looks at
    """Run a command of `stage events`; what it printed, and the code that it exited with."""

    def run(*arguments: str) -> tuple[str, int]:
        code = 0
        try:
            events.app(arguments, exit_on_error=False, result_action="return_value")
        except SystemExit as ended:
            code = int(ended.code or 0)
        return capsys.readouterr().out, code

    return run


def test_a_stream_is_shown_with_the_aggregate_that_its_events_make(run: Run) -> None:
    told = json.loads(run("show", str(LEDGER), "--json")[0])
    assert [one["name"] for one in told["events"]] == [
        "CreditLedger.Opened",
        "CreditLedger.Granted",
        "CreditLedger.Held",
    ]
    assert told["position"] == told["events"][-1]["position"]
    assert told["aggregate"]["lots"][str(LOT)]["available"] == 3


@pytest.mark.parametrize("by", ["version", "position", "moment"])
def test_a_stream_is_shown_as_of_a_version_a_position_or_a_moment(run: Run, by: str) -> None:
    granted = json.loads(run("show", str(LEDGER), "--json")[0])["events"][1]
    as_of = {
        "version": str(granted["version"]),
        "position": f"@{granted['position']}",
        "moment": granted["recorded_at"],
    }
    told = json.loads(run("show", str(LEDGER), "--as-of", as_of[by], "--json")[0])
    assert told["aggregate"]["lots"][str(LOT)]["available"] == 5
    assert told["position"] == granted["position"]


def test_what_is_shown_hides_what_is_personal(run: Run) -> None:
    for arguments in (
        ["show", str(ANN)],
        ["show", str(ANN), "--json"],
        ["tail", "--after", "0", "--limit", "4"],
    ):
        out, _ = run(*arguments)
        assert "Personal(***)" in out
        assert "Ann" not in out
        assert "ann@" not in out


def test_an_unknown_stream_and_an_odd_moment_are_explained(run: Run) -> None:
    with pytest.raises(events.NoSuchStream):
        run("show", str(uuid4()))
    with pytest.raises(events.NotAMoment):
        run("show", str(LEDGER), "--as-of", "yesterday")


def test_a_moment_without_an_offset_is_one_of_utc(run: Run) -> None:
    granted = json.loads(run("show", str(LEDGER), "--json")[0])["events"][1]
    naive = granted["recorded_at"].removesuffix("Z")
    assert json.loads(run("show", str(LEDGER), "--as-of", naive, "--json")[0])["position"] == 3


def test_what_cannot_be_read_or_written_is_explained(run: Run, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(events.NotWritten, match="No such file or directory"):
        run("export", "--out", str(gone / "log.jsonl"))
    with pytest.raises(verifying.ExportUnreadable, match="No such file or directory"):
        run("verify", "--export", str(gone))
    (tmp_path / "poem").write_text("Roses are red")
    with pytest.raises(verifying.ExportUnreadable, match="line 1 is not one of an export"):
        run("verify", "--export", str(tmp_path / "poem"))
    for place in (str(gone), "s3://", "ftp://elsewhere"):
        with pytest.raises(verifying.NoAnchorsThere):
            run("verify", "--anchors", place)
    assert not gone.exists()
    with pytest.raises(verifying.KeyMissing):
        run("verify", "--public-key", "abc")


def test_a_dump_is_verified_elsewhere_with_the_public_key_and_the_anchors_alone(
    run: Run, environment: pytest.MonkeyPatch, database: FreshDatabase, databases: Databases, tmp_path: Path
) -> None:
    key = json.loads(run("anchor", "--json")[0])["public_key"]
    dump_to(database.superuser_url, tmp_path / "dump")
    for name in ("REDIS_URL", "MASTER_KEY", "ANCHOR_KEY", "OBJECT_STORE_URL", "AUTH_SECRET", "CLAIM_KEY"):
        environment.delenv(name)
    asked = ["verify", "--anchors", str(tmp_path / "objects" / "anchors"), "--public-key", key, "--json"]
    with databases.empty() as elsewhere:
        restore(tmp_path / "dump", elsewhere.superuser_url)
        environment.setenv("DATABASE_URL", elsewhere.superuser_url)
        out, code = run(*asked)
        assert (code, json.loads(out)["anchored"]) == (0, 4)
        with psycopg.connect(elsewhere.superuser_url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("DELETE FROM event_store.events WHERE position = 2")
            connection.execute("UPDATE event_store.anchors SET position = 3")
        out, code = run(*asked)
        told = json.loads(out)
        assert (code, [one["kind"] for one in told["findings"]]) == (verifying.TAMPERED, ["deleted"])
        assert told["changed_anchors"] == [1]
    with databases.empty() as nothing:
        environment.setenv("DATABASE_URL", nothing.superuser_url)
        with pytest.raises(verifying.NoLog):
            run(*asked)


def test_an_anchor_changed_in_the_database_tells_by_the_exit_code(run: Run, database: FreshDatabase) -> None:
    run("anchor")
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE event_store.anchors SET events = 3")
    out, code = run("verify")
    assert code == verifying.TAMPERED
    assert out.startswith("anchor 1: edited in the database, or deleted from it")


def test_an_export_tells_what_it_wrote(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    assert json.loads(run("export", "--out", str(file), "--json")[0]) == {"events": 4, "out": str(file)}
    assert len(file.read_bytes().splitlines()) == 4
    assert len(run("export", "--after", "1", "--upto", "3")[0].splitlines()) == 2


def test_the_tail_tells_events_in_their_order(run: Run) -> None:
    lines = [
        json.loads(line) for line in run("tail", "--after", "1", "--limit", "3", "--json")[0].splitlines()
    ]
    assert [line["position"] for line in lines] == [2, 3, 4]
    assert lines[-1]["fields"] == {"job_id": str(JOB), "lots": {str(LOT): 2}}


def test_an_unanchored_log_cannot_be_proven_and_an_anchored_one_can(run: Run) -> None:
    out, code = run("verify", "--json")
    assert (code, json.loads(out)["unanchored"]) == (verifying.UNCHECKED, 4)
    anchored = json.loads(run("anchor", "--json")[0])
    assert [one["events"] for one in anchored["anchors"]] == [4]
    out, code = run("verify")
    assert code == 0
    assert "4 events, anchored up to position 4; 0 above it are not yet anchored; 0 were changed" in out
    assert "nothing is new" in run("anchor")[0]


def test_a_changed_event_is_named_and_tells_by_the_exit_code(run: Run, database: FreshDatabase) -> None:
    run("anchor")
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE event_store.events SET owner = NULL WHERE position = 2")
    out, code = run("verify")
    assert code == verifying.TAMPERED
    assert out.startswith("position 2: edited  ")


def test_an_event_that_nothing_can_decode_is_reported(run: Run, database: FreshDatabase) -> None:
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        connection.execute(
            "SELECT event_store.append_event(%s, 1, 'Gone.Happened', '{}', '', NULL)", [uuid4()]
        )
    run("anchor")
    out, code = run("verify", "--json")
    assert (code, json.loads(out)["unreadable"]) == (verifying.UNCHECKED, {"Gone.Happened": 1})


def test_an_export_is_verified_elsewhere_with_the_public_key_and_the_anchors_alone(
    run: Run, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = json.loads(run("anchor", "--json")[0])["public_key"]
    file = tmp_path / "log.jsonl"
    run("export", "--out", str(file))
    for name in ("DATABASE_URL", "MASTER_KEY", "ANCHOR_KEY", "OBJECT_STORE_URL"):
        environment.delenv(name)
    asked = ["verify", "--export", str(file), "--anchors", str(tmp_path / "objects"), "--public-key", key]
    assert run(*asked)[1] == 0
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:2] + lines[3:]))
    out, code = run(*asked, "--json")
    assert (code, [one["kind"] for one in json.loads(out)["findings"]]) == (verifying.TAMPERED, ["deleted"])
    file.write_bytes(b"".join(lines))
    other = "00" * 31 + "01"
    out, code = run(*asked[:-1], other, "--json")
    assert code == verifying.UNCHECKED
    assert "its signature is not by this key" in json.loads(out)["unchecked"][0]


def test_a_missing_anchor_leaves_what_is_above_it_unproven(
    run: Run, container: Container, tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        run("anchor")
        ledger = container.store.get(CreditLedger, LEDGER)
        ledger.hold(uuid4(), 1, datetime.now(UTC)) if number < 3 else None
        container.store.save(ledger)
    (tmp_path / "objects" / "anchors" / "000000000002.json").unlink()
    out, code = run("verify", "--json")
    told = json.loads(out)
    assert (code, told["anchored"], told["unanchored"]) == (verifying.UNCHECKED, 4, 2)
    assert "an anchor before it is missing" in told["unchecked"][0]


def test_keys_are_rotated_and_texts_open_with_the_new_one(
    container: Container, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert container.store.get(User, ANN).name.text == "Ann"
    environment.setenv("MASTER_KEY", NEW)
    with pytest.raises(keys.KeysWrappedOtherwise):
        keys.app(["rotate"], exit_on_error=False)
    environment.setenv("MASTER_KEY_PREVIOUS", OLD)
    keys.app(["rotate", "--json"], exit_on_error=False, result_action="return_value")
    assert json.loads(capsys.readouterr().out) == {"rewrapped": 1}
    environment.delenv("MASTER_KEY_PREVIOUS")
    alone = wiring.build(settings.load())
    alone.open()
    assert alone.store.get(User, ANN).name.text == "Ann"
    alone.close()

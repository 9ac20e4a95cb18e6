"""Anchors follow one another without a gap, whoever makes them, and reach the outside in the end."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import psycopg
import pytest
from obstore.store import LocalStore

from infrastructure.event_store.anchor_files import AnchorFiles, OtherAnchorExported
from infrastructure.event_store.anchorer import Anchorer
from infrastructure.event_store.anchoring import Anchoring, LogChanged
from infrastructure.event_store.reader import Watermark
from infrastructure.postgres.database import Database
from tests.infrastructure.event_store.anchored import ANN, KEY, AnchoredLog, anchored_log
from tests.infrastructure.event_store.appending import append
from tests.servers import FreshDatabase


@pytest.fixture
def log(database: FreshDatabase, tmp_path: Path) -> Iterator[AnchoredLog]:
    with anchored_log(database, tmp_path) as log:
        yield log


def numbers(log: AnchoredLog) -> list[int]:
    return [anchor.number for anchor in log.files.all()]


def test_without_news_there_is_no_anchor(log: AnchoredLog) -> None:
    assert log.anchoring.anchor() == []
    assert numbers(log) == [1]


def test_what_is_open_is_not_anchored_before_it_ends(log: AnchoredLog, database: FreshDatabase) -> None:
    with psycopg.connect(database.app_url) as slow:
        append(slow, (ANN, 6))
        assert log.anchoring.anchor() == []
        slow.commit()
    (anchor,) = log.anchoring.anchor()
    assert (anchor.number, anchor.position, anchor.events) == (2, 12, 11)


def test_of_many_who_anchor_at_once_each_anchor_is_made_by_one(log: AnchoredLog, tmp_path: Path) -> None:
    log.append((ANN, 6))
    together = threading.Barrier(4)

    def anchor(_: int) -> int:
        database, watermark = Database(log.database.app_url), Watermark(log.database.app_url)
        database.open()
        try:
            together.wait()
            return len(Anchoring(database, watermark, AnchorFiles(LocalStore(tmp_path)), KEY).anchor())
        finally:
            watermark.close()
            database.close()

    with ThreadPoolExecutor(4) as processes:
        assert sum(processes.map(anchor, range(4))) == 1
    assert numbers(log) == [1, 2]
    assert log.verdict().unchecked == []


def test_what_could_not_be_exported_is_exported_later(log: AnchoredLog, tmp_path: Path) -> None:
    log.append((ANN, 6))
    log.anchoring.anchor()
    for file in (tmp_path / "anchors").iterdir():
        file.unlink()
    log.anchoring.anchor()
    assert numbers(log) == [1, 2]
    assert log.verdict().unchecked == []


def test_a_log_that_was_changed_since_is_not_exported_as_if_nothing_were(
    log: AnchoredLog, tmp_path: Path
) -> None:
    (tmp_path / "anchors" / "000000000001.json").unlink()
    log.tamper("UPDATE event_store.events SET hash = sha256('') WHERE position = 3")
    with pytest.raises(LogChanged):
        log.anchoring.anchor()


def test_an_old_anchor_in_the_place_of_a_new_one_proves_nothing(log: AnchoredLog, tmp_path: Path) -> None:
    log.append((ANN, 6))
    log.anchoring.anchor()
    folder = tmp_path / "anchors"
    (folder / "000000000002.json").write_bytes((folder / "000000000001.json").read_bytes())
    verdict = log.verdict()
    assert (verdict.anchored, verdict.unanchored) == (11, 1)
    assert verdict.unchecked[0] == "anchors from 2 on: its file holds anchor 1"


def test_a_damaged_anchor_leaves_what_it_covered_unproven(log: AnchoredLog, tmp_path: Path) -> None:
    log.append((ANN, 6))
    log.anchoring.anchor()
    (tmp_path / "anchors" / "000000000002.json").write_text("{}")
    verdict = log.verdict()
    assert (verdict.anchored, verdict.unanchored, verdict.findings) == (11, 1, [])
    assert verdict.unchecked[0].startswith("anchors from 2 on: its file is damaged")


def test_other_files_may_lie_beside_anchors(log: AnchoredLog, tmp_path: Path) -> None:
    (tmp_path / "anchors" / "README.txt").write_text("Do not touch.")
    verdict = log.verdict()
    assert (verdict.anchored, verdict.unchecked) == (11, [])


def test_an_exported_anchor_is_never_written_over(log: AnchoredLog) -> None:
    (anchor,) = log.files.all()
    with pytest.raises(OtherAnchorExported):
        log.files.put(msgspec.structs.replace(anchor, events=99))


@pytest.mark.parametrize(
    "statement", ["UPDATE event_store.anchors SET events = 1", "DELETE FROM event_store.anchors"]
)
def test_even_the_owner_is_refused_a_change_of_an_anchor(log: AnchoredLog, statement: str) -> None:
    with (
        psycopg.connect(log.database.owner_url, autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"),
    ):
        connection.execute(statement.encode())


def test_the_anchorer_anchors_every_so_often(log: AnchoredLog) -> None:
    anchorer = Anchorer(log.anchoring, every=0.01)
    log.append((ANN, 6))
    anchorer.start()
    reached = threading.Event()
    while numbers(log) != [1, 2]:
        assert not reached.wait(0.01)
    anchorer.stop()
    assert log.verdict().unanchored == 0

"""Every event has a name that no module knows of, and that any process can read."""

import json
import subprocess
import sys

from eventsourcing.utils import get_topic, resolve_topic

from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATES, catalogue
from domain.photo_job import PhotoJob

FRESH_PROCESS = """
import importlib, json, pkgutil, sys
from eventsourcing.utils import resolve_topic
import domain.catalogue
read = {name: resolve_topic(name).__qualname__ for name in json.load(sys.stdin)}
for module in pkgutil.iter_modules(domain.__path__):
    importlib.import_module(f"domain.{module.name}")
from domain.aggregate import Aggregate
print(json.dumps([read, sorted(kind.__name__ for kind in Aggregate.__subclasses__())]))
"""


def test_an_event_is_named_for_its_aggregate_and_itself() -> None:
    assert get_topic(PhotoJob.PhotoStaged) == "PhotoJob.PhotoStaged"
    assert get_topic(PhotoJob) == "PhotoJob"
    assert resolve_topic("PhotoJob.PhotoStaged") is PhotoJob.PhotoStaged
    assert Aggregate.events["PhotoJob.PhotoStaged"] is PhotoJob.PhotoStaged


def test_a_fresh_process_can_read_every_event_of_every_aggregate() -> None:
    kinds = sorted(kind.__name__ for kind in AGGREGATES)
    names = [*catalogue()["events"], *kinds]
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH_PROCESS],
        input=json.dumps(names),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    read, found_in_all_modules = json.loads(fresh.stdout)
    assert read == {name: name for name in names}
    assert found_in_all_modules == kinds

"""The object store's disk is full: what cannot be kept is refused or tried again, and nothing is half kept.

No ordinary user can fill a disk of their own or make a small one. So the processes are forbidden to write files
beyond a size, as every user may forbid their own: writing a large picture then fails in the middle, as on a full
disk, in the real adapter. What differs is the error (EFBIG in place of ENOSPC), and that small files still fit.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from application.pictures import ORIGINALS, results_of
from tests.faults import invariants
from tests.faults.customer import Customer, is_refusal
from tests.faults.installation import FITS, Installation
from tests.faults.photos import photo
from tests.faults.waiting import wait_until


def test_a_photo_that_cannot_be_kept_is_refused_until_there_is_room(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    (api,) = installation.apis
    large = photo(next(numbers), large=True)
    again: dict[str, Any] = {
        "headers": {"Idempotency-Key": "large"},
        "files": {"photo": ("large.jpg", large)},
    }
    try:
        api.limit_files(FITS)
        refused = ada.ask("POST", "/uploads", **again)
        assert is_refusal(refused), refused.text
        small = ada.submit(photo(next(numbers)))
    finally:
        api.limit_files(None)
    assert ada.insist("POST", "/uploads", **again).json()["size"] > FITS
    assert ada.finished(small)["status"] == "completed"


def test_a_result_waits_for_room_and_is_not_made_again(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    large = photo(next(numbers), large=True)
    waits = waits_of(installation)
    try:
        for worker in installation.workers:
            worker.limit_files(FITS)
        job_id = ada.submit(large, photo(next(numbers)))
        wait_until(lambda: waits_of(installation) > waits, "a worker waits for room")
    finally:
        for worker in installation.workers:
            worker.limit_files(None)
    assert ada.finished(job_id)["counts"]["staged"] == 2
    assert attempts(installation, large) == 1


def test_while_the_folder_is_missing_nothing_is_taken_for_lost(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    """As when a disk is not mounted."""
    folder = Path(unquote(urlsplit(installation.container.settings.object_store_url).path))
    photos = [photo(next(numbers)) for _ in range(3)]
    uploads = [ada.upload(one) for one in photos]
    waits = waits_of(installation)
    missing = folder.rename(folder.with_name("missing"))
    try:
        job_id = ada.order(uploads)
        wait_until(lambda: waits_of(installation) > waits, "a worker waits for the folder")
        refused = ada.ask("POST", "/uploads", files={"photo": ("late.jpg", photo(next(numbers)))})
        assert is_refusal(refused), refused.text
    finally:
        missing.rename(folder)
    assert ada.finished(job_id)["counts"]["staged"] == len(photos)
    assert [attempts(installation, one) for one in photos] == [1, 1, 1]


def waits_of(installation: Installation) -> int:
    """How often workers have said that they wait for the object store."""
    return sum(worker.said.count("pictures.waiting") for worker in installation.workers)


def attempts(installation: Installation, original: bytes) -> int:
    """How often the stager was asked."""
    return [begun.original for begun in installation.journal.begun].count(sha256(original).hexdigest())


def test_what_nobody_needs_would_be_found(installation: Installation, ada: Customer) -> None:
    """A test of the tests."""
    pictures, nobodys = installation.container.pictures, [(ORIGINALS, b"a"), (results_of(uuid4()), b"b")]
    stored = [(kind, pictures.put(ada.user_id, kind, content, "image/jpeg")) for kind, content in nobodys]
    broken = invariants.broken(installation)
    for kind, name in stored:
        pictures.delete(ada.user_id, kind, name)
        assert any(name in promise for promise in broken)
    assert len(broken) == len(stored)

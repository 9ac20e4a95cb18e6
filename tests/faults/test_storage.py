"""The object store's disk is full: what cannot be kept is refused or tried again, and nothing is half kept.

No ordinary user can fill a disk of their own or make a small one. So the processes are forbidden to write files
beyond a size, as every user may forbid their own: writing a large picture then fails in the middle, as on a full
disk, in the real adapter. What differs is the error (EFBIG in place of ENOSPC), and that small files still fit.
"""

from collections.abc import Iterator
from typing import Any
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


def test_a_result_that_cannot_be_kept_is_made_again_once_there_is_room(
    installation: Installation, ada: Customer, numbers: Iterator[int]
) -> None:
    try:
        for worker in installation.workers:
            worker.limit_files(FITS)
        job_id = ada.submit(photo(next(numbers), large=True), photo(next(numbers)))
        wait_until(lambda: failed_once(installation), "an attempt has failed")
    finally:
        for worker in installation.workers:
            worker.limit_files(None)
    assert ada.finished(job_id)["counts"]["staged"] == 2


def failed_once(installation: Installation) -> bool:
    row = installation.container.database.one(
        "SELECT count(*) FROM stage.reactions WHERE state = 'due' AND last_error IS NOT NULL"
    )
    return row is not None and row[0] > 0


def test_what_nobody_needs_would_be_found(installation: Installation, ada: Customer) -> None:
    """A test of the tests."""
    pictures, nobodys = installation.container.pictures, [(ORIGINALS, b"a"), (results_of(uuid4()), b"b")]
    stored = [(kind, pictures.put(ada.user_id, kind, content, "image/jpeg")) for kind, content in nobodys]
    broken = invariants.broken(installation)
    for kind, name in stored:
        pictures.delete(ada.user_id, kind, name)
        assert any(name in promise for promise in broken)
    assert len(broken) == len(stored)

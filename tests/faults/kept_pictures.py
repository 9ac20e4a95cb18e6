"""What must be true of the photos: each has the outcome that it deserves, and what was delivered is there."""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from uuid import UUID

from application.errors import PictureNotFound
from application.pictures import ORIGINALS, results_of
from application.reasons import GIVEN_UP
from application.recorded import Recorded
from domain.job_photo import JobPhoto, Outcome
from domain.photo_job import PhotoJob
from tests.faults import photos
from tests.faults.history import RESOLVED, History, given_up, outcomes
from tests.faults.installation import Installation
from tests.faults.photos import Fate

ATTEMPTS = 3
"""How often a photo is tried (application/performers.py)."""
DESERVED = {Fate.STAGED: Outcome.STAGED, Fate.REFUSED: Outcome.REFUSED, Fate.POISON: Outcome.FAILED}


class PictureAudit:
    def __init__(self, installation: Installation, history: History, *, storm: bool) -> None:
        self._pictures = installation.container.pictures
        self._history = history
        self._tried = Counter(begun.original for begun in installation.journal.begun)
        self._excused = {begun.original for begun in installation.journal.unfinished} if storm else set()

    def findings(self) -> Iterator[str]:
        resolved = outcomes(self._history)
        gone = given_up(self._history)
        for submitted in self._history.of(PhotoJob.Submitted):
            if submitted.stream_id in gone:
                yield from self._of_given_up(submitted)
                continue
            for photo in submitted.event.photos:
                for recorded in resolved[photo.photo_id]:
                    yield from self._of_photo(photo, submitted.event.user_id, recorded)

    def _of_photo(self, photo: JobPhoto, owner: UUID, recorded: Recorded) -> Iterator[str]:
        if (tried := self._tried[photo.original]) > ATTEMPTS:
            yield f"photo {photo.photo_id} was tried {tried} times"
        original = self._pictures.get(owner, ORIGINALS, photo.original)
        deserved = DESERVED[photos.fate_of(original)]
        became = RESOLVED.get(type(recorded.event), Outcome.CANCELLED)
        excused = became is Outcome.FAILED and photo.original in self._excused
        if became is not deserved and became is not Outcome.CANCELLED and not excused:
            yield f"photo {photo.photo_id} should be {deserved}, and is {became}"
        elif became is Outcome.FAILED and recorded.event.code != GIVEN_UP:
            yield f"photo {photo.photo_id} failed with {recorded.event.code}"
        elif became is Outcome.STAGED:
            yield from self._of_result(recorded, owner, original)

    def _of_result(self, recorded: Recorded, owner: UUID, original: bytes) -> Iterator[str]:
        photo_id, wanted = recorded.event.photo_id, recorded.event.result
        try:
            result = self._pictures.get(owner, results_of(recorded.stream_id), wanted)
        except PictureNotFound:
            yield f"the result of photo {photo_id} is not there"
            return
        if sha256(result).hexdigest() != wanted:
            yield f"the result of photo {photo_id} is damaged"
        elif result != photos.staged(original):
            yield f"the result of photo {photo_id} is that of another one"

    def _of_given_up(self, submitted: Recorded) -> Iterator[str]:
        """Nothing is left, nor was anything put there too late. No other job has these photos."""
        owner, job_id = submitted.event.user_id, submitted.stream_id
        if left := self._pictures.clear(owner, results_of(job_id)):
            yield f"{left} results of job {job_id} were still there"
        for photo in submitted.event.photos:
            if self._pictures.has(owner, ORIGINALS, photo.original):
                yield f"the original of photo {photo.photo_id} of job {job_id} is still there"

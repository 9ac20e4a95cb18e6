"""A photo job comes out right whatever comes in whatever order."""

from dataclasses import dataclass, field

from hypothesis import given as given_random
from hypothesis import settings
from hypothesis import strategies as some

from domain.photo_job import PhotoJob
from domain.pictures import PictureKind, Removal
from tests.domain.history import given, news, state
from tests.domain.jobs import JOB, photos, stage, submit


@dataclass
class Expected:
    """What a job of three photos must be like, told plainly."""

    outcomes: list[str] = field(default_factory=lambda: ["pending"] * 3)
    status: str = ""
    removed: bool = False

    def resolve(self, photo: int, outcome: str) -> None:
        if not self.status and self.outcomes[photo] == "pending":
            self.outcomes[photo] = outcome
            if "pending" not in self.outcomes:
                self.status = "completed" if "staged" in self.outcomes else "failed"

    def cancel(self) -> None:
        if not self.status:
            self.outcomes = ["cancelled" if outcome == "pending" else outcome for outcome in self.outcomes]
            self.status = "cancelled"


@settings(derandomize=True, max_examples=80)
@given_random(
    some.lists(
        some.tuples(
            some.sampled_from(["staged", "refused", "failed", "cancel", "delete", "remove"]),
            some.integers(0, 2),
        ),
        max_size=8,
    )
)
def test_whatever_comes_in_whatever_order(commands: list[tuple[str, int]]) -> None:
    job, expected = submit(3), Expected()
    for command, photo in commands:
        match command:
            case "staged":
                stage(job, photos(3)[photo].photo_id)
                expected.resolve(photo, "staged")
            case "refused":
                job.record_refused(photos(3)[photo].photo_id, "people")
                expected.resolve(photo, "refused")
            case "failed":
                job.record_failed(photos(3)[photo].photo_id, "broken")
                expected.resolve(photo, "failed")
            case "cancel" if not expected.status:
                job.cancel()
                expected.cancel()
            case "delete":
                job.delete()
                expected.cancel()
                expected.removed = True
            case "remove" if expected.status:
                job.remove_pictures(PictureKind, Removal.TERM_OVER)
                expected.removed = True
    assert bool(job.removed) is expected.removed
    assert [outcome.value for outcome in job.outcomes.values()] == expected.outcomes
    assert (job.ended.value if job.ended else "") == expected.status
    assert job.delivered == len(job.results) == expected.outcomes.count("staged")
    replayed = given(PhotoJob, JOB, *news(job))
    assert state(replayed) == state(job)

"""Pictures that nobody needs any more go, and no picture goes that somebody still needs."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from application.performers import performers
from application.pictures import ORIGINALS, results_of
from application.reactions import Answer, Reaction, follow
from application.retention import AT_ONCE
from application.rules import DELETE_PICTURES, GIVE_UP_PICTURES, REMOVE_UPLOADS, RULES
from application.stagers import RetryLater, StagedPicture
from application.uploads import UPLOAD_LIFETIME
from domain.brief import Brief
from domain.pictures import PictureKind
from tests.application.people import ANN, BOB, ENHANCE, JOB, OTHER_JOB, names, the_job, upload, with_credits
from tests.fakes.bootstrap import TERMS, Program
from tests.fakes.darkroom import MarkedStager, a_photo
from tests.fakes.picture_uses import FoldedPictureUses


class Story:
    """Ann's and Bob's photos, and the reactions that their jobs ask for, performed when the story says so."""

    def __init__(self) -> None:
        self.program = program = Program()
        self.staging = program.staging
        self.performers = performers(program)
        self.seen = 0
        with_credits(program, 30)
        with_credits(program, 30, BOB)

    def upload(self, of: str, user: UUID = ANN) -> UUID:
        upload_id = uuid4()
        self.program.uploads.add(upload_id, user_id=user, name="room.jpg", photo=a_photo(of))
        return upload_id

    def job(self, job_id: UUID, *photos: str, user: UUID = ANN, parent: UUID | None = None) -> UUID:
        """A job on freshly sent photos, staged to its end."""
        self.program.jobs.submit(
            job_id,
            user_id=user,
            photos=[self.upload(of, user) for of in photos],
            brief=ENHANCE,
            parent_job_id=parent,
        )
        self.finish(job_id)
        return job_id

    def finish(self, job_id: UUID) -> None:
        for photo in the_job(self.program, job_id).photos:
            self.staging.record(job_id, photo, self.staging.stage(job_id, photo))

    def react(self) -> list[Answer]:
        """Perform what giving pictures up has asked for since the last time."""
        news, self.seen = self.program.world.log[self.seen :], len(self.program.world.log)
        asked = [reaction for recorded in news for _, reaction in follow(RULES, recorded)]
        return [self.perform(reaction) for reaction in asked if reaction.kind == DELETE_PICTURES]

    def perform(self, reaction: Reaction) -> Answer:
        answer: Answer = json.loads(
            json.dumps(self.performers[reaction.kind].call(uuid4(), reaction.references))
        )
        self.performers[reaction.kind].record(reaction.references, answer)
        return answer

    def sweep(self, kind: str) -> Answer:
        """What a schedule asks for is performed, and all that follows from it."""
        answer = self.perform(Reaction(kind, "", {}))
        self.react()
        return answer

    def kept(self, job_id: UUID) -> tuple[int, int]:
        """How many of a job's originals and results are in the object store."""
        job, pictures = the_job(self.program, job_id), self.program.pictures
        originals = {photo.original for photo in job.photos.values()}
        return (
            sum(pictures.has(job.user_id, ORIGINALS, original) for original in originals),
            sum(pictures.has(job.user_id, results_of(job_id), result) for result in job.results.values()),
        )


@pytest.fixture
def story() -> Story:
    return Story()


# A deleted job


def test_a_deleted_jobs_pictures_go_at_once(story: Story) -> None:
    story.job(JOB, "a kitchen", "a hall")
    assert story.kept(JOB) == (2, 2)
    story.program.jobs.delete(JOB, ANN)
    assert story.react() == [{"deleted": 2}, {"deleted": 2}]
    assert story.kept(JOB) == (0, 0)
    assert story.program.pictures.stored == {}
    assert story.program.world.uploads == {}, "nor do names of files stay behind"


def test_deleting_pictures_again_deletes_nothing(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.program.jobs.delete(JOB, ANN)
    story.react()
    story.seen = 0
    assert story.react() == [{"deleted": 1}, {"deleted": 0}]


def test_what_another_job_needs_stays_until_that_one_is_deleted_too(story: Story) -> None:
    story.job(JOB, "a kitchen", "a hall")
    story.job(OTHER_JOB, "a kitchen")
    story.program.jobs.delete(JOB, ANN)
    story.react()
    assert story.kept(JOB) == (1, 0)
    assert story.kept(OTHER_JOB) == (1, 1)
    story.program.jobs.delete(OTHER_JOB, ANN)
    story.react()
    assert story.program.pictures.stored == {}


def test_what_a_job_on_the_same_photos_needs_stays(story: Story) -> None:
    story.job(JOB, "a kitchen", "a hall")
    story.job(OTHER_JOB, parent=JOB)
    story.program.jobs.delete(JOB, ANN)
    story.react()
    assert (story.kept(JOB), story.kept(OTHER_JOB)) == ((2, 0), (2, 2))


def test_a_job_on_the_same_photos_that_has_just_been_submitted_can_still_be_staged(story: Story) -> None:
    """The read models may know of the deletion only when they know of the new job."""
    story.job(JOB, "a kitchen")
    story.program.uses.known = len(story.program.world.log)
    story.program.jobs.submit(OTHER_JOB, user_id=ANN, photos=[], brief=ENHANCE, parent_job_id=JOB)
    story.program.jobs.delete(JOB, ANN)
    with pytest.raises(RetryLater):
        story.perform(Reaction(DELETE_PICTURES, "", {"job_id": str(JOB), "pictures": "originals"}))
    story.program.uses.known = None
    story.react()
    story.finish(OTHER_JOB)
    assert (story.kept(JOB), story.kept(OTHER_JOB)) == ((1, 0), (1, 1))


def test_a_photo_that_was_sent_again_meanwhile_stays(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.program.jobs.delete(JOB, ANN)
    upload_id = story.upload("a kitchen")
    story.react()
    story.program.jobs.submit(OTHER_JOB, user_id=ANN, photos=[upload_id], brief=ENHANCE)
    story.finish(OTHER_JOB)
    assert story.kept(OTHER_JOB) == (1, 1)


def test_a_job_that_took_the_photo_sent_again_is_safe_before_the_read_models_know_it(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.program.jobs.delete(JOB, ANN)
    story.program.uses.known = len(story.program.world.log)
    story.job(OTHER_JOB, "a kitchen")
    story.react()
    assert story.kept(OTHER_JOB) == (1, 1)


def test_the_same_photo_of_another_user_is_another_picture(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.job(OTHER_JOB, "a kitchen", user=BOB)
    story.program.jobs.delete(JOB, ANN)
    story.react()
    assert story.kept(OTHER_JOB) == (1, 1)


def test_a_result_that_is_stored_while_its_job_is_deleted_goes_too() -> None:
    story = Story()
    story.program.jobs.submit(JOB, user_id=ANN, photos=[story.upload("a hall")], brief=ENHANCE)
    (photo,) = the_job(story.program).photos

    class Meanwhile(MarkedStager):
        def stage(self, photo: bytes, brief: Brief) -> StagedPicture:
            story.program.jobs.delete(JOB, ANN)
            story.react()
            return super().stage(photo, brief)

    program = story.program
    staging = replace(program.staging, stager=Meanwhile())
    staging.record(JOB, photo, staging.stage(JOB, photo))
    assert program.pictures.stored == {}


def test_a_result_that_a_dead_worker_left_in_a_deleted_job_goes_when_its_photo_is_tried_again(
    story: Story,
) -> None:
    story.program.jobs.submit(JOB, user_id=ANN, photos=[story.upload("a hall")], brief=ENHANCE)
    (photo,) = the_job(story.program).photos
    story.program.jobs.delete(JOB, ANN)
    story.react()
    story.program.pictures.put(ANN, results_of(JOB), b"a result", "image/jpeg")
    assert story.staging.stage(JOB, photo) == {"became": "nothing"}
    assert story.program.pictures.stored == {}


def test_nothing_is_deleted_that_was_not_given_up(story: Story) -> None:
    story.job(JOB, "a kitchen")
    for kind in PictureKind:
        assert story.program.retention.delete(JOB, kind) == {"deleted": 0}
    assert story.kept(JOB) == (1, 1)


# Terms


class ManyPastTerm(FoldedPictureUses):
    """As if every job were as many as can be asked for."""

    def past_term(self, kind: PictureKind, *, ended_before: datetime, limit: int) -> list[UUID]:
        found = super().past_term(kind, ended_before=ended_before, limit=limit)
        return (found * limit)[:limit]


def test_results_and_originals_go_when_their_terms_are_over_and_the_log_tells(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.program.clock.pass_by(TERMS.results)
    assert story.sweep(GIVE_UP_PICTURES) == {"originals": 0, "results": 0}, "a term includes its last moment"
    story.program.clock.pass_by(timedelta(seconds=1))
    assert story.sweep(GIVE_UP_PICTURES) == {"originals": 0, "results": 1}
    assert story.kept(JOB) == (1, 0)
    story.program.clock.pass_by(TERMS.originals)
    assert story.sweep(GIVE_UP_PICTURES) == {"originals": 1, "results": 0}
    assert story.program.pictures.stored == {}
    assert names(story.program, JOB)[-2:] == ["PhotoJob.PicturesRemoved"] * 2
    assert [one.event.reason for one in story.program.world.log[-2:]] == ["term_over"] * 2


def test_an_original_stays_as_long_as_the_youngest_job_may_have_it(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.program.clock.pass_by(TERMS.originals)
    story.job(OTHER_JOB, "a kitchen")
    story.program.clock.pass_by(timedelta(days=1))
    story.sweep(GIVE_UP_PICTURES)
    assert the_job(story.program).removed == set(PictureKind)
    assert (story.kept(JOB), story.kept(OTHER_JOB)) == ((1, 0), (1, 1))
    story.program.clock.pass_by(TERMS.originals)
    story.sweep(GIVE_UP_PICTURES)
    assert story.program.pictures.stored == {}


def test_a_job_that_has_not_ended_keeps_its_pictures_however_old(story: Story) -> None:
    story.program.jobs.submit(JOB, user_id=ANN, photos=[story.upload("a hall")], brief=ENHANCE)
    story.program.clock.pass_by(TERMS.originals * 2)
    assert story.sweep(GIVE_UP_PICTURES) == {"originals": 0, "results": 0}
    assert story.kept(JOB) == (1, 0)


def test_jobs_that_the_read_models_still_show_give_nothing_up_twice(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.program.clock.pass_by(TERMS.originals * 2)
    story.program.uses.known = len(story.program.world.log)
    for _ in range(2):
        story.perform(Reaction(GIVE_UP_PICTURES, "", {}))
    assert names(story.program, JOB).count("PhotoJob.PicturesRemoved") == 2, "one a kind"


def test_when_there_are_too_many_for_once_it_goes_on_later(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.program.clock.pass_by(TERMS.originals * 2)
    many = ManyPastTerm(story.program.world, story.program.clock)
    with pytest.raises(RetryLater):
        replace(story.program.retention, uses=many).give_up_past_terms()
    assert the_job(story.program).removed == set(PictureKind)


# Uploads


def test_an_upload_that_no_job_took_goes_after_two_days(story: Story) -> None:
    upload(story.program, 3)
    story.program.clock.pass_by(UPLOAD_LIFETIME - timedelta(seconds=1))
    assert story.sweep(REMOVE_UPLOADS) == {"uploads": 0, "deleted": 0}
    story.program.clock.pass_by(timedelta(seconds=1))
    assert story.sweep(REMOVE_UPLOADS) == {"uploads": 3, "deleted": 3}
    assert (story.program.world.uploads, story.program.pictures.stored) == ({}, {})


def test_an_upload_that_a_job_took_stays(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.program.clock.pass_by(UPLOAD_LIFETIME)
    assert story.sweep(REMOVE_UPLOADS) == {"uploads": 0, "deleted": 0}
    assert story.kept(JOB) == (1, 1)


def test_a_photo_that_was_sent_twice_stays_for_the_job_that_took_one_of_the_two(story: Story) -> None:
    story.job(JOB, "a kitchen")
    story.upload("a kitchen")
    story.program.clock.pass_by(UPLOAD_LIFETIME)
    assert story.sweep(REMOVE_UPLOADS) == {"uploads": 1, "deleted": 0}
    assert story.kept(JOB) == (1, 1)


def test_a_photo_that_was_sent_twice_stays_for_the_upload_that_still_waits(story: Story) -> None:
    story.upload("a kitchen")
    story.program.clock.pass_by(UPLOAD_LIFETIME / 2)
    story.upload("a kitchen")
    story.program.clock.pass_by(UPLOAD_LIFETIME / 2)
    assert story.sweep(REMOVE_UPLOADS) == {"uploads": 1, "deleted": 0}
    assert story.program.pictures.count(ORIGINALS) == 1
    story.program.clock.pass_by(UPLOAD_LIFETIME / 2)
    assert story.sweep(REMOVE_UPLOADS) == {"uploads": 1, "deleted": 1}


def test_neither_a_job_that_is_deleted_nor_an_upload_that_expires_leaves_the_others_picture_behind(
    story: Story,
) -> None:
    story.job(JOB, "a kitchen")
    story.upload("a kitchen")
    story.program.clock.pass_by(UPLOAD_LIFETIME)
    story.program.uses.known = len(story.program.world.log)
    story.program.jobs.delete(JOB, ANN)
    assert story.perform(Reaction(REMOVE_UPLOADS, "", {})) == {"uploads": 1, "deleted": 0}
    story.program.uses.known = None
    story.react()
    assert story.program.pictures.stored == {}


def test_more_uploads_than_can_go_at_once_go_a_little_later(story: Story) -> None:
    upload(story.program, AT_ONCE + 1)
    story.program.clock.pass_by(UPLOAD_LIFETIME)
    with pytest.raises(RetryLater):
        story.sweep(REMOVE_UPLOADS)
    assert story.sweep(REMOVE_UPLOADS) == {"uploads": 1, "deleted": 1}
    assert story.program.pictures.stored == {}

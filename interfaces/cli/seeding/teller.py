"""Makes seeded people do what their stories say, through the use cases, as if they had sent requests."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from uuid import UUID, uuid5

from application.context import Context, acting
from application.pictures import results_of
from application.ports import Mail
from domain.brief import Brief, Preset, RoomType, Style
from domain.job_photo import Outcome, Provenance
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.user import User
from infrastructure.wiring import Container
from interfaces.cli.seeding.people import Person, house
from interfaces.cli.seeding.rooms import Room, Rooms
from interfaces.cli.seeding.shopping import Buying, buy
from interfaces.cli.seeding.stories import Story, Then

BRIEF = Brief(Preset.ENHANCE, RoomType.LIVING_ROOM, Style.MODERN)
VARIATION = Brief(Preset.ENHANCE, RoomType.LIVING_ROOM, Style.FARMHOUSE)
MILLISECONDS = 250
"""That staging one of these small photographs takes, more or less."""


@dataclass(frozen=True)
class Teller:
    """Ids follow from who and what, so whatever was told before is not told again."""

    container: Container
    rooms: Rooms
    password: str

    def introduce(self, person: Person, *, credits: int) -> None:
        """Register the person, prove the address, which brings the trial, and give them credits."""
        postbox = _Postbox()
        accounts = replace(self.container.accounts, mailer=postbox)
        with acting(_act(person)):
            accounts.register(
                person.user_id,
                email=Personal(person.email),
                password=self.password,
                name=Personal(person.name),
                time_zone=person.time_zone,
            )
            if not self.container.store.get(User, person.user_id).email_verified:
                accounts.send_verification(person.user_id, message_id=uuid5(person.user_id, "verification"))
                accounts.confirm_verification(postbox.token)
            self.container.credits.grant_promo(
                uuid5(person.user_id, "seed"), user_id=person.user_id, credits=credits, reference="seed"
            )

    def sell(self, person: Person, buying: Buying) -> None:
        with acting(_act(person)):
            buy(self.container, person, buying)

    def tell(self, person: Person, story: Story) -> bool:
        """Whether it is new. A story is one transaction: a worker sees what is over, and leaves it alone."""
        job_id = uuid5(person.user_id, f"job/{story.name}")
        if self.container.store.find(PhotoJob, job_id):
            return False
        chance = person.chance(story.name)
        first = chance.randrange(100)
        rooms = [self.rooms[first + number] for number in range(len(story.outcomes))]
        sequel_id, sequel = uuid5(job_id, "sequel"), [Outcome.STAGED] * len(rooms)
        with acting(_act(person)):
            uploads = [self._upload(person, job_id, number, room) for number, room in enumerate(rooms)]
            self._store_results(person, job_id, story.outcomes, rooms)
            if story.has_sequel:
                self._store_results(person, sequel_id, sequel, rooms)
            with self.container.store.transaction():
                self.container.jobs.submit(
                    job_id,
                    user_id=person.user_id,
                    photos=uploads,
                    brief=BRIEF,
                    group_name=Personal(house(chance)),
                )
                self._resolve(job_id, story.outcomes, rooms)
                self._follow(person, story.then, job_id, sequel_id)
                if story.has_sequel:
                    self._resolve(sequel_id, sequel, rooms)
        return True

    def _follow(self, person: Person, then: Then, job_id: UUID, sequel_id: UUID) -> None:
        jobs, user_id = self.container.jobs, person.user_id
        match then:
            case Then.RENAME:
                jobs.rename(job_id, user_id, Personal("Sold in March"))
            case Then.CANCEL:
                jobs.cancel(job_id, user_id)
            case Then.DELETE:
                jobs.delete(job_id, user_id)
            case Then.RETRY:
                jobs.retry(sequel_id, job_id, user_id)
            case Then.VARY:
                jobs.submit(sequel_id, user_id=user_id, photos=[], brief=VARIATION, parent_job_id=job_id)

    def _upload(self, person: Person, job_id: UUID, number: int, room: Room) -> UUID:
        upload_id = uuid5(job_id, f"upload/{number}")
        self.container.uploads.add(upload_id, user_id=person.user_id, name=room.name, photo=room.photo)
        return upload_id

    def _store_results(
        self, person: Person, job_id: UUID, outcomes: Sequence[Outcome], rooms: Sequence[Room]
    ) -> None:
        for outcome, room in zip(outcomes, rooms, strict=True):
            if outcome is Outcome.STAGED:
                staged = self.rooms.staged(room, BRIEF)
                self.container.pictures.put(
                    person.user_id, results_of(job_id), staged.picture, staged.media_type
                )

    def _resolve(self, job_id: UUID, outcomes: Sequence[Outcome], rooms: Sequence[Room]) -> None:
        """Record the outcomes as a worker would."""
        jobs, photos = self.container.jobs, self.container.store.get(PhotoJob, job_id).photos.values()
        for photo, outcome, room in zip(photos, outcomes, rooms, strict=True):
            match outcome:
                case Outcome.STAGED:
                    staged = self.rooms.staged(room, BRIEF)
                    result = sha256(staged.picture).hexdigest()
                    made = Provenance(staged.engine, staged.version, photo.original, result, MILLISECONDS)
                    jobs.record_staged(job_id, photo.photo_id, result, staged.media_type, made)
                case Outcome.REFUSED:
                    jobs.record_refused(job_id, photo.photo_id, "image_safety")
                case Outcome.FAILED:
                    jobs.record_failed(job_id, photo.photo_id, "staging_failed")


@dataclass
class _Postbox:
    """Takes the one mail that is sent to a seeded person, for nobody is at that address."""

    mails: list[Mail] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        self.mails.append(mail)

    @property
    def token(self) -> str:
        return self.mails[-1].text.partition("token=")[2].split()[0]


def _act(person: Person) -> Context:
    return Context(actor=f"user:{person.user_id}", cause="command:seed", correlation="seed")

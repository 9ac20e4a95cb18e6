"""The lineage of a photo: what was made of one original in one job after the other, and which the user likes best."""

from uuid import UUID, uuid5

from eventsourcing.domain import event

from domain.aggregate import Aggregate
from domain.errors import DomainError

VARIATIONS_PER_PHOTO = 4
"""How many new briefs one photo can be given after its first."""


class TooManyVariations(DomainError):
    def __init__(self, photo_id: UUID) -> None:
        super().__init__(photo_id)
        self.photo_id, self.limit = photo_id, VARIATIONS_PER_PHOTO


class Lineage(Aggregate):
    """It begins with its photo's first variation or favourite, and is named for the first photo: its root.

    Trying a failed photo again is no variation: the brief is the same.
    """

    class Begun(Aggregate.Created):
        user_id: UUID
        root_photo_id: UUID

    class Varied(Aggregate.Event):
        photo_id: UUID
        job_id: UUID

    class FavouriteChosen(Aggregate.Event):
        photo_id: UUID | None
        instead_of: UUID | None

    @classmethod
    def id_for(cls, root_photo_id: UUID) -> UUID:
        """Every photo has one."""
        return uuid5(root_photo_id, "lineage")

    @classmethod
    def begin(cls, root_photo_id: UUID, *, user_id: UUID) -> "Lineage":
        lineage: Lineage = cls._create(
            cls.Begun, id=cls.id_for(root_photo_id), user_id=user_id, root_photo_id=root_photo_id
        )
        return lineage

    def __init__(self, user_id: UUID, root_photo_id: UUID) -> None:
        self.user_id = user_id
        self.root_photo_id = root_photo_id
        self.variations: list[UUID] = []
        self.favourite: UUID | None = None

    @property
    def owner(self) -> UUID:
        return self.user_id

    def vary(self, photo_id: UUID, job_id: UUID) -> None:
        """A job gives the photo a new brief, there called `photo_id`. Raises TooManyVariations."""
        if photo_id in self.variations:
            return
        if len(self.variations) >= VARIATIONS_PER_PHOTO:
            raise TooManyVariations(self.root_photo_id)
        self._varied(photo_id, job_id)

    def choose(self, photo_id: UUID | None) -> None:
        """The variation that is liked best, or the root itself; none takes the choice back."""
        if photo_id != self.favourite:
            self._favourite_chosen(photo_id, self.favourite)

    @event(Varied)
    def _varied(self, photo_id: UUID, job_id: UUID) -> None:
        self.variations.append(photo_id)

    @event(FavouriteChosen)
    def _favourite_chosen(self, photo_id: UUID | None, instead_of: UUID | None) -> None:
        self.favourite = photo_id

"""Who lives in seeded data: made-up people and addresses of houses, the same ones for the same seed."""

from dataclasses import dataclass
from random import Random
from uuid import UUID, uuid5

_SEEDS = UUID("c2b0a6d4-9a0e-4f63-8b51-5eed5eed5eed")
_FIRST = (
    "Ada", "Amara", "Bruno", "Carmen", "Chidi", "Dana", "Elif", "Emil", "Freya", "Goran", "Hana", "Ines",
    "Jonas", "Kaori", "Lena", "Luca", "Maren", "Mateo", "Nadia", "Noor", "Olga", "Pavel", "Priya", "Rafael",
    "Rosa", "Samir", "Sofia", "Tariq", "Theo", "Uma", "Vera", "Wanda", "Yusuf", "Zoe",
)  # fmt: skip
_LAST = (
    "Abara", "Almeida", "Berg", "Castro", "Dimitrov", "Eriksen", "Farkas", "Fontaine", "Greco", "Haddad",
    "Holm", "Ito", "Jansen", "Kaya", "Kowalski", "Lindqvist", "Marin", "Moreau", "Novak", "Okafor", "Petrov",
    "Quist", "Rossi", "Sato", "Schreiber", "Silva", "Tanaka", "Ueda", "Varga", "Weber", "Yilmaz", "Zeman",
)  # fmt: skip
_STREETS = (
    "Elm Street", "Harbour Road", "Mill Lane", "Orchard Way", "Station Road", "Chestnut Avenue", "Lake View",
    "Church Hill", "Rose Terrace", "Market Square", "Willow Close", "Sunset Boulevard", "Quarry Lane",
)  # fmt: skip
_TIME_ZONES = ("UTC", "Europe/Paris", "America/New_York", "America/Los_Angeles", "Asia/Tokyo")


@dataclass(frozen=True)
class Person:
    user_id: UUID
    name: str
    email: str
    time_zone: str

    def chance(self, topic: str) -> Random:
        """What decides about this topic, the same way each time."""
        return Random(f"{self.user_id}/{topic}")  # noqa: S311 - it decides nothing that matters


def house(chance: Random) -> str:
    """The address of a listing."""
    return f"{chance.randint(1, 99)} {chance.choice(_STREETS)}"


def people(seed: int, count: int) -> list[Person]:
    """The first ones are the same however many there are."""
    return [_person(seed, number) for number in range(count)]


def _person(seed: int, number: int) -> Person:
    chance = Random(f"{seed}/{number}")  # noqa: S311 - it decides nothing that matters
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    return Person(
        user_id=uuid5(_SEEDS, f"{seed}/{number}"),
        name=f"{first} {last}",
        email=f"{first}.{last}.{seed}.{number}@example.com".lower(),
        time_zone=chance.choice(_TIME_ZONES),
    )

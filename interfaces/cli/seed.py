"""`stage seed`: believable users, jobs and ledgers to develop with, made through the use cases."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from psycopg_pool import PoolTimeout
from rich.console import Console
from rich.progress import track
from rich.table import Table

from domain.credit_ledger import CreditLedger
from infrastructure import settings, wiring
from infrastructure.settings import Environment, Settings
from infrastructure.telemetry import configure_logging
from infrastructure.wiring import Container
from interfaces.cli.errors import CommandFailed
from interfaces.cli.local import environment_here
from interfaces.cli.seeding.people import Person, people
from interfaces.cli.seeding.rooms import Rooms
from interfaces.cli.seeding.shopping import BUYINGS
from interfaces.cli.seeding.stories import STORIES, Story
from interfaces.cli.seeding.teller import Teller

PASSWORD = "staged in seconds"  # noqa: S105 - of people who do not exist, on a developer's machine
CREDITS = (20, 60)
"""The fewest and the most that a person is given."""
STORIES_EACH = 5
"""How many stories a person has; the first one has all of them."""
BUYINGS_EACH = 2
"""And how many purchases."""


class SeedRefused(CommandFailed):
    def __str__(self) -> str:
        return "APP_ENV is production, and people who do not exist have no place there"


class DatabaseAway(CommandFailed):
    def __str__(self) -> str:
        return "the database does not answer; is `stage up` running, or DATABASE_URL right?"


def seed(*, users: int = 8, seed: int = 1, folder: Path = Path(".stage")) -> None:
    """Fill a database with people, their jobs in every state, and their ledgers.

    It writes where DATABASE_URL and the other settings say, or, without them, to what `stage up` runs here.
    The same seed always makes the same people: what is there already stays as it is.

    Parameters:
        users: How many people.
        seed: Another number makes other people.
        folder: Where `stage up` keeps its data.
    """
    configure_logging("warning", "seed")
    plant(settings.load(environment_here(folder)), people(seed, users))


def plant(loaded: Settings, everybody: Sequence[Person]) -> None:
    """Make these people and all that they do, and print who they are. Raises SeedRefused or DatabaseAway."""
    if loaded.app_env is Environment.PRODUCTION:
        raise SeedRefused
    container = wiring.build(loaded)
    container.open()
    try:
        new = _lives(container, everybody)
        _print(container, everybody, new)
    except PoolTimeout as error:
        raise DatabaseAway from error
    finally:
        container.close()


def _lives(container: Container, everybody: Sequence[Person]) -> Counter[str]:
    """How many jobs are new, by whose they are."""
    teller = Teller(container, Rooms(container.stager), PASSWORD)
    new: Counter[str] = Counter()
    for number, person in enumerate(track(everybody, "Telling their stories", transient=True)):
        chance = person.chance("life")
        teller.introduce(person, credits=chance.randint(*CREDITS))
        bought = person.chance("purchases").sample(BUYINGS, BUYINGS_EACH)
        for buying in BUYINGS if number == 0 else bought:
            teller.sell(person, buying)
        told = STORIES if number == 0 else _in_order(chance.sample(STORIES, STORIES_EACH))
        new[person.email] = sum(teller.tell(person, story) for story in told)
    return new


def _in_order(stories: Sequence[Story]) -> Sequence[Story]:
    return sorted(stories, key=STORIES.index)


def _print(container: Container, everybody: Sequence[Person], new: Counter[str]) -> None:
    console = Console(highlight=False)
    console.print(_table(container, everybody, new))
    console.print(f"\nThey all sign in with the password [bold]{PASSWORD}[/].")
    if not new.total():
        console.print("All of it was there already; another --seed makes other people.")


def _table(container: Container, everybody: Sequence[Person], new: Mapping[str, int]) -> Table:
    table = Table(title="Seeded", title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("Who")
    for heading in ("New jobs", "Jobs", "Available", "Held", "Spent"):
        table.add_column(heading, justify="right")
    now = container.database.now()
    for person in everybody:
        ledger = container.store.get(CreditLedger, CreditLedger.id_for(person.user_id))
        lots = ledger.lots.values()
        table.add_row(
            person.email,
            str(new[person.email]),
            str(len(ledger.holds) + len(ledger.settlements)),
            str(ledger.available(now)),
            str(sum(lot.held for lot in lots)),
            str(sum(lot.spent for lot in lots)),
        )
    return table

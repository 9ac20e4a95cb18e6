"""What must be true of an installation whatever has happened to it, each broken promise told as a sentence."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from uuid import UUID

from application.recorded import Recorded
from domain.credit_ledger import CreditLedger
from domain.photo_job import PhotoJob
from tests.faults.history import ENDINGS, History, outcomes, read
from tests.faults.installation import Installation
from tests.faults.kept_objects import of_objects
from tests.faults.kept_pictures import PictureAudit
from tests.faults.kept_records import of_chains, of_read_models


def broken(installation: Installation, *, storm: bool = False) -> list[str]:
    """Every promise that an installation at rest does not keep.

    In a `storm` of faults a photo that nothing is wrong with may be given up after three attempts, if a worker
    died with it: nobody can tell it from one that kills.
    """
    history = read(installation)
    return [
        *_of_jobs(history),
        *_of_ledgers(history),
        *_of_accounts(installation, history),
        *PictureAudit(installation, history, storm=storm).findings(),
        *of_objects(installation, history),
        *of_read_models(installation, history),
        *of_chains(installation),
        *_of_reactions(installation),
    ]


def _of_jobs(history: History) -> Iterator[str]:
    """Every job ends once, and every photo has one outcome."""
    endings = Counter(recorded.stream_id for recorded in history.of(*ENDINGS))
    resolved = outcomes(history)
    for submitted in history.of(PhotoJob.Submitted):
        if (times := endings[submitted.stream_id]) != 1:
            yield f"job {submitted.stream_id} ended {times} times"
        for photo in submitted.event.photos:
            if (times := len(resolved[photo.photo_id])) != 1:
                yield f"photo {photo.photo_id} has {times} outcomes"


def _of_ledgers(history: History) -> Iterator[str]:
    """Every job is charged once, for what was delivered, in the transactions that begin and end it."""
    held = _by_job(history, CreditLedger.Held)
    settled = _by_job(history, CreditLedger.Settled)
    ended = {recorded.stream_id: recorded for recorded in history.of(*ENDINGS)}
    delivered = Counter(recorded.stream_id for recorded in history.of(PhotoJob.PhotoStaged))
    for job in history.of(PhotoJob.Submitted):
        holds, settlements = held.pop(job.stream_id, []), settled.pop(job.stream_id, [])
        if [sum(one.event.lots.values()) for one in holds] != [len(job.event.photos)]:
            yield f"job {job.stream_id} of {len(job.event.photos)} photos is held {len(holds)} times"
        elif not history.together(job, holds[0]):
            yield f"job {job.stream_id} and its hold are two transactions"
        spent = [sum(one.event.delivered.values()) for one in settlements]
        returned = [sum(one.event.returned.values()) for one in settlements]
        if spent != [delivered[job.stream_id]]:
            yield f"job {job.stream_id} delivered {delivered[job.stream_id]} and was charged {spent}"
        elif spent[0] + returned[0] != len(job.event.photos):
            yield f"job {job.stream_id} got back {returned[0]} of {len(job.event.photos)}"
        elif job.stream_id in ended and not history.together(ended[job.stream_id], settlements[0]):
            yield f"job {job.stream_id}'s end and its settlement are two transactions"
    for job_id in {*held, *settled}:
        yield f"credits were held or settled for {job_id}, which is no job"


def _by_job(history: History, kind: type) -> dict[UUID, list[Recorded]]:
    found: dict[UUID, list[Recorded]] = defaultdict(list)
    for recorded in history.of(kind):
        found[recorded.event.job_id].append(recorded)
    return found


def _of_accounts(installation: Installation, history: History) -> Iterator[str]:
    """Each lot is the sum of its parts, none below zero; nothing is held; spent is what was delivered."""
    delivered = Counter(recorded.owner for recorded in history.of(PhotoJob.PhotoStaged))
    for opened in history.of(CreditLedger.Opened):
        ledger = installation.container.store.get(CreditLedger, opened.stream_id)
        for lot in ledger.lots.values():
            parts = (lot.available, lot.held, lot.frozen, lot.spent, lot.expired, lot.taken_back)
            if sum(parts) != lot.credits or min(*parts, lot.debt) < 0:
                yield f"lot {lot.id} of {lot.credits} credits is {parts}, with a debt of {lot.debt}"
        if ledger.holds:
            yield f"ledger {ledger.id} still holds credits for {list(ledger.holds)}"
        if (spent := sum(lot.spent for lot in ledger.lots.values())) != delivered[opened.owner]:
            yield f"ledger {ledger.id} spent {spent} for {delivered[opened.owner]} photos"


def _of_reactions(installation: Installation) -> Iterator[str]:
    """Nothing is left to do but what is due later."""
    with installation.container.database.connection() as connection:
        for kind, state in connection.execute(
            "SELECT kind, state FROM stage.reactions WHERE ended_at IS NULL AND due_at < now()"
        ):
            yield f"a reaction {kind} is still {state}"

"""Performing a reaction: claim it, call the outside world, keep its answer, record it; at last, give up."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress

import psycopg
import structlog

from application.context import Context, acting
from application.reactions import Answer, AnswerSpent, Performer
from application.stagers import RetryLater
from infrastructure.reactions.failure import described
from infrastructure.reactions.leases import Leases
from infrastructure.reactions.queue import Claimed, LeaseLost, ReactionQueue

ANSWER_HELD = 60.0
"""Seconds for which an answer waits for the database to come back: asking again may cost money."""
ANSWER_PAUSE = 0.2
"""Seconds between two tries to keep it."""

log = structlog.get_logger()


class Performing:
    """Performs up to `slots` reactions at once, whoever asks for it and from whichever thread."""

    def __init__(
        self, queue: ReactionQueue, leases: Leases, performers: Mapping[str, Performer], *, slots: int
    ) -> None:
        self._queue = queue
        self._leases = leases
        self._performers = performers
        self._slots = threading.BoundedSemaphore(slots)
        self._doubtful = threading.Lock()
        self._stopped = threading.Event()

    @property
    def performers(self) -> list[Performer]:
        """Lower ranks first."""
        return sorted(self._performers.values(), key=lambda performer: performer.rank)

    def stop(self) -> None:
        """Claim nothing any more; what was begun goes on."""
        self._stopped.set()

    def perform_next(self, kind: str) -> bool:
        """Perform the next due reaction of this kind; False when there is none to be had."""
        with self._slots:
            if self._stopped.is_set():
                return False
            try:
                return self._perform_next(self._performers[kind])
            except psycopg.Error as error:  # what was claimed is due again when its lease runs out
                log.warning("reactions.database_failed", kind=kind, error=described(error))
                return False

    def _perform_next(self, performer: Performer) -> bool:
        """Perform the next one, and before it what is doubtful, if nobody else here is at that.

        What was lost with its worker may have killed it, or was only near by when something else did. On its
        last attempt it must not share a process with others of its kind, lest all of them are given up.
        """
        last = performer.attempts - 1
        claimed, performed = None, False
        if self._doubtful.acquire(blocking=False):
            try:
                claimed = self._queue.claim(performer.kind)
                while claimed and claimed.lost and claimed.attempts > last:
                    self._attempt(performer, claimed)
                    performed = True
                    claimed = None if self._stopped.is_set() else self._queue.claim(performer.kind)
            finally:
                self._doubtful.release()
        else:
            claimed = self._queue.claim(performer.kind, doubtful_from=last)
        if claimed:
            self._attempt(performer, claimed)
        return performed or claimed is not None

    def _attempt(self, performer: Performer, claimed: Claimed) -> None:
        context = Context(
            actor=f"reaction:{claimed.kind}",
            cause=_cause(claimed),
            correlation=claimed.correlation,
        )
        with self._leases.held(claimed, longest=performer.longest.total_seconds()), acting(context):
            if self._stopped.is_set():  # told to stop between the claim and now: others shall have it
                with suppress(LeaseLost):
                    self._queue.released(claimed)
                return
            _Attempt(self._queue, performer, claimed).make()


def _cause(claimed: Claimed) -> str:
    return claimed.correlation if claimed.cause_position is None else f"event:{claimed.cause_position}"


class _Attempt:
    """One attempt at one reaction; the last line it logs says what became of it."""

    def __init__(self, queue: ReactionQueue, performer: Performer, claimed: Claimed) -> None:
        self._queue = queue
        self._performer = performer
        self._claimed = claimed
        self._answered = claimed.answer is not None
        self._began = time.monotonic()
        self._log = log.bind(
            kind=claimed.kind,
            reaction_id=str(claimed.reaction_id),
            attempt=claimed.attempts,
            correlation=claimed.correlation,
            **claimed.references,
        )

    def make(self) -> None:
        self._log.info("reaction.claimed", fence=self._claimed.fence)
        try:
            if self._claimed.attempts > self._allowed:
                self._give_up()
            else:
                self._perform()
        except LeaseLost:
            self._log.warning("reaction.lost", ms=self._ms)

    def _perform(self) -> None:
        try:
            self._performer.record(self._claimed.references, self._answer())
        except LeaseLost:
            raise
        except RetryLater as later:
            self._queue.postponed(self._claimed, described(later), later.delay)
            self._log.info("reaction.postponed", seconds=later.delay.total_seconds(), ms=self._ms)
        except AnswerSpent as spent:
            self._fail(described(spent), ask_anew=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, this attempt has failed
            self._fail(described(error))
        else:
            self._queue.done(self._claimed)
            self._log.info("reaction.done", ms=self._ms)

    def _answer(self) -> Answer:
        """The outside world's answer, kept before anybody acts on it."""
        if self._claimed.answer is not None:
            return self._claimed.answer
        answer = self._performer.call(self._claimed.reaction_id, self._claimed.references)
        self._keep(answer)
        self._answered = True
        return answer

    def _keep(self, answer: Answer) -> None:
        deadline = time.monotonic() + ANSWER_HELD
        while True:
            try:
                self._queue.answered(self._claimed, answer)
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise
                self._log.warning("reaction.answer_waits", error=described(error))
                time.sleep(ANSWER_PAUSE)
            else:
                return

    def _fail(self, error: str, *, ask_anew: bool = False) -> None:
        if self._claimed.attempts >= self._allowed:
            self._log.warning("reaction.failed", error=error, ms=self._ms)
            self._give_up(error)
        else:
            self._come_back(error, ask_anew=ask_anew)

    def _give_up(self, error: str | None = None) -> None:
        """First what follows from giving up, then the row: a crash in between repeats both."""
        try:
            self._performer.give_up(self._claimed.references)
        except Exception as failure:  # noqa: BLE001 - it is owed, so it is tried again until it succeeds
            self._come_back(described(failure))
        else:
            self._queue.dead(self._claimed, error, allowed=self._allowed)
            self._log.error("reaction.dead", error=error, ms=self._ms)

    def _come_back(self, error: str, *, ask_anew: bool = False) -> None:
        pause = self._performer.pause_after(self._claimed.attempts)
        self._queue.failed(self._claimed, error, pause, ask_anew=ask_anew)
        self._log.warning("reaction.failed", error=error, pause=pause.total_seconds(), ms=self._ms)

    @property
    def _allowed(self) -> int:
        return self._performer.attempts * (2 if self._answered else 1)

    @property
    def _ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

"""Whether a user may act: suspending one stops what is unfinished, and erasing one forgets who they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from application.context import current
from application.ports import ApiKeyRecords, Clock, Sessions, Store, Traces
from application.retrying import retried
from domain.credit_ledger import CreditLedger, checked_reason
from domain.email_claim import EmailClaim
from domain.photo_job import PhotoJob
from domain.user import User

FORFEITED: Final = "The account was erased"
"""Why credits that were left are taken away, as the log tells it."""


@dataclass(frozen=True)
class Erasure:
    """What ended with an account."""

    jobs_cancelled: int
    credits_forfeited: int


@dataclass(frozen=True)
class _Unfinished:
    """A user, what they have not finished, and the ledger that was settled for it."""

    user: User
    ledger: CreditLedger
    stopped: list[PhotoJob]


@dataclass(frozen=True)
class Standing:
    store: Store
    clock: Clock
    sessions: Sessions
    api_keys: ApiKeyRecords
    traces: Traces

    @retried
    def suspend(self, user_id: UUID, reason: str) -> User:
        """Let the user act no more; what they have is kept. Raises NotFound or ReasonNeeded.

        Unfinished jobs are cancelled and settled in the same transaction, and all sessions and API keys end.
        """
        because = checked_reason(reason)
        with self._stopping(user_id) as found:
            found.user.suspend(because)
            self.sessions.revoke_all(user_id)
            self.api_keys.revoke_all(user_id)
            self.store.save(found.user, found.ledger, *found.stopped)
        return found.user

    @retried
    def reinstate(self, user_id: UUID) -> User:
        """Let the user sign in and act again. Raises NotFound."""
        user = self.store.get(User, user_id)
        user.reinstate()
        self.store.save(user)
        return user

    @retried
    def erase(self, user_id: UUID) -> Erasure:
        """Forget who the user is, for ever; repeated, it changes nothing. Raises NotFound.

        In one transaction unfinished jobs are cancelled and settled, the credits that are left are forfeited,
        the address is free for another account (its trial stays used), and whatever could be read of the
        person goes with their keys. Debts and disputes stay in the history, and go on there. Pictures, and
        what the payment provider knows, go afterwards (rules.py).
        """
        with self._stopping(user_id) as found:
            user, ledger = found.user, found.ledger
            if user.erased:
                return Erasure(0, 0)
            # It also writes to the ledger, so whoever submits a job at this moment comes before or is refused.
            now = self.clock.now()
            if left := ledger.available(now):
                forfeit = uuid5(user_id, "erasure")
                ledger.take_away(forfeit, left, reason=FORFEITED, actor=current().actor, now=now)
            address = self.store.get(EmailClaim, user.claim_id)
            address.release()
            user.erase()
            self.traces.forget(user_id)
            self.store.save(user, address, ledger, *found.stopped)
        return Erasure(len(found.stopped), left)

    @contextmanager
    def _stopping(self, user_id: UUID) -> Iterator[_Unfinished]:
        """A transaction in which the user's unfinished jobs are cancelled and settled; all is yet to be saved."""
        unfinished = self.store.get(CreditLedger, CreditLedger.id_for(user_id)).holds
        with self.store.transaction(*sorted(unfinished)):
            user = self.store.get(User, user_id)
            ledger = self.store.get(CreditLedger, CreditLedger.id_for(user_id))
            stopped = [self.store.get(PhotoJob, job_id) for job_id in sorted(ledger.holds)]
            for job in stopped:
                job.cancel()
                ledger.settle(job.id, delivered=job.delivered, now=self.clock.now())
            yield _Unfinished(user, ledger, stopped)

"""Whether a user may act: suspending one stops what is unfinished and gives its credits back."""

from dataclasses import dataclass
from uuid import UUID

from application.ports import Clock, Sessions, Store
from application.retrying import retried
from domain.credit_ledger import CreditLedger, checked_reason
from domain.photo_job import PhotoJob
from domain.user import User


@dataclass(frozen=True)
class Standing:
    store: Store
    clock: Clock
    sessions: Sessions

    @retried
    def suspend(self, user_id: UUID, reason: str) -> User:
        """Let the user act no more; what they have is kept. Raises NotFound or ReasonNeeded.

        Unfinished jobs are cancelled and settled in the same transaction, and all sessions end.
        """
        because = checked_reason(reason)
        unfinished = self.store.get(CreditLedger, CreditLedger.id_for(user_id)).holds
        with self.store.transaction(*sorted(unfinished)):
            user = self.store.get(User, user_id)
            user.suspend(because)
            ledger = self.store.get(CreditLedger, CreditLedger.id_for(user_id))
            stopped = [self.store.get(PhotoJob, job_id) for job_id in sorted(ledger.holds)]
            for job in stopped:
                job.cancel()
                ledger.settle(job.id, delivered=job.delivered, now=self.clock.now())
            self.sessions.revoke_all(user_id)
            self.store.save(user, ledger, *stopped)
        return user

    @retried
    def reinstate(self, user_id: UUID) -> User:
        """Let the user sign in and act again. Raises NotFound."""
        user = self.store.get(User, user_id)
        user.reinstate()
        self.store.save(user)
        return user

"""Reconciliation: our purchases and the payment provider's compared both ways, and what was missed recorded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from application.comparing import RefusePayment
from application.notices import Notices
from application.payments import About, Found, Payments, PurchaseRecords, Subject
from application.ports import Clock, Store
from application.purchases import Looked, Purchases
from domain.purchase import Purchase, PurchaseStatus
from domain.reconciliation import Finding, Reconciliation, Resolution, Totals

LOOKING_BACK = timedelta(days=4)
"""Of the daily run: longer than the three days for which Stripe tries to deliver a message."""


@dataclass
class _Compared:
    """Which purchases were compared, and what of their money is whose word; amounts in cents."""

    purchases: set[UUID] = field(default_factory=set)
    ours: int = 0
    theirs: int = 0

    def add(self, looked: Looked) -> None:
        if looked.purchase.id in self.purchases:
            return
        self.purchases.add(looked.purchase.id)
        self.ours += looked.purchase.net
        self.theirs += looked.theirs.net


@dataclass(frozen=True)
class Reconciling:
    store: Store
    clock: Clock
    payments: Payments
    records: PurchaseRecords
    purchases: Purchases
    notices: Notices

    def reconcile(self, reconciliation_id: UUID, since: datetime | None = None) -> Reconciliation:
        """Compare everything since then (by default LOOKING_BACK); repeated with the same id, it is that run.

        Raises PaymentsAway or RetryLater; what was recorded until then stays, and the next run finds the rest.
        """
        if (earlier := self.store.find(Reconciliation, reconciliation_id)) is not None:
            return earlier
        until = self.clock.now()
        since = until - LOOKING_BACK if since is None else since
        opening = sum(self.records.moved(None, since).values())
        movements = dict(self.records.moved(since, until))
        run = Reconciliation.begin(reconciliation_id, since=since, until=until)
        compared = _Compared()
        self._messages(run, since)
        for found in self._theirs(since):
            self._compare(run, found, compared)
        for purchase_id in self.records.started_between(since, until):
            if purchase_id not in compared.purchases:
                self._ours(run, self.store.get(Purchase, purchase_id), compared)
        run.complete(
            Totals(
                opening=opening,
                movements=movements,
                closing=opening + sum(movements.values()),
                compared=len(compared.purchases),
                ours=compared.ours,
                theirs=compared.theirs,
            )
        )
        self.store.save(run)
        return run

    def _messages(self, run: Reconciliation, since: datetime) -> None:
        """Messages that never arrived are kept as if they had."""
        for notice in self.payments.notices_since(since):
            if self.notices.keep(notice):
                run.find(
                    Finding.MESSAGE_MISSED,
                    notice.stripe_id,
                    purchase_id=None,
                    detail=notice.type,
                    resolution=Resolution.KEPT,
                )

    def _theirs(self, since: datetime) -> Iterator[Found]:
        """Checkouts begun since then, and older ones whose money moved since then; each once."""
        changed = map(self.payments.find, dict.fromkeys(self.payments.changes_since(since)))
        told: set[Found] = set()
        for found in chain(self.payments.sessions_since(since), changed):
            if found and found not in told:
                told.add(found)
                yield found

    def _compare(self, run: Reconciliation, found: Found, compared: _Compared) -> None:
        reference = found.session_id or found.payment_id or str(found.purchase_id)
        if (looked := self.purchases.look_at(found)) is None:
            known = self.store.find(Purchase, found.purchase_id)
            run.find(
                Finding.UNKNOWN_HERE,
                reference,
                purchase_id=found.purchase_id,
                detail="not the checkout of this purchase" if known else "no such purchase",
                resolution=Resolution.LEFT,
            )
            return
        compared.add(looked)
        for command in looked.recorded:
            if not isinstance(command, RefusePayment):
                run.find(
                    Finding.NOT_RECORDED,
                    reference,
                    purchase_id=looked.purchase.id,
                    detail=type(command).__name__,
                    resolution=Resolution.RECORDED,
                )
        if looked.purchase.status is PurchaseStatus.REFUSED and looked.theirs.net:
            run.find(
                Finding.PAYMENT_REFUSED,
                looked.purchase.payment_id or reference,
                purchase_id=looked.purchase.id,
                detail=", ".join(looked.purchase.mismatches),
                resolution=Resolution.LEFT,
            )

    def _ours(self, run: Reconciliation, purchase: Purchase, compared: _Compared) -> None:
        """A purchase that their list does not show: because it began before, or because they have none."""
        if purchase.session_id is not None:
            about = About(Subject.SESSION, purchase.session_id)
            if found := self.payments.find(about):
                self._compare(run, found, compared)
            else:
                run.find(
                    Finding.UNKNOWN_THERE,
                    purchase.session_id,
                    purchase_id=purchase.id,
                    detail="no such checkout",
                    resolution=Resolution.LEFT,
                )
            return
        expired = self.purchases.expire(purchase.id)
        over = expired or purchase.status is PurchaseStatus.EXPIRED
        run.find(
            Finding.UNKNOWN_THERE,
            str(purchase.id),
            purchase_id=purchase.id,
            detail="no checkout was opened",
            resolution=Resolution.EXPIRED if over else Resolution.WAITING,
        )

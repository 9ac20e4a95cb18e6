"""Histories for projections: what aggregates did, as the log has it, and folding it in the plainest way."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from application.projections.projection import Key, Projection
from application.recorded import Recorded
from domain.aggregate import Aggregate
from domain.brief import Brief, Preset, RoomType, Style
from domain.credit_ledger import CreditLedger
from domain.job_photo import JobPhoto, Provenance
from domain.lots import Source
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.pictures import PictureKind, Removal
from domain.purchase import Purchase
from domain.stripe_event import HANDLED, StripeEvent
from domain.user import Role, User

MORNING = datetime(2026, 11, 22, 9, tzinfo=UTC)

Save = Callable[..., None]


@dataclass
class Log:
    """Keeps what aggregates did; each event a second after the one before."""

    recorded: list[Recorded] = field(default_factory=list)

    def save(self, *aggregates: Aggregate) -> None:
        for aggregate in aggregates:
            for event in aggregate.collect_events():
                self._append(aggregate, event)

    def _append(self, aggregate: Aggregate, event: Any) -> None:
        position = len(self.recorded) + 1
        self.recorded.append(
            Recorded(
                position=position,
                stream_id=aggregate.id,
                version=event.originator_version,
                name=type(event).TOPIC,
                event=event,
                owner=aggregate.owner,
                actor=f"user:{aggregate.owner}",
                cause="request:1",
                correlation="1",
                recorded_at=at(position),
            )
        )


def at(position: int) -> datetime:
    """When the event at this position was recorded."""
    return MORNING + timedelta(seconds=position)


def rows(projection: Projection[Any], *aggregates: Aggregate) -> list[Any]:
    """What the projection makes of these aggregates' events."""
    log = Log()
    log.save(*aggregates)
    return list(folded(projection, log.recorded).values())


def folded(projection: Projection[Any], log: Iterable[Recorded]) -> dict[Key, Any]:
    """One event after the other, each shown no more rows than it asked for."""
    found: dict[Key, Any] = {}
    for recorded in log:
        if recorded.name not in projection.events:
            continue
        asked_for = {key: found[key] for key in projection.keys(recorded) if key in found}
        for key, row in projection.evolve(asked_for, recorded).items():
            assert key in asked_for or key not in found, f"{recorded.name} changed a row that it had not seen"
            if row is None:
                del found[key]
            else:
                found[key] = row
    return found


def photo(number: int, *, seed: int = 0) -> JobPhoto:
    return JobPhoto(
        photo_id=UUID(int=seed + number),
        upload_id=UUID(int=1_000 + seed + number),
        original=f"{number:064x}",
        media_type="image/jpeg",
        name=Personal(f"kitchen {number}.jpg"),
    )


def provenance(number: int) -> Provenance:
    return Provenance(
        engine="darkroom",
        version="1",
        input_sha256=f"{number:064x}",
        output_sha256=f"{number + 1:064x}",
        milliseconds=700 + number,
    )


@dataclass
class Play:
    """A few people who do what people do, at random; everything they do is saved at once, and allowed."""

    chance: random.Random
    save: Save
    now: datetime = MORNING
    users: list[User] = field(default_factory=list)
    ledgers: list[CreditLedger] = field(default_factory=list)
    jobs: list[PhotoJob] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)

    def run(self, steps: int) -> None:
        for _ in range(2):
            self.join()
        weights = {
            self.join: 1,
            self.change_user: 3,
            self.grant: 3,
            self.take_back: 4,
            self.submit: 5,
            self.touch_job: 25,
            self.buy: 3,
            self.touch_purchase: 10,
            self.hear: 4,
        }
        for act in self.chance.choices(list(weights), weights=list(weights.values()), k=steps):
            self.now += timedelta(minutes=self.chance.randint(0, 600))
            act()

    def join(self) -> None:
        user_id = self._id()
        user = User.register(
            user_id, email=Personal(f"{user_id}@example.com"), name=Personal("Ada"), claim_id=self._id()
        )
        ledger = CreditLedger.open(user_id)
        ledger.grant_trial()
        self.users.append(user)
        self.ledgers.append(ledger)
        self.save(user, ledger)

    def change_user(self) -> None:
        user = self.chance.choice(self.users)
        self.chance.choice(
            [
                user.verify_email,
                user.change_password,
                lambda: user.change_profile(name=Personal("Grace"), time_zone="Europe/Vienna"),
                lambda: user.grant_role(self.chance.choice(list(Role))),
                lambda: user.revoke_role(self.chance.choice(list(Role))),
                lambda: user.suspend("asked for it"),
                user.reinstate,
                user.erase,
            ]
        )()
        self.save(user)

    def grant(self) -> None:
        ledger = self.chance.choice(self.ledgers)
        expires_at = self.now + timedelta(days=1) if self.chance.random() < 0.5 else None
        ledger.grant(
            self._id(),
            self.chance.choice(list(Source)),
            self.chance.randint(1, 40),
            expires_at=expires_at,
            reference="a present",
        )
        ledger.expire(self.now)
        self.save(ledger)

    def take_back(self) -> None:
        ledger = self.chance.choice(self.ledgers)
        bought = [lot for lot in ledger.lots.values() if lot.source == Source.PURCHASE]
        acts: list[Callable[[], None]] = []
        for lot in bought:
            refund, dispute = f"re_{len(ledger.reversals)}", f"dp_{len(ledger.disputes)}"
            amount = self.chance.randint(1, 150)
            acts.append(partial(ledger.reverse, lot.id, refund, amount=amount, paid=150))
            acts.append(partial(ledger.freeze, lot.id, dispute))
        acts += [partial(ledger.cancel_reversal, refund) for refund in ledger.reversals]
        acts += [partial(ledger.thaw, dispute, self.now) for dispute in ledger.disputes]
        if available := ledger.available(self.now):
            some = self.chance.randint(1, available)
            acts.append(
                partial(ledger.take_away, self._id(), some, reason="a mistake", actor="user:1", now=self.now)
            )
        if acts:
            self.chance.choice(acts)()
        self.save(ledger)

    def buy(self) -> None:
        purchase = Purchase.start(
            self._id(),
            user_id=self.chance.choice(self.users).id,
            offer="PACK_20_CREDITS",
            quantity=self.chance.randint(1, 3),
            livemode=False,
            expires_at=self.now + timedelta(hours=12),
        )
        purchase.open_session(f"cs_{purchase.id.hex}")
        self.purchases.append(purchase)
        self.save(purchase)

    def touch_purchase(self) -> None:
        if not self.purchases:
            return self.buy()
        purchase = self.chance.choice(self.purchases)
        name = f"{purchase.version}_{purchase.id.hex}"
        acts: list[Callable[[], None]]
        if purchase.paid:
            amount = self.chance.randint(1, purchase.amount)
            acts = [
                partial(purchase.refund, f"re_{name}", amount),
                partial(purchase.open_dispute, f"dp_{name}", amount),
                partial(purchase.warn_of_fraud, f"issfr_{name}"),
            ]
            acts += [partial(purchase.fail_refund, refund) for refund in purchase.refunds]
            acts += [partial(purchase.win_dispute, dispute) for dispute in purchase.disputes]
            acts += [partial(purchase.lose_dispute, dispute) for dispute in purchase.disputes]
        else:
            acts = [purchase.expire, partial(purchase.fail_payment, f"pi_{name}", "card_declined")]
            if purchase.payment_id is None:
                receipt = Personal("https://pay.example/receipt")
                acts += 3 * [partial(purchase.pay, f"pi_{name}", customer_id="cus_1", receipt=receipt)]
                acts.append(
                    partial(
                        purchase.refuse_payment, f"pi_{name}", amount=1, currency="eur", mismatches=["amount"]
                    )
                )
        self.chance.choice(acts)()
        self.save(purchase)
        return None

    def hear(self) -> None:
        self.save(
            StripeEvent.receive(
                stripe_id=f"evt_{self._id().hex}",
                type=self.chance.choice([*sorted(HANDLED), "payout.paid"]),
                api_version="2026-10-28",
                livemode=False,
                created_at=self.now,
                payload=Personal("{}"),
            )
        )

    def submit(self) -> None:
        ledger = self.chance.choice(self.ledgers)
        if ledger.debt or not (most := min(ledger.available(self.now), 5)):
            return
        seed = self._id().int >> 16
        photos = [photo(number, seed=seed) for number in range(self.chance.randint(1, most))]
        brief = Brief.accept(
            self.chance.choice([Preset.STAGE, Preset.ENHANCE]),
            self.chance.choice([None, *RoomType]),
            self.chance.choice([None, *Style]),
            self.chance.choice([None, Personal("bright, please")]),
        )
        job = PhotoJob.submit(
            self._id(),
            user_id=ledger.user_id,
            photos=photos,
            brief=brief,
            group_name=self.chance.choice([None, Personal("12 Elm Street")]),
            parent_job_id=self.chance.choice([None, *(job.id for job in self.jobs)]),
        )
        ledger.hold(job.id, len(photos), self.now)
        self.jobs.append(job)
        self.save(ledger, job)

    def touch_job(self) -> None:
        if not self.jobs:
            return
        job = self.chance.choice(self.jobs)
        photo_id = self.chance.choice(list(job.photos))
        open_before = job.ended is None
        acts: list[Callable[[], None]] = [
            lambda: job.record_staged(photo_id, f"{photo_id.int:064x}", "image/jpeg", provenance(1)),
            lambda: job.record_refused(photo_id, "unsafe"),
            lambda: job.record_failed(photo_id, "unreadable"),
            lambda: None if job.ended else job.cancel(),
            lambda: job.rename_group(self.chance.choice([None, Personal("9 Oak Lane")])),
            job.delete,
            lambda: self._remove_pictures(job),
        ]
        self.chance.choices(acts, weights=[20, 4, 4, 2, 2, 1, 2])[0]()
        ledger = next(one for one in self.ledgers if one.user_id == job.user_id)
        if open_before and job.ended:
            ledger.settle(job.id, delivered=job.delivered, now=self.now)
        self.save(ledger, job)

    def _remove_pictures(self, job: PhotoJob) -> None:
        if job.ended:
            kinds = self.chance.sample(list(PictureKind), k=self.chance.randint(1, 2))
            job.remove_pictures(kinds, Removal.TERM_OVER)

    def _id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)

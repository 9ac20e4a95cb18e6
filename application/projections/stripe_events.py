"""Stripe's messages, by type: those that make somebody look at a payment, and those that are only kept."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from application.projections.projection import Key, Table, by_stream, named
from application.recorded import Recorded
from domain.stripe_event import HANDLED, StripeEvent


class StripeEventRow(NamedTuple):
    event_id: UUID
    stripe_id: str
    type: str
    handled: bool
    livemode: bool
    created_at: datetime
    received_at: datetime
    position: int


class StripeEvents:
    table = Table("stripe_events", 1, StripeEventRow, ("event_id",), by_stream(lambda row: row.event_id))
    events = named(StripeEvent.Received)

    def keys(self, recorded: Recorded) -> Iterable[Key]:  # noqa: ARG002 - each event is a row of its own
        return ()

    def evolve(
        self,
        rows: Mapping[Key, StripeEventRow],  # noqa: ARG002
        recorded: Recorded,
    ) -> Mapping[Key, StripeEventRow]:
        event: StripeEvent.Received = recorded.event
        row = StripeEventRow(
            event_id=recorded.stream_id,
            stripe_id=event.stripe_id,
            type=event.type,
            handled=event.type in HANDLED,
            livemode=event.livemode,
            created_at=event.created_at,
            received_at=recorded.recorded_at,
            position=recorded.position,
        )
        return {(recorded.stream_id,): row}

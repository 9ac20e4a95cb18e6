"""An aggregate as it was: its events up to then, folded."""

from collections.abc import Iterable
from typing import cast

from domain.aggregate import Aggregate
from infrastructure.event_store.chain import ChainedEvent
from infrastructure.event_store.mapper import EventMapper


def aggregate_of(mapper: EventMapper, events: Iterable[ChainedEvent]) -> Aggregate | None:
    """From these events of one stream, given from its first on; None before there is one.

    queries.history selects them as of a version, a position or a moment.
    """
    aggregate: Aggregate | None = None
    for event in events:
        domain_event = mapper.event(event.topic, event.state, event.stream_id, event.version)
        aggregate = cast("Aggregate | None", domain_event.mutate(aggregate))
    return aggregate

"""The actors: one for each kind of reaction, which performs the next one when its bell rings."""

import dramatiq

from infrastructure.reactions.bell_broker import QUEUE, BellBroker
from infrastructure.reactions.performing import Performing


def declare(broker: BellBroker, performing: Performing) -> None:
    """Give every kind its actor."""
    for performer in performing.performers:
        _declare(broker, performing, performer.kind, performer.rank)


def _declare(broker: BellBroker, performing: Performing, kind: str, rank: int) -> None:
    @dramatiq.actor(broker=broker, actor_name=kind, queue_name=QUEUE, priority=rank, max_retries=0)
    def perform() -> None:
        performing.perform_next(kind)

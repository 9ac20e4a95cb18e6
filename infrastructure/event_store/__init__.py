"""The event store as a persistence module of the `eventsourcing` library: PERSISTENCE_MODULE names it.

The library looks for its Factory here, in the module itself; that is why this one is not empty.
"""

from infrastructure.event_store.factory import Factory as Factory

"""A log of a million events, made quickly: chained as append_event chains them, many streams at a time."""

from typing import Any

import psycopg

STREAM_LENGTH = 10
_STREAMS_AT_ONCE = 20_000

_APPEND = """
    INSERT INTO event_store.events
    SELECT this.position, this.stream_id, %(version)s::bigint, 'CreditLedger.Held', this.state, this.metadata,
           this.stream_id, this.now, event_store.event_hash(
               coalesce(this.previous, decode(repeat('00', 32), 'hex')), this.position, this.stream_id,
               %(version)s::bigint, 'CreditLedger.Held', this.state, this.metadata, this.stream_id, this.now)
    FROM (
        SELECT event_store.next_position() AS position, streams.id AS stream_id, clock_timestamp() AS now,
               convert_to(repeat('s', 300), 'UTF8') AS state, convert_to(repeat('m', 90), 'UTF8') AS metadata,
               previous.hash AS previous
        FROM (SELECT md5(number::text)::uuid AS id FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number)
            AS streams
        LEFT JOIN event_store.events AS previous
            ON previous.originator_id = streams.id AND previous.originator_version = %(version)s::bigint - 1
    ) AS this
"""


def fill(connection: psycopg.Connection[Any], events: int) -> None:
    """Bring the log to so many events of its own (a multiple of STREAM_LENGTH), as a superuser on autocommit."""
    whole = "SELECT count(*) FROM event_store.events WHERE originator_version = %s"
    ((first,),) = connection.execute(whole, [STREAM_LENGTH]).fetchall()
    streams = events // STREAM_LENGTH
    while first < streams:
        last = min(first + _STREAMS_AT_ONCE, streams) - 1
        with connection.transaction():
            for version in range(1, STREAM_LENGTH + 1):
                connection.execute(_APPEND, {"first": first, "last": last, "version": version})
        first = last + 1
    connection.execute("VACUUM ANALYZE event_store.events")
    connection.execute("CHECKPOINT")

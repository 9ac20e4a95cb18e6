"""What auditors are shown: balances with their conservation, events with their hashes, chains, and totals."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from interfaces.rest.routes.billing import Lot, Moment, Movement

UserId = Annotated[UUID, Meta(examples=["2f0c1b6e-6a0f-4d0c-9a53-8c2f3a110f6b"])]
Hash = Annotated[str, Meta(description="SHA-256 in hexadecimal", examples=["5f" * 32])]
Position = Annotated[int, Meta(description="Place in the whole log", examples=[42])]
Version = Annotated[int, Meta(description="Place in its stream", examples=[7])]
NextCursor = Annotated[
    str | None, Meta(description="Where the next page begins; null on the last", examples=["AAAAAAAAAAM"])
]


class Balance(Struct, frozen=True):
    """Always: granted = available + held + frozen + spent + expired + taken back."""

    granted: Annotated[int, Meta(examples=[23])]
    available: Annotated[int, Meta(examples=[8])]
    held: Annotated[int, Meta(examples=[2])]
    frozen: Annotated[int, Meta(examples=[0])]
    spent: Annotated[int, Meta(examples=[13])]
    expired: Annotated[int, Meta(examples=[0])]
    taken_back: Annotated[int, Meta(examples=[0])]
    debt: Annotated[int, Meta(description="Used before its payment was refunded, and owed", examples=[0])]


class AuditedLot(Lot, frozen=True):
    reference: Annotated[str, Meta(description="What it was granted for", examples=["trial"])]
    restores: Annotated[
        UUID | None,
        Meta(description="The purchase that it gives back after a failed refund", examples=[None]),
    ]


class AuditedLedger(Struct, frozen=True):
    user_id: UserId
    ledger_id: Annotated[UUID, Meta(examples=["9d4a5e1c-0c0f-5d7e-8a90-1f6c1f5d1100"])]
    position: Annotated[
        int, Meta(description="Of the last event that is in this answer, in the whole log", examples=[42])
    ]
    version: Version
    recorded_at: Annotated[
        datetime, Meta(description="When that was recorded", examples=["2026-05-04T09:31:00Z"])
    ]
    balance: Balance
    balanced: Annotated[bool, Meta(description="Whether each credit is in one place", examples=[True])]
    lots: Annotated[list[AuditedLot], Meta(description="In the order in which they burn")]


class AuditedMovement(Movement, frozen=True):
    version: Version
    granted: Annotated[int, Meta(description="After it", examples=[23])]
    spent: Annotated[int, Meta(description="After it", examples=[13])]
    expired: Annotated[int, Meta(description="After it", examples=[0])]
    taken_back: Annotated[int, Meta(description="After it", examples=[0])]
    reference: Annotated[str | None, Meta(examples=[None])]


class AuditedStatement(Struct, frozen=True):
    items: list[AuditedMovement]
    next_cursor: NextCursor


class AuditedEvent(Struct, frozen=True):
    """As it is stored: everything that its hash is made from, and the hash."""

    position: Position
    stream_id: Annotated[UUID, Meta(examples=["9d4a5e1c-0c0f-5d7e-8a90-1f6c1f5d1100"])]
    version: Version
    topic: Annotated[str, Meta(description="The name of the event", examples=["CreditLedger.Held"])]
    state: Annotated[
        str,
        Meta(
            description="Its fields: the very text that was hashed. What is personal stays sealed",
            examples=['{"job_id":"4f2f9d0a-2f1f-4c1f-8d11-0a6f2b526f0e","lots":{}}'],
        ),
    ]
    metadata: Annotated[
        str,
        Meta(
            description="Who did it, because of what: the very text that was hashed",
            examples=['{"actor":"user:2f0c1b6e","cause":"request:1","correlation":"1"}'],
        ),
    ]
    owner: Annotated[UUID | None, Meta(description="The user whose it is", examples=[None])]
    recorded_at: Moment
    hash: Hash


class EventPage(Struct, frozen=True):
    items: list[AuditedEvent]
    next_cursor: NextCursor


class BrokenAt(Struct, frozen=True):
    kind: Annotated[
        str,
        Meta(
            description="gap: a version is missing before it; changed: its hash is not that of its fields",
            examples=["changed"],
        ),
    ]
    position: Position
    version: Version


class Verification(Struct, frozen=True):
    user_id: UserId
    ledger_id: Annotated[UUID, Meta(examples=["9d4a5e1c-0c0f-5d7e-8a90-1f6c1f5d1100"])]
    intact: Annotated[bool, Meta(examples=[True])]
    events: Annotated[int, Meta(description="Checked and found right", examples=[12])]
    last_version: Version
    last_position: Position
    head: Annotated[str, Meta(description="The hash of the last event found right", examples=["5f" * 32])]
    broken_at: Annotated[BrokenAt | None, Meta(examples=[None])]
    replay_agrees: Annotated[
        bool,
        Meta(
            description="Whether the ledger replayed from its events has the balance that is shown",
            examples=[True],
        ),
    ]
    anchored_to: Annotated[
        int,
        Meta(
            description="The last position that a signed anchor covers; what lies above it is not anchored yet",
            examples=[40],
        ),
    ]


class SourceTotals(Balance, frozen=True):
    source: Annotated[str, Meta(examples=["purchase"])]
    lots: Annotated[int, Meta(examples=[3])]
    ledgers: Annotated[int, Meta(examples=[2])]


class Totals(Struct, frozen=True):
    """All ledgers together."""

    position: Position
    balanced: Annotated[
        bool,
        Meta(
            description="Whether every lot adds up, and each ledger's lots to its statement", examples=[True]
        ),
    ]
    unbalanced_lots: Annotated[int, Meta(examples=[0])]
    differing_ledgers: Annotated[
        list[UUID], Meta(description="Whose lots and statement differ; the first hundred", examples=[[]])
    ]
    sources: list[SourceTotals]
    total: Balance


class TrailStep(Struct, frozen=True):
    position: Position
    stream_id: Annotated[UUID, Meta(examples=["9d4a5e1c-0c0f-5d7e-8a90-1f6c1f5d1100"])]
    version: Version
    topic: Annotated[str, Meta(examples=["CreditLedger.Granted"])]
    owner: Annotated[UUID | None, Meta(examples=[None])]
    actor: Annotated[str, Meta(examples=["reaction:follow_up_notice"])]
    cause: Annotated[str, Meta(description="`event:` and a position leads on", examples=["event:40"])]
    correlation: Annotated[str, Meta(description="Shared by all that one request led to", examples=["r-1"])]
    recorded_at: Moment


class TrailPhoto(Struct, frozen=True):
    job_id: Annotated[UUID, Meta(examples=["4f2f9d0a-2f1f-4c1f-8d11-0a6f2b526f0e"])]
    job_status: Annotated[str, Meta(examples=["completed"])]
    photo_id: Annotated[UUID, Meta(examples=["1b0f4c34-4b41-594e-b48f-14f6f978ecdf"])]
    photo_status: Annotated[str, Meta(examples=["staged"])]


class TrailShown(Struct, frozen=True):
    steps: Annotated[list[TrailStep], Meta(description="In the order in which they were recorded")]
    lots: Annotated[list[UUID], Meta(description="Of credits that it is about", examples=[[]])]
    photos: list[TrailPhoto]

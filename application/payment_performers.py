"""How reactions about money are performed: following messages up, reconciling, forgetting what is nobody's."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from application.notices import Notices
from application.payments import PayloadKeys
from application.purchases import Purchases
from application.reactions import Answer, Performer, References
from application.reconciling import Reconciling
from application.rules import CLOSE_PAYER, FOLLOW_UP_NOTICE, FORGET_NOTICES, RECONCILE

_PROMPT = tuple(timedelta(seconds=seconds) for seconds in (1, 3, 10, 30, 60, 300, 900, 3600))
"""For what somebody waits for, and must not be lost when the outside world is away for long."""
_UNHURRIED = tuple(timedelta(minutes=minutes) for minutes in (1, 10, 60))


def payment_performers(
    *, notices: Notices, purchases: Purchases, reconciling: Reconciling, payload_keys: PayloadKeys
) -> Mapping[str, Performer]:
    """The performer of each kind.

    What they read at the provider may be read again at no cost, and is worth nothing once it is old. So each
    records it at once, instead of having it kept and recorded later.
    """

    def reconcile(reaction_id: UUID, _references: References) -> Answer:
        return {"differences": len(reconciling.reconcile(reaction_id).differences)}

    listed = (
        Performer(
            kind=FOLLOW_UP_NOTICE,
            call=lambda _reaction_id, references: notices.follow_up(UUID(references["event_id"])),
            record=_recorded_already,
            give_up=_seen_by_operators,
            attempts=30,  # a day: somebody has paid
            pauses=_PROMPT,
        ),
        Performer(
            kind=CLOSE_PAYER,
            call=lambda _reaction_id, references: purchases.close(UUID(references["user_id"])),
            record=_recorded_already,
            give_up=_seen_by_operators,
            attempts=100,  # days: it was promised
            pauses=_PROMPT,
            rank=20,
        ),
        Performer(
            kind=RECONCILE,
            call=reconcile,
            record=_recorded_already,
            give_up=_seen_by_operators,
            attempts=5,  # tomorrow's looks back over today
            pauses=_UNHURRIED,
            longest=timedelta(hours=2),
            rank=20,
        ),
        Performer(
            kind=FORGET_NOTICES,
            call=lambda _reaction_id, _references: {"destroyed": payload_keys.destroy_unattached()},
            record=_recorded_already,
            give_up=_seen_by_operators,
            attempts=3,
            rank=20,
        ),
    )
    return {performer.kind: performer for performer in listed}


def _recorded_already(_references: References, _answer: Answer) -> None:
    """See `payment_performers`."""


def _seen_by_operators(_references: References) -> None:
    """The dead row says it all, and the next reconciliation catches up."""

"""Movements of credits in plain words: the same for users, auditors and operators."""

from collections.abc import Callable, Mapping

from application.projections.statement import Movement
from infrastructure.queries.credits import MovementRow


def described(row: MovementRow) -> str:
    """A movement as a sentence."""
    return _SENTENCES[Movement(row.kind)](row)


def _settled(row: MovementRow) -> str:
    returned = f", {_credits(row.returned)} returned" if row.returned else ""
    if not row.delivered:
        return f"Job ended: nothing delivered{returned}"
    return f"Job ended: {_credits(row.delivered)} spent on delivered photos{returned}"


def _reversed(row: MovementRow) -> str:
    why = "Dispute of a payment lost" if _of_dispute(row) else "Payment refunded"
    if not row.credits:
        return f"{why} ({row.reference}): no whole credit taken back"
    return f"{why} ({row.reference}): {_listed(row)}; {_still_owed(row)}"


def _cancelled(row: MovementRow) -> str:
    undone = [
        f"{_credits(-row.owed)} no longer owed" if row.owed else "",
        f"{_credits(-row.awaited)} no longer asked of running jobs" if row.awaited else "",
        f"{_credits(row.returned)} to be granted anew" if row.returned else "",
    ]
    told = ", ".join(filter(None, undone)) or "nothing had been taken back"
    why = "Dispute of a payment won after all" if _of_dispute(row) else "Refund did not go through"
    return f"{why} ({row.reference}): {told}; {_still_owed(row)}"


def _of_dispute(row: MovementRow) -> bool:
    """Whether its reference is a dispute's; all others are refunds'."""
    return (row.reference or "").startswith(("dp_", "du_"))


def _listed(row: MovementRow) -> str:
    return ", ".join(
        filter(
            None,
            [
                f"{_credits(row.taken)} taken back" if row.taken else "",
                f"{_credits(row.awaited)} asked back when running jobs end" if row.awaited > 0 else "",
                f"{_credits(row.owed)} already used and now owed" if row.owed else "",
            ],
        )
    )


def _still_owed(row: MovementRow) -> str:
    return f"{_credits(row.debt)} owed, repaid by the next credits" if row.debt else "nothing is owed"


def _credits(count: int) -> str:
    return f"{count} credit" if count == 1 else f"{count} credits"


_SENTENCES: Mapping[Movement, Callable[[MovementRow], str]] = {
    Movement.OPENED: lambda _row: "Account opened",
    Movement.GRANTED: lambda row: f"{_credits(row.credits)} granted ({row.source})",
    Movement.DEBT_REPAID: lambda row: (
        f"{_credits(row.credits)} of these repaid what was owed; {_still_owed(row)}"
    ),
    Movement.HELD: lambda row: f"{_credits(row.credits)} set aside for a job",
    Movement.SETTLED: _settled,
    Movement.RECLAIMED: lambda row: (
        f"A job with credits of a refunded payment ended: {_listed(row)}; {_still_owed(row)}"
    ),
    Movement.EXPIRED: lambda row: f"{_credits(row.credits)} expired",
    Movement.FROZEN: lambda row: (
        f"{_credits(row.credits)} frozen while their payment is disputed ({row.reference})"
    ),
    Movement.THAWED: lambda row: f"{_credits(row.credits)} free again after a dispute ({row.reference})",
    Movement.REVERSED: _reversed,
    Movement.REVERSAL_CANCELLED: _cancelled,
    Movement.ADJUSTED: lambda row: f"{_credits(row.credits)} taken away: {row.reference}",
}

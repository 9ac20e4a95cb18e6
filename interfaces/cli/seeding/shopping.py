"""What seeded people buy in the sandbox, and what becomes of their money."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid5

from application.payments import Found
from domain.purchase import Purchase
from infrastructure.payments.sandbox_payments import SandboxPayments
from infrastructure.wiring import Container
from interfaces.cli.seeding.people import Person

Act = Callable[[SandboxPayments, str], object]
"""What customer and bank do to the checkout with this id."""


@dataclass(frozen=True)
class Buying:
    name: str
    offer: str
    acts: tuple[Act, ...]


BUYINGS = (
    Buying("paid", "PACK_50_CREDITS", (SandboxPayments.pay,)),
    Buying("paid once more", "PACK_20_CREDITS", (SandboxPayments.pay,)),
    Buying(
        "refunded in part",
        "PACK_20_CREDITS",
        (SandboxPayments.pay, lambda payments, session_id: payments.refund(session_id, 900)),
    ),
    Buying("disputed", "PACK_20_CREDITS", (SandboxPayments.pay, SandboxPayments.dispute)),
    Buying("declined", "PAYG_IMAGE_CREDIT", (SandboxPayments.decline,)),
    Buying("given up", "PACK_100_CREDITS", (SandboxPayments.expire,)),
)


def buy(container: Container, person: Person, buying: Buying) -> None:
    """Once, and only where no real provider would be asked; what came of it is recorded at once."""
    payments, purchase_id = container.payments, uuid5(person.user_id, f"purchase/{buying.name}")
    if not isinstance(payments, SandboxPayments) or container.store.find(Purchase, purchase_id):
        return
    session = container.purchases.start(
        purchase_id, user_id=person.user_id, offer=buying.offer, quantity=1, return_path="/"
    )
    for act in buying.acts:
        act(payments, session.session_id)
        container.purchases.look_at(Found(session.session_id, purchase_id))

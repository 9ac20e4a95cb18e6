"""The sandbox's pages: a checkout where a developer is customer, bank and card network; development only."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import MediaType, Request, Router, get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from infrastructure.payments.sandbox_payments import SandboxPayments
from infrastructure.payments.sandbox_till import SandboxRefused
from infrastructure.wiring import Container
from interfaces.rest.authentication import OPEN
from interfaces.rest.routes.html import CSP, page, templates

_CENTS: Final = 100


def handlers(container: Container) -> list[Router]:
    """The sandbox's routes, if payments go to it: at a real provider there is no sandbox to be found."""
    if not isinstance(container.payments, SandboxPayments):
        return []
    return [_routes(container.payments, f"{container.purchases.app_url.rstrip('/')}/")]


def money(amount: int, currency: str) -> str:
    """An amount in minor units as people write it."""
    sign, amount = "-" if amount < 0 else "", abs(amount)
    unit = "$" if currency == "usd" else f"{currency.upper()} "
    return f"{sign}{unit}{amount // _CENTS:,}.{amount % _CENTS:02d}"


def path(address: str) -> str:
    """Where in the app an address leads."""
    return urlsplit(address).path


templates.filters["money"] = money
templates.filters["path"] = path


def _routes(payments: SandboxPayments, home: str) -> Router:
    @get("/checkouts/{session_id:str}", media_type=MediaType.HTML, sync_to_thread=True)
    def show_checkout(session_id: FromPath[str]) -> str:
        payment = payments.till.find(session_id)
        if payment is None:
            raise SandboxRefused("show")
        return page("sandbox_checkout", payment=payment)

    @get("/customers/{customer_id:str}", media_type=MediaType.HTML, sync_to_thread=True)
    def show_customer(customer_id: FromPath[str], back: FromQuery[str] = "/") -> str:
        return page(
            "sandbox_customer",
            payments=payments.till.of_customer(customer_id),
            back=back if back.startswith(home) else home,
        )

    @post("/checkouts/{session_id:str}/{act:str}", status_code=303)
    async def act_on(
        session_id: FromPath[str], act: FromPath[str], request: Request[Any, Any, State]
    ) -> Redirect:
        form = await request.form()
        try:
            await sync_to_thread(_acts(payments, session_id, form)[act] if act in ACTS else _refused)
        except SandboxRefused:
            # Who has clicked twice, or on a page of before, is shown how it stands by now.
            if "text/html" not in request.headers.get("accept", "") or not payments.till.find(session_id):
                raise
        return Redirect(f"/sandbox/checkouts/{session_id}", status_code=303)

    return Router(
        "/sandbox",
        route_handlers=[show_checkout, show_customer, act_on],
        include_in_schema=False,
        opt=OPEN,
        response_headers={"Content-Security-Policy": CSP},
    )


ACTS: Final = frozenset(
    {
        "pay",
        "pay_later",
        "arrive",
        "bounce",
        "decline",
        "expire",
        "refund",
        "fail_refund",
        "dispute",
        "win",
        "lose",
        "warn",
    }
)


def _acts(payments: SandboxPayments, session_id: str, form: Any) -> dict[str, Callable[[], object]]:
    """What can be done to a checkout, by the name that its form has."""
    named, amount = str(form.get("id", "")), _amount(form.get("amount"))
    return {
        "pay": lambda: payments.pay(session_id),
        "pay_later": lambda: payments.pay_later(session_id),
        "arrive": lambda: payments.arrive(session_id),
        "bounce": lambda: payments.bounce(session_id),
        "decline": lambda: payments.decline(session_id),
        "expire": lambda: payments.expire(session_id),
        "refund": lambda: payments.refund(session_id, amount),
        "fail_refund": lambda: payments.fail_refund(session_id, named),
        "dispute": lambda: payments.dispute(session_id, amount),
        "win": lambda: payments.close_dispute(session_id, named, won=True),
        "lose": lambda: payments.close_dispute(session_id, named, won=False),
        "warn": lambda: payments.warn(session_id),
    }


def _amount(sent: Any) -> int | None:
    """Minor units; nothing means all of it, and what is no number is no amount that can be given back."""
    if sent in (None, ""):
        return None
    return int(sent) if str(sent).isdecimal() else 0


def _refused() -> None:
    raise SandboxRefused("unknown")

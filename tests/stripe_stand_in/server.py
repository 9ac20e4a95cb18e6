"""A stand-in for Stripe's REST API on a socket, stateful and strict, for the real SDK to talk to."""

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from stripe.params import (
    ChargeRetrieveParams,
    CustomerDeleteParams,
    DisputeListParams,
    EventListParams,
    PaymentIntentRetrieveParams,
    PriceCreateParams,
    PriceListParams,
    PriceRetrieveParams,
    RefundListParams,
)
from stripe.params.billing_portal import SessionCreateParams as PortalCreateParams
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionLineItemListParams,
    SessionListParams,
    SessionRetrieveParams,
)

from tests.stripe_stand_in.book import Book, Object
from tests.stripe_stand_in.parameters import Tree, nested, wrong

KEY = "sk_test_stand_in"
SHORTEST, LONGEST = 30 * 60, 24 * 3600
"""Seconds for which a session may be open."""


class Refused(Exception):
    """An answer that is an error of Stripe's."""

    def __init__(self, status: int, kind: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.param = status, kind, message, param


@dataclass
class Fault:
    """What goes wrong with the next calls."""

    status: int = 0
    """The status to answer; 0 answers nothing and closes the connection."""
    after: bool = False
    """Whether the call has its effect first: its answer is what gets lost."""
    times: int = 1
    method: str = ""
    """Only calls of this method, any if empty."""
    headers: dict[str, str] = field(default_factory=dict)
    html: bool = False
    """The status comes with a page instead of JSON, as from a proxy."""
    hangs: threading.Event | None = None
    """Nothing is answered until this is set."""


@dataclass
class Call:
    method: str
    path: str
    parameters: Tree
    idempotency_key: str | None


Answering = Callable[["StripeStandIn", Tree, str], Object]


class StripeStandIn:
    """Answers as Stripe does, from its `book`; `calls` has every one, `mistakes` what the SDK's types forbid."""

    def __init__(self) -> None:
        self.book = Book()
        self.longest_page = 100
        self.calls: list[Call] = []
        self.headers: list[Mapping[str, str]] = []
        self.mistakes: list[str] = []
        self.faults: list[Fault] = []
        self.expanding = "what is asked for"
        """Or "everything", or "nothing": whether answers have whole objects where ids would do."""
        self._answers: dict[str, tuple[str, Object]] = {}
        self._turn = threading.RLock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.stand_in = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["StripeStandIn"]:
        """On the way out, no call may have been one that the SDK's types forbid."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
        assert self.mistakes == []

    def told(self) -> list[str]:
        """The bodies of all messages, in the order in which things happened."""
        return [json.dumps(_shown(message)) for message in self.book.messages]

    def deliveries(self, chance: random.Random, *, copies: int = 3) -> list[str]:
        """The same as Stripe may deliver them: in any order, and each up to so many times."""
        bodies = [body for body in self.told() for _ in range(chance.randint(1, copies))]
        chance.shuffle(bodies)
        return bodies

    def expands(self, asked: bool) -> bool:
        return self.expanding == "everything" or (asked and self.expanding != "nothing")

    def fault(self) -> Fault | None:
        with self._turn:
            return self.faults[0] if self.faults else None

    def used(self, fault: Fault) -> None:
        with self._turn:
            fault.times -= 1
            if not fault.times and fault in self.faults:
                self.faults.remove(fault)

    def answer(self, method: str, target: str, body: str, headers: Mapping[str, str]) -> Object:
        """Raises Refused."""
        if headers.get("Authorization") != f"Bearer {KEY}":
            raise Refused(401, "invalid_request_error", "Invalid API Key provided")
        parts = urlsplit(target)
        parameters = nested(body if method == "POST" else parts.query)
        route, identity = _routed(method, parts.path)
        key = headers.get("Idempotency-Key")
        with self._turn:
            self.headers.append(headers)
            self.calls.append(Call(method, parts.path, parameters, key))
            if route is None:
                self.mistakes.append(f"{method} {parts.path} is unknown")
                raise Refused(404, "invalid_request_error", "Unrecognized request URL")
            answering, shape = route
            if found := wrong(parameters, shape):
                self.mistakes += [f"{method} {parts.path}: {one}" for one in found]
                raise Refused(400, "invalid_request_error", "; ".join(found))
            if method == "GET" or key is None:
                return answering(self, parameters, identity)
            return self._once(
                key, f"{method} {parts.path} {body}", lambda: answering(self, parameters, identity)
            )

    def _once(self, key: str, asked: str, answering: Callable[[], Object]) -> Object:
        if key in self._answers:
            before, answer = self._answers[key]
            if before != asked:
                raise Refused(400, "idempotency_error", "Keys can only be used with the same parameters")
            return answer
        answer = answering()
        self._answers[key] = (asked, json.loads(json.dumps(answer)))
        return answer


def _routed(method: str, path: str) -> tuple[tuple[Answering, Any] | None, str]:
    parts = path.strip("/").split("/")
    for (wanted, pattern), route in ROUTES.items():
        shape = pattern.strip("/").split("/")
        if wanted == method and len(shape) == len(parts):
            pairs = list(zip(shape, parts, strict=True))
            if all(mine in ("*", theirs) for mine, theirs in pairs):
                return route, next((theirs for mine, theirs in pairs if mine == "*"), "")
    return None, ""


def _shown(one: Object) -> Object:
    return {name: value for name, value in one.items() if not name.startswith("_")}


def _retrieved(stand_in: StripeStandIn, kind: str, identity: str) -> Object:
    one = stand_in.book.objects.get(identity)
    if one is None or one["object"] != kind:
        raise Refused(404, "invalid_request_error", f"No such {kind}: '{identity}'")
    return one


def _listed(stand_in: StripeStandIn, kind: str, parameters: Tree, *by: str) -> Object:
    found = stand_in.book.of(kind)
    for name in by:
        if name in parameters:
            found = [one for one in found if one.get(name) == parameters[name]]
    if isinstance(created := parameters.get("created"), Mapping):
        found = [one for one in found if one["created"] >= int(created.get("gte", 0))]
    if kinds := parameters.get("types"):
        found = [one for one in found if one["type"] in kinds.values()]
    if keys := parameters.get("lookup_keys"):
        found = [one for one in found if one["lookup_key"] in keys.values()]
    if active := parameters.get("active"):
        found = [one for one in found if one["active"] == (active == "true")]
    if after := parameters.get("starting_after"):
        found = found[[one["id"] for one in found].index(after) + 1 :]
    limit = min(int(parameters.get("limit", 10)), stand_in.longest_page)
    shown = [_shown(one) for one in found[:limit]]
    shown = [_expanded(stand_in, one, parameters, "data.") for one in shown]
    path = f"/v1/{kind.replace('.', '/')}s"
    return {"object": "list", "data": shown, "has_more": len(found) > limit, "url": path}


def _expanded(stand_in: StripeStandIn, one: Object, parameters: Tree, within: str = "") -> Object:
    """With whole objects in the place of ids where that was asked for."""
    asked = {told.removeprefix(within) for told in parameters.get("expand", {}).values()}
    objects = stand_in.book.objects
    return {
        name: _shown(objects[value])
        if stand_in.expands(name in asked) and isinstance(value, str) and value in objects and name != "id"
        else value
        for name, value in one.items()
    }


def _lines(stand_in: StripeStandIn, session: Object) -> Object:
    lines = [
        {
            "id": f"li_{session['id']}_{number}",
            "object": "item",
            "amount_total": line["amount_total"],
            "currency": session["currency"],
            "price": _shown(stand_in.book.objects[line["price"]])
            if stand_in.expands(asked=True)
            else line["price"],
            "quantity": line["quantity"],
        }
        for number, line in enumerate(session["_line_items"])
    ]
    return {"object": "list", "data": lines, "has_more": False, "url": "/v1/line_items"}


def _create_session(stand_in: StripeStandIn, parameters: Tree, _identity: str) -> Object:
    line = parameters["line_items"]["0"]
    if line["price"] not in stand_in.book.objects:
        raise Refused(400, "invalid_request_error", f"No such price: '{line['price']}'")
    customer = parameters.get("customer")
    if customer is not None and customer not in stand_in.book.objects:
        raise Refused(400, "invalid_request_error", f"No such customer: '{customer}'", "customer")
    session = stand_in.book.open_session(parameters)
    if not SHORTEST <= session["expires_at"] - session["created"] <= LONGEST:
        del stand_in.book.objects[session["id"]]
        raise Refused(400, "invalid_request_error", "expires_at must be 30 minutes to 24 hours from now")
    return _shown(session)


def _retrieve_session(stand_in: StripeStandIn, parameters: Tree, identity: str) -> Object:
    session = _retrieved(stand_in, "checkout.session", identity)
    shown = _shown(session)
    asked = any(one.startswith("line_items") for one in parameters.get("expand", {}).values())
    if stand_in.expands(asked):
        shown["line_items"] = _lines(stand_in, session)
    return _expanded(stand_in, shown, parameters)


def _retrieve_intent(stand_in: StripeStandIn, parameters: Tree, identity: str) -> Object:
    return _expanded(stand_in, _retrieved(stand_in, "payment_intent", identity), parameters)


def _expire_session(stand_in: StripeStandIn, _parameters: Tree, identity: str) -> Object:
    session = _retrieved(stand_in, "checkout.session", identity)
    if session["status"] != "open":
        raise Refused(400, "invalid_request_error", "Only sessions that are open can be expired")
    stand_in.book.expire(identity)
    return _shown(session)


def _delete_customer(stand_in: StripeStandIn, _parameters: Tree, identity: str) -> Object:
    _retrieved(stand_in, "customer", identity)
    del stand_in.book.objects[identity]
    return {"id": identity, "object": "customer", "deleted": True}


def _create_portal(stand_in: StripeStandIn, parameters: Tree, _identity: str) -> Object:
    customer = _retrieved(stand_in, "customer", parameters["customer"])
    session = stand_in.book.add("billing_portal.session", "bps", customer=customer["id"])
    session["return_url"] = parameters.get("return_url")
    session["url"] = f"https://billing.stripe.test/p/session/{session['id']}"
    return session


ROUTES: Mapping[tuple[str, str], tuple[Answering, Any]] = {
    ("POST", "/v1/checkout/sessions"): (_create_session, SessionCreateParams),
    ("GET", "/v1/checkout/sessions"): (
        lambda stand_in, parameters, _: _listed(stand_in, "checkout.session", parameters, "payment_intent"),
        SessionListParams,
    ),
    ("GET", "/v1/checkout/sessions/*"): (_retrieve_session, SessionRetrieveParams),
    ("POST", "/v1/checkout/sessions/*/expire"): (_expire_session, SessionExpireParams),
    ("DELETE", "/v1/customers/*"): (_delete_customer, CustomerDeleteParams),
    ("GET", "/v1/checkout/sessions/*/line_items"): (
        lambda stand_in, _, identity: _lines(stand_in, _retrieved(stand_in, "checkout.session", identity)),
        SessionLineItemListParams,
    ),
    ("POST", "/v1/prices"): (
        lambda stand_in, parameters, _: stand_in.book.add_price(parameters),
        PriceCreateParams,
    ),
    ("GET", "/v1/prices"): (
        lambda stand_in, parameters, _: _listed(stand_in, "price", parameters),
        PriceListParams,
    ),
    ("GET", "/v1/prices/*"): (
        lambda stand_in, _, identity: _retrieved(stand_in, "price", identity),
        PriceRetrieveParams,
    ),
    ("GET", "/v1/payment_intents/*"): (_retrieve_intent, PaymentIntentRetrieveParams),
    ("GET", "/v1/charges/*"): (
        lambda stand_in, _, identity: _retrieved(stand_in, "charge", identity),
        ChargeRetrieveParams,
    ),
    ("GET", "/v1/refunds"): (
        lambda stand_in, parameters, _: _listed(stand_in, "refund", parameters, "payment_intent", "charge"),
        RefundListParams,
    ),
    ("GET", "/v1/disputes"): (
        lambda stand_in, parameters, _: _listed(stand_in, "dispute", parameters, "payment_intent", "charge"),
        DisputeListParams,
    ),
    ("GET", "/v1/events"): (
        lambda stand_in, parameters, _: _listed(stand_in, "event", parameters),
        EventListParams,
    ),
    ("POST", "/v1/billing_portal/sessions"): (_create_portal, PortalCreateParams),
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    stand_in: StripeStandIn


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Tests look at `calls` instead."""

    def _serve(self) -> None:
        stand_in = self.server.stand_in
        headers = dict(self.headers.items())
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        fault = stand_in.fault()
        if fault and fault.method in ("", self.command):
            stand_in.used(fault)
            if fault.after:
                stand_in.answer(self.command, self.path, body, headers)
            if fault.hangs:
                fault.hangs.wait(30)
            self._break(fault)
            return
        try:
            answer = stand_in.answer(self.command, self.path, body, headers)
        except Refused as refused:
            error = {"type": refused.kind, "message": refused.message, "param": refused.param}
            self._answer(refused.status, json.dumps({"error": error}), {})
        else:
            self._answer(200, json.dumps(answer), {})

    def _break(self, fault: Fault) -> None:
        if not fault.status:
            self.close_connection = True
            self.connection.close()
            return
        kind = "rate_limit" if fault.status == 429 else "api_error"
        told = (
            "<html>Bad Gateway</html>"
            if fault.html
            else json.dumps({"error": {"type": kind, "message": "!"}})
        )
        self._answer(fault.status, told, fault.headers)

    def _answer(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Request-Id", f"req_{token_hex(8)}")
        self.send_header("Content-Length", str(len(body.encode())))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

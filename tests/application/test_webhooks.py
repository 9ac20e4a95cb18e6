"""Webhooks: the ends of jobs told to users' own systems, until they have taken them."""

import json
from uuid import UUID

import pytest

from application.errors import NotFound
from application.ports import LinkRefused, LinkUnreachable
from application.reactions import follow
from application.rules import ANNOUNCE_JOB, RULES
from application.webhook_ports import DeliveryState, Endpoint
from application.webhooks import ENDPOINTS_PER_USER, Announced, TooManyEndpoints, WebhookNotTaken
from domain.personal import Personal
from tests.application.people import ANN, BOB, JOB, deliver, submit, upload, with_credits
from tests.fakes.bootstrap import Program

HOOK = Personal("https://hooks.example.com/stage")
ENDPOINT = UUID(int=77)


@pytest.fixture
def program() -> Program:
    program = Program()
    with_credits(program, 5)
    return program


def register(program: Program, *events: Announced, endpoint_id: UUID = ENDPOINT) -> Endpoint:
    return program.webhooks.register(
        endpoint_id, user_id=ANN, url=HOOK, events=events or [Announced.JOB_COMPLETED]
    )


def finished_job(program: Program) -> None:
    first, second = submit(program, upload(program, 2)).photos
    deliver(program, first)
    program.jobs.record_refused(JOB, second, "people")


def announce(program: Program) -> list[UUID]:
    """Perform what the log asks for; the deliveries that are to be sent then, in order."""
    for recorded in program.world.log:
        for _, reaction in follow(RULES, recorded):
            if reaction.kind == ANNOUNCE_JOB:
                program.webhooks.announce(reaction.references)
    return [UUID(reaction.references["delivery_id"]) for _, reaction in program.world.requests.values()]


def attempt(program: Program, delivery_id: UUID) -> None:
    program.webhooks.record(delivery_id, program.webhooks.send(delivery_id))


def state(program: Program, delivery_id: UUID) -> DeliveryState:
    delivery = program.webhook_records.delivery(delivery_id)
    assert delivery
    return delivery.state


def test_the_end_of_a_job_is_told_with_ids_and_counts_only(program: Program) -> None:
    endpoint = register(program)
    finished_job(program)
    (delivery_id,) = announce(program)

    attempt(program, delivery_id)

    (message,) = program.poster.arrived
    assert (message.url, message.secret, message.message_id) == (HOOK, endpoint.secret, delivery_id)
    assert json.loads(message.body) == {
        "type": "job.completed",
        "timestamp": "2026-03-01T09:00:00Z",
        "data": {
            "job_id": str(JOB),
            "status": "completed",
            "counts": {"photos": 2, "staged": 1, "refused": 1, "failed": 0, "cancelled": 0},
        },
    }
    assert state(program, delivery_id) is DeliveryState.DELIVERED


def test_an_event_that_is_read_again_is_announced_once(program: Program) -> None:
    register(program)
    finished_job(program)

    assert announce(program) == announce(program)
    assert len(program.world.requests) == 1


def test_only_what_was_subscribed_to_is_told(program: Program) -> None:
    register(program, Announced.JOB_FAILED, Announced.JOB_CANCELLED)
    finished_job(program)

    assert announce(program) == []


@pytest.mark.parametrize("answer", [LinkUnreachable(), 302, 404, 500])
def test_a_message_that_is_not_taken_is_logged_and_comes_again(
    program: Program, answer: int | Exception
) -> None:
    register(program)
    finished_job(program)
    (delivery_id,) = announce(program)
    program.poster.answer = answer

    with pytest.raises(WebhookNotTaken):
        program.webhooks.send(delivery_id)
    program.poster.answer = 204
    attempt(program, delivery_id)

    attempts = program.webhook_records.attempts(delivery_id)
    assert [one.status for one in attempts] == [None if isinstance(answer, Exception) else answer, 204]
    assert attempts[0].error == ("unreachable" if isinstance(answer, Exception) else None)
    assert state(program, delivery_id) is DeliveryState.DELIVERED


def test_a_message_given_up_can_be_sent_again_under_its_id(program: Program) -> None:
    register(program)
    finished_job(program)
    (delivery_id,) = announce(program)
    program.webhooks.give_up(delivery_id)
    assert state(program, delivery_id) is DeliveryState.FAILED

    program.webhooks.redeliver(delivery_id, ENDPOINT, ANN)

    assert state(program, delivery_id) is DeliveryState.PENDING
    assert [UUID(one.references["delivery_id"]) for _, one in program.world.requests.values()] == [
        delivery_id
    ] * 2
    attempt(program, delivery_id)
    assert program.poster.arrived[-1].message_id == delivery_id


def test_an_endpoint_that_says_it_is_gone_is_told_no_more(program: Program) -> None:
    register(program)
    finished_job(program)
    (delivery_id,) = announce(program)
    program.poster.answer = 410

    attempt(program, delivery_id)

    assert state(program, delivery_id) is DeliveryState.FAILED
    assert program.webhooks.send(delivery_id) == {"became": "failed"}
    assert len(program.poster.arrived) == 1


def test_an_address_that_turned_inside_is_never_asked_again(program: Program) -> None:
    register(program)
    finished_job(program)
    (delivery_id,) = announce(program)
    program.poster.answer = LinkRefused("address")

    attempt(program, delivery_id)

    assert state(program, delivery_id) is DeliveryState.FAILED
    assert [one.error for one in program.webhook_records.attempts(delivery_id)] == ["refused"]


def test_what_is_for_a_removed_endpoint_is_not_sent(program: Program) -> None:
    register(program)
    finished_job(program)
    (delivery_id,) = announce(program)
    program.webhooks.remove(ENDPOINT, ANN)

    attempt(program, delivery_id)

    assert program.poster.arrived == []


def test_only_public_addresses_can_be_registered(program: Program) -> None:
    with pytest.raises(LinkRefused):
        program.webhooks.register(
            ENDPOINT, user_id=ANN, url=Personal("http://hooks.example.com/"), events=[Announced.JOB_FAILED]
        )


def test_registering_again_is_the_same_endpoint_with_the_same_secret(program: Program) -> None:
    assert register(program) == register(program)


def test_a_user_has_five_endpoints_and_no_more(program: Program) -> None:
    for number in range(ENDPOINTS_PER_USER):
        register(program, endpoint_id=UUID(int=100 + number))

    with pytest.raises(TooManyEndpoints):
        register(program)


def test_nobody_touches_somebody_elses(program: Program) -> None:
    register(program)
    finished_job(program)
    (delivery_id,) = announce(program)

    with pytest.raises(NotFound):
        program.webhooks.redeliver(delivery_id, ENDPOINT, BOB)
    with pytest.raises(NotFound):
        program.webhooks.remove(ENDPOINT, BOB)

"""What every store of aggregates does."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import UUID, uuid4

import pytest

from application.context import Context, acting
from application.errors import ConcurrentChange, NotFound
from domain.brief import Brief, Preset
from domain.credit_ledger import CreditLedger
from domain.job_photo import JobPhoto
from domain.lots import Source
from domain.personal import Personal
from domain.photo_job import PhotoJob
from domain.user import Role, User
from tests.contracts.ports import StatefulPorts, TransactionFailed, fail_after
from tests.domain.history import state

ANN = UUID(int=1)
LOT, JOB, CLAIM = UUID(int=21), UUID(int=31), UUID(int=41)


def ann() -> User:
    return User.register(ANN, email=Personal("ann@example.com"), name=Personal("Änn 安"), claim_id=CLAIM)


def promoted(user: User) -> User:
    user.grant_role(Role.AUDITOR)
    return user


def test_what_never_happened_is_not_found(ports: StatefulPorts) -> None:
    assert ports.store.find(User, ANN) is None
    with pytest.raises(NotFound) as missing:
        ports.store.get(User, ANN)
    assert (missing.value.kind, missing.value.sought) == ("User", ANN)


def test_what_was_saved_comes_back_as_it_was(ports: StatefulPorts) -> None:
    user = ann()
    user.suspend("abuse")
    ports.store.save(user)
    assert state(ports.store.get(User, ANN)) == state(user)
    assert user.pending_events == []


def test_a_job_and_a_ledger_come_back_with_all_their_parts(ports: StatefulPorts) -> None:
    photo = JobPhoto(uuid4(), uuid4(), "aa" * 32, "image/jpeg", Personal("Küche.jpg"))
    brief = Brief(Preset.CUSTOM, prompt=Personal("paint it red"))
    job = PhotoJob.submit(JOB, user_id=ANN, photos=[photo], brief=brief, group_name=Personal("Elm 5"))
    now = ports.clock.now()
    ledger = CreditLedger.open(ANN)
    ledger.grant(UUID(int=99), Source.PROMO, 1, expires_at=now.replace(year=now.year + 1), reference="gift")
    ledger.grant(LOT, Source.PURCHASE, 5, reference="receipt")
    ledger.hold(JOB, 2, now)
    ports.store.save(ledger, job)
    assert state(ports.store.get(PhotoJob, JOB)) == state(job)
    again = ports.store.get(CreditLedger, ledger.id)
    assert state(again) == state(ledger)
    assert list(again.holds[JOB]) == [UUID(int=99), LOT]  # the order in which they burnt


def test_histories_are_continued(ports: StatefulPorts) -> None:
    ports.store.save(ann())
    for role in (Role.AUDITOR, Role.OPERATOR):
        user = ports.store.get(User, ANN)
        user.grant_role(role)
        ports.store.save(user)
    assert ports.store.get(User, ANN).roles == {"user", "auditor", "operator"}
    assert ports.store.get(User, ANN).version == 3


def test_saving_what_has_not_changed_does_nothing(ports: StatefulPorts) -> None:
    ports.store.save(ann())
    ports.store.save(ports.store.get(User, ANN))
    assert ports.store.get(User, ANN).version == 1


def test_an_id_of_another_kind_is_not_found(ports: StatefulPorts) -> None:
    ports.store.save(ann())
    assert ports.store.find(PhotoJob, ANN) is None
    with pytest.raises(NotFound) as missing:
        ports.store.get(PhotoJob, ANN)
    assert missing.value.kind == "PhotoJob"


def test_each_load_is_a_fresh_one(ports: StatefulPorts) -> None:
    ports.store.save(ann())
    promoted(ports.store.get(User, ANN))
    assert ports.store.get(User, ANN).roles == {"user"}


def test_whoever_saves_second_is_told_and_nothing_of_theirs_is_kept(ports: StatefulPorts) -> None:
    ports.store.save(ann())
    first, second = ports.store.get(User, ANN), ports.store.get(User, ANN)
    ports.store.save(promoted(first))
    second.verify_email()
    with pytest.raises(ConcurrentChange):
        ports.store.save(CreditLedger.open(ANN), second)
    assert ports.store.find(CreditLedger, CreditLedger.id_for(ANN)) is None
    assert not ports.store.get(User, ANN).email_verified


def test_loading_afresh_and_trying_again_succeeds(ports: StatefulPorts) -> None:
    ports.store.save(ann())
    stale = ports.store.get(User, ANN)
    ports.store.save(promoted(ports.store.get(User, ANN)))
    with pytest.raises(ConcurrentChange):
        ports.store.save(promoted(stale))
    user = ports.store.get(User, ANN)
    user.verify_email()
    ports.store.save(user)
    assert ports.store.get(User, ANN).email_verified


def test_a_stream_begins_once(ports: StatefulPorts) -> None:
    ports.store.save(ann())
    with pytest.raises(ConcurrentChange):
        ports.store.save(ann())


def test_of_many_who_save_at_once_one_succeeds(ports: StatefulPorts) -> None:
    ports.store.save(ann())
    loaded = [promoted(ports.store.get(User, ANN)) for _ in range(6)]

    def saved(user: User) -> bool:
        try:
            ports.store.save(user)
        except ConcurrentChange:
            return False
        return True

    with ThreadPoolExecutor(max_workers=6) as writers:
        assert sum(writers.map(saved, loaded)) == 1
    assert ports.store.get(User, ANN).version == 2


def test_an_act_learns_the_position_of_what_it_recorded(ports: StatefulPorts) -> None:
    with acting(Context("anonymous", "request:1", "trace")) as act:
        ports.store.save(ann())
        first = act.position
        ports.store.save(promoted(ports.store.get(User, ANN)))
    assert first is not None
    assert act.position is not None
    assert act.position > first > 0


def test_a_transaction_sees_what_was_saved_inside_of_it(ports: StatefulPorts) -> None:
    with ports.store.transaction():
        ports.store.save(ann())
        assert ports.store.get(User, ANN).name == Personal("Änn 安")
    assert ports.store.find(User, ANN)


def test_a_transaction_that_fails_keeps_nothing(ports: StatefulPorts) -> None:
    ledger = CreditLedger.open(ANN)
    with pytest.raises(TransactionFailed):
        fail_after(ports, lambda: ports.store.save(ann()), lambda: ports.store.save(ledger))
    assert ports.store.find(User, ANN) is None
    assert ports.store.find(CreditLedger, CreditLedger.id_for(ANN)) is None
    ports.store.save(ann())


def test_a_transaction_inside_another_is_part_of_it(ports: StatefulPorts) -> None:
    def save_in_one_of_its_own() -> None:
        with ports.store.transaction():
            ports.store.save(ann())

    with pytest.raises(TransactionFailed):
        fail_after(ports, save_in_one_of_its_own)
    assert ports.store.find(User, ANN) is None


def test_a_conflict_inside_a_transaction_takes_everything_back(ports: StatefulPorts) -> None:
    ports.store.save(ann())
    stale = promoted(ports.store.get(User, ANN))
    ports.store.save(promoted(ports.store.get(User, ANN)))
    ledger = CreditLedger.open(ANN)
    with pytest.raises(ConcurrentChange), ports.store.transaction():  # noqa: PT012 - it may be told at the end
        ports.store.save(ledger)
        ports.store.save(stale)
    assert ports.store.find(CreditLedger, CreditLedger.id_for(ANN)) is None


def test_whoever_asks_for_a_locked_id_waits_for_the_end(ports: StatefulPorts) -> None:
    order: list[str] = []
    entered = Event()

    def other() -> None:
        with ports.store.transaction(JOB):
            entered.set()
            order.append("the other enters")

    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        with ports.store.transaction(JOB):
            waiting = elsewhere.submit(other)
            assert not entered.wait(0.1)  # a lock that does not hold shows itself at once
            order.append("the first ends")
        waiting.result(timeout=10)
    assert order == ["the first ends", "the other enters"]


def test_photos_that_finish_at_once_take_turns_on_their_job(ports: StatefulPorts) -> None:
    ports.store.save(ann())

    def finish(_: int) -> None:
        with ports.store.transaction(ANN):
            user = ports.store.get(User, ANN)
            user.change_password()
            ports.store.save(user)

    with ThreadPoolExecutor(max_workers=6) as stagers:
        list(stagers.map(finish, range(12)))
    assert ports.store.get(User, ANN).version == 13

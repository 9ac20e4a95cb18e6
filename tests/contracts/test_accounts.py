"""What every keeper of credentials, sessions and mailed tokens does."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from application.errors import TokenInvalid
from application.ports import ApiKey, Credential
from domain.personal import Personal
from infrastructure.accounts.api_keys import is_api_key
from tests.contracts.ports import StatefulPorts, TransactionFailed, fail_after

ANN, BOB = UUID(int=1), UUID(int=2)
CLAIM, OTHER_CLAIM = UUID(int=41), UUID(int=42)
HOUR = timedelta(hours=1)
NO_TIME = timedelta(0)


def test_a_credential_is_found_by_its_claim(ports: StatefulPorts) -> None:
    ports.credentials.put(CLAIM, Credential(ANN, "hash"))
    assert ports.credentials.find(CLAIM) == Credential(ANN, "hash")
    assert ports.credentials.find(OTHER_CLAIM) is None


def test_a_new_password_takes_the_place_of_the_old_one(ports: StatefulPorts) -> None:
    ports.credentials.put(CLAIM, Credential(ANN, "hash"))
    ports.credentials.put(CLAIM, Credential(ANN, "new hash"))
    assert ports.credentials.find(CLAIM) == Credential(ANN, "new hash")


def test_a_user_has_one_credential(ports: StatefulPorts) -> None:
    ports.credentials.put(CLAIM, Credential(ANN, "hash"))
    ports.credentials.put(OTHER_CLAIM, Credential(ANN, "hash"))
    assert ports.credentials.find(CLAIM) is None
    assert ports.credentials.find(OTHER_CLAIM) == Credential(ANN, "hash")


def test_a_mailbox_that_was_claimed_again_belongs_to_its_new_owner(ports: StatefulPorts) -> None:
    ports.credentials.put(CLAIM, Credential(ANN, "hash"))
    ports.credentials.put(CLAIM, Credential(BOB, "other hash"))
    assert ports.credentials.find(CLAIM) == Credential(BOB, "other hash")


def test_a_credential_is_forgotten_with_its_transaction(ports: StatefulPorts) -> None:
    with pytest.raises(TransactionFailed):
        fail_after(ports, lambda: ports.credentials.put(CLAIM, Credential(ANN, "hash")))
    assert ports.credentials.find(CLAIM) is None


def test_a_session_is_opened_for_a_user(ports: StatefulPorts) -> None:
    token = ports.sessions.open(ANN, device="Ann's phone", lifetime=HOUR)
    assert ports.signed_in(token) == ANN
    assert len(token) >= 40


def test_each_session_has_a_token_of_its_own(ports: StatefulPorts) -> None:
    phone, laptop = (ports.sessions.open(ANN, device=device, lifetime=HOUR) for device in ("a", "b"))
    assert phone != laptop
    ports.sessions.revoke(phone)
    assert (ports.signed_in(phone), ports.signed_in(laptop)) == (None, ANN)


def test_a_session_that_is_over_is_over(ports: StatefulPorts) -> None:
    assert ports.signed_in(ports.sessions.open(ANN, device="phone", lifetime=NO_TIME)) is None


def test_revoking_twice_or_what_is_not_there_changes_nothing(ports: StatefulPorts) -> None:
    token = ports.sessions.open(ANN, device="phone", lifetime=HOUR)
    for gone in (token, token, "made up", ""):
        ports.sessions.revoke(gone)
    assert ports.signed_in(token) is None


def test_all_sessions_of_a_user_end_and_nobody_elses(ports: StatefulPorts) -> None:
    phone, laptop = (ports.sessions.open(ANN, device=device, lifetime=HOUR) for device in ("a", "b"))
    bobs = ports.sessions.open(BOB, device="phone", lifetime=HOUR)
    ports.sessions.revoke_all(ANN)
    assert [ports.signed_in(token) for token in (phone, laptop, bobs)] == [None, None, BOB]


def test_a_session_that_is_extended_lasts_anew(ports: StatefulPorts) -> None:
    token = ports.sessions.open(ANN, device="phone", lifetime=HOUR)
    assert ports.sessions.extend(token, NO_TIME)
    assert ports.signed_in(token) is None


def test_what_is_over_is_not_extended(ports: StatefulPorts) -> None:
    over = ports.sessions.open(ANN, device="phone", lifetime=NO_TIME)
    ended = ports.sessions.open(ANN, device="phone", lifetime=HOUR)
    ports.sessions.revoke(ended)
    assert not any(ports.sessions.extend(token, HOUR) for token in (over, ended, "made up"))
    assert ports.signed_in(ended) is None


def test_no_session_ends_that_is_not_there(ports: StatefulPorts) -> None:
    token = ports.sessions.open(ANN, device="phone", lifetime=HOUR)
    assert not ports.sessions.end(ANN, CLAIM)
    assert ports.signed_in(token) == ANN


def test_withdrawn_tokens_give_nobody_and_all_others_their_users(ports: StatefulPorts) -> None:
    issued = [("reset", ANN), ("reset", ANN), ("verify", ANN), ("reset", BOB)]
    first, second, other, bobs = (ports.tokens.issue(purpose, user, HOUR) for purpose, user in issued)
    ports.tokens.withdraw("reset", ANN)
    for token in (first, second):
        with pytest.raises(TokenInvalid):
            ports.tokens.redeem("reset", token)
    assert (ports.tokens.redeem("verify", other), ports.tokens.redeem("reset", bobs)) == (ANN, BOB)


def test_a_token_gives_its_user_once(ports: StatefulPorts) -> None:
    token = ports.tokens.issue("verify", ANN, HOUR)
    assert ports.tokens.redeem("verify", token) == ANN
    with pytest.raises(TokenInvalid):
        ports.tokens.redeem("verify", token)


def test_a_token_serves_its_purpose_alone_and_is_not_used_up_by_another(ports: StatefulPorts) -> None:
    token = ports.tokens.issue("verify", ANN, HOUR)
    with pytest.raises(TokenInvalid):
        ports.tokens.redeem("reset", token)
    assert ports.tokens.redeem("verify", token) == ANN


def test_a_token_that_is_too_old_gives_nobody(ports: StatefulPorts) -> None:
    with pytest.raises(TokenInvalid):
        ports.tokens.redeem("verify", ports.tokens.issue("verify", ANN, NO_TIME))


@pytest.mark.parametrize("token", ["", "made up", "x" * 10_000, "\x00"])
def test_a_token_that_nobody_issued_gives_nobody(ports: StatefulPorts, token: str) -> None:
    with pytest.raises(TokenInvalid):
        ports.tokens.redeem("verify", token)


def test_a_later_token_leaves_the_earlier_one_good(ports: StatefulPorts) -> None:
    first, second = (ports.tokens.issue("verify", ANN, HOUR) for _ in range(2))
    assert ports.tokens.redeem("verify", second) == ANN
    assert ports.tokens.redeem("verify", first) == ANN


def test_a_token_used_in_a_transaction_that_fails_can_be_used_again(ports: StatefulPorts) -> None:
    token = ports.tokens.issue("verify", ANN, HOUR)
    with pytest.raises(TransactionFailed):
        fail_after(ports, lambda: ports.tokens.redeem("verify", token))
    assert ports.tokens.redeem("verify", token) == ANN


def test_of_many_who_use_a_token_at_once_one_succeeds(ports: StatefulPorts) -> None:
    token = ports.tokens.issue("verify", ANN, HOUR)

    def used(_: int) -> bool:
        try:
            return ports.tokens.redeem("verify", token) == ANN
        except TokenInvalid:
            return False

    with ThreadPoolExecutor(max_workers=6) as clickers:
        assert sum(clickers.map(used, range(6))) == 1


# API keys


def issued(ports: StatefulPorts, user: UUID, number: int) -> str:
    about = ApiKey(UUID(int=number), user, Personal("nightly"), {"jobs:read"}, expires_at=None)
    key = ports.api_keys.issue(about)
    assert key
    return key


def test_a_key_is_its_users_and_begins_so_that_it_is_known(ports: StatefulPorts) -> None:
    first, second, bobs = issued(ports, ANN, 1), issued(ports, ANN, 2), issued(ports, BOB, 3)
    assert [ports.let_in(key) for key in (first, second, bobs)] == [ANN, ANN, BOB]
    assert (ports.api_keys.count(ANN), ports.api_keys.count(BOB)) == (2, 1)
    assert all(is_api_key(key) for key in (first, second, bobs))
    assert not is_api_key(ports.sessions.open(ANN, device="phone", lifetime=HOUR))


def test_a_key_is_issued_once(ports: StatefulPorts) -> None:
    key = issued(ports, ANN, 1)
    assert ports.api_keys.issue(ApiKey(UUID(int=1), ANN, Personal("again"), {"webhooks"}, None)) is None
    assert (ports.let_in(key), ports.api_keys.count(ANN)) == (ANN, 1)


def test_a_key_that_is_revoked_lets_nobody_in(ports: StatefulPorts) -> None:
    key, other = issued(ports, ANN, 1), issued(ports, ANN, 2)
    assert not ports.api_keys.revoke(BOB, UUID(int=1))
    assert (ports.api_keys.revoke(ANN, UUID(int=1)), ports.api_keys.revoke(ANN, UUID(int=1))) == (True, False)
    assert (ports.let_in(key), ports.let_in(other)) == (None, ANN)


def test_all_keys_of_a_user_end_and_nobody_elses(ports: StatefulPorts) -> None:
    keys = [issued(ports, ANN, 1), issued(ports, ANN, 2), issued(ports, BOB, 3)]
    ports.api_keys.revoke_all(ANN)
    assert [ports.let_in(key) for key in keys] == [None, None, BOB]


def test_a_key_is_not_issued_when_its_transaction_fails(ports: StatefulPorts) -> None:
    with pytest.raises(TransactionFailed):
        fail_after(ports, lambda: issued(ports, ANN, 1))
    assert ports.api_keys.count(ANN) == 0

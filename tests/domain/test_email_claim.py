"""Who has a mailbox, and that it gets one trial for ever."""

from uuid import UUID

import pytest

from domain.email_claim import AddressTaken, EmailClaim, TrialAlreadyUsed
from tests.domain.history import Fact, fact, given, news

CLAIM = UUID(int=1)
ANN, BOB = UUID(int=2), UUID(int=3)


def anns(*since: Fact) -> EmailClaim:
    return given(EmailClaim, CLAIM, fact(EmailClaim.Claimed, user_id=ANN), *since)


def test_the_first_to_come_gets_the_mailbox() -> None:
    claim = EmailClaim.claim(CLAIM, ANN)
    assert news(claim) == [fact(EmailClaim.Claimed, user_id=ANN)]
    assert (claim.id, claim.owner) == (CLAIM, ANN)


def test_nobody_else_gets_it_while_it_is_in_use() -> None:
    claim = anns()
    with pytest.raises(AddressTaken):
        claim.claim_again(BOB)
    assert news(claim) == []


def test_whoever_has_it_may_ask_for_it_again() -> None:
    claim = anns()
    claim.claim_again(ANN)
    assert news(claim) == []


def test_a_released_mailbox_can_be_claimed_by_another() -> None:
    claim = anns()
    claim.release()
    claim.release()
    claim.claim_again(BOB)
    assert news(claim) == [fact(EmailClaim.Released), fact(EmailClaim.ClaimedAgain, user_id=BOB)]
    assert claim.owner == BOB
    with pytest.raises(AddressTaken):
        claim.claim_again(ANN)


def test_a_mailbox_that_was_claimed_again_can_be_released_again() -> None:
    claim = anns(fact(EmailClaim.Released), fact(EmailClaim.ClaimedAgain, user_id=BOB))
    claim.release()
    assert news(claim) == [fact(EmailClaim.Released)]


def test_the_trial_is_used_once() -> None:
    claim = anns()
    claim.use_trial()
    assert news(claim) == [fact(EmailClaim.TrialUsed)]
    with pytest.raises(TrialAlreadyUsed):
        claim.use_trial()


def test_the_next_owner_of_the_mailbox_has_no_trial_left() -> None:
    claim = anns(
        fact(EmailClaim.TrialUsed), fact(EmailClaim.Released), fact(EmailClaim.ClaimedAgain, user_id=BOB)
    )
    with pytest.raises(TrialAlreadyUsed):
        claim.use_trial()

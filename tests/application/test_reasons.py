"""Whatever a photo can end with has words that its owner understands, and none of a provider's."""

import pytest

from application.fetching import BROKEN, REFUSED, UNREACHABLE
from application.photos import _CODES
from application.reasons import GIVEN_UP, TOLD, told


@pytest.mark.parametrize(
    "code", [*_CODES.values(), "photo_rejected", REFUSED, BROKEN, UNREACHABLE, GIVEN_UP, "timed_out"]
)
def test_every_code_has_its_sentence(code: str) -> None:
    assert code in TOLD


def test_every_sentence_says_that_nothing_was_paid() -> None:
    assert all(sentence.endswith("Its credit was returned.") for sentence in TOLD.values())


def test_a_code_of_an_earlier_release_is_told_plainly() -> None:
    assert told("safety") == TOLD[GIVEN_UP]


def test_what_has_no_code_has_no_sentence() -> None:
    assert told(None) is None

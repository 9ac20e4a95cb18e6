"""Personal texts do not show themselves by accident."""

import copy
import logging
import pickle
import traceback

import pytest

from domain.brief import Brief, Preset
from domain.personal import Personal
from tests.domain.history import news
from tests.domain.test_user import ann

SECRET = "ann@example.com"
MASK = "Personal(***)"


@pytest.mark.parametrize(
    "shown",
    [
        repr(Personal(SECRET)),
        str(Personal(SECRET)),
        format(Personal(SECRET)),
        f"{Personal(SECRET)}",
        f"{Personal(SECRET)!r}",
        "%s" % Personal(SECRET),  # noqa: UP031 - the way logging formats
        "{}".format(Personal(SECRET)),  # noqa: UP032 - another way of formatting
    ],
)
def test_it_is_masked_however_it_is_written(shown: str) -> None:
    assert shown == MASK


def test_it_is_masked_inside_of_anything() -> None:
    assert SECRET not in repr([Personal(SECRET)]) + repr({Personal(SECRET): 1})
    assert "paint" not in repr(Brief(Preset.CUSTOM, prompt=Personal("paint it red")))


def test_it_is_masked_in_aggregates_and_events() -> None:
    user = ann()
    user.change_profile(name=Personal("Ann Lee"), time_zone="UTC")
    shown = repr(user) + repr(user.pending_events) + repr(news(user))
    assert MASK in shown
    assert "ann@example.com" not in shown
    assert "Ann Lee" not in shown


def test_it_is_masked_in_logs_and_in_errors(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("for %s", Personal(SECRET))
    error = ValueError(Personal(SECRET))
    assert SECRET not in caplog.text + "".join(traceback.format_exception(error))


def test_formatting_it_in_a_way_that_it_does_not_know_does_not_show_it_either() -> None:
    with pytest.raises(TypeError) as refused:
        f"{Personal(SECRET):>20}"
    assert SECRET not in str(refused.value)


def test_whoever_asks_gets_the_text() -> None:
    assert Personal(SECRET).text == SECRET


def test_two_are_equal_when_their_texts_are() -> None:
    assert Personal(SECRET) == Personal(SECRET)
    assert hash(Personal(SECRET)) == hash(Personal(SECRET))
    assert Personal(SECRET) != Personal("bob@example.com")


def test_it_is_never_equal_to_a_plain_text() -> None:
    assert Personal(SECRET) != SECRET


def test_a_subclass_that_opens_its_text_later_is_equal_too() -> None:
    class Lazy(Personal):
        @property
        def text(self) -> str:
            return SECRET

    assert Lazy("something sealed") == Personal(SECRET)
    assert repr(Lazy("something sealed")) == MASK


def test_it_survives_being_copied() -> None:
    assert copy.deepcopy(Personal(SECRET)) == Personal(SECRET)
    assert pickle.loads(pickle.dumps(Personal(SECRET))) == Personal(SECRET)  # noqa: S301 - our own bytes

"""What every password hash does."""

import pytest

from application.ports import Passwords


@pytest.mark.parametrize("password", ["a long enough password", "pässwörd 密码 🏡", " blanks count "])
def test_a_password_matches_its_own_hash_alone(passwords: Passwords, password: str) -> None:
    kept = passwords.hash(password)
    assert password not in kept
    assert passwords.matches(password, kept)
    assert not passwords.matches(password + "x", kept)
    assert not passwords.matches(password.strip() + "!", kept)


def test_the_same_password_has_another_hash_each_time(passwords: Passwords) -> None:
    assert passwords.hash("a password") != passwords.hash("a password")


def test_without_a_hash_nothing_matches(passwords: Passwords) -> None:
    assert not passwords.matches("a password", None)
    assert not passwords.matches("", None)

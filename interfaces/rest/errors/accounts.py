"""What can be wrong about an account, its address and its password."""

from collections.abc import Mapping
from typing import Final

from application.errors import PasswordTooWeak, PasswordWrong, TokenInvalid, UnknownTimeZone
from domain.email_claim import AddressMalformed, AddressTaken, TrialAlreadyUsed
from domain.user import NameTooLong
from interfaces.rest.errors.answer import Answer

ANSWERS: Final[Mapping[type[Exception], Answer]] = {
    AddressMalformed: Answer(
        422, "address_malformed", "Not an e-mail address", "Give an address such as name@example.com."
    ),
    AddressTaken: Answer(
        409, "address_taken", "Address taken", "There is an account with this mailbox; sign in instead."
    ),
    TrialAlreadyUsed: Answer(
        409, "trial_already_used", "Trial used", "This mailbox had its free credits already."
    ),
    PasswordTooWeak: Answer(
        422,
        "password_too_weak",
        "Password too weak",
        "A password has {shortest} to {longest} characters.",
        {"shortest": 10, "longest": 200},
    ),
    PasswordWrong: Answer(
        403, "password_wrong", "Not your password", "`current_password` is not the password of this account."
    ),
    NameTooLong: Answer(
        422,
        "name_too_long",
        "Name too long",
        "A name has {limit} characters at the most, this one {length}.",
        {"length": 120, "limit": 100},
    ),
    UnknownTimeZone: Answer(
        422, "unknown_time_zone", "Unknown time zone", "Use an IANA name such as Europe/Paris or UTC."
    ),
    TokenInvalid: Answer(
        403,
        "token_invalid",
        "Link not valid",
        "The link was used already, is too old or incomplete; ask for another mail.",
    ),
}

"""Hands every contract to what keeps it in memory and to what the program really uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from application.ports import Passwords, Pictures
from infrastructure.accounts.passwords import Argon2Passwords
from infrastructure.mail.outbox import Outbox
from infrastructure.mail.smtp import Server, SmtpMailer
from infrastructure.postgres.database import Database
from infrastructure.storage.pictures import ObjectPictures
from tests.contracts.ports import Post, StatefulPorts, in_memory, letters_in, on_postgres
from tests.fakes.accounts import CheapPasswords
from tests.fakes.mailer import KeptMail
from tests.fakes.uploads import MemoryPictures
from tests.mail_house import SENDER, serving_mail

EVERY_KIND = ["memory", "real"]


@pytest.fixture(params=EVERY_KIND)
def ports(request: pytest.FixtureRequest) -> Iterator[StatefulPorts]:
    if request.param == "memory":
        yield in_memory()
        return
    fresh = request.getfixturevalue("database")  # only now: the others need no server
    database = Database(fresh.app_url, size=12)
    database.open()
    yield on_postgres(database)
    database.close()


@pytest.fixture(scope="session", params=EVERY_KIND)
def passwords(request: pytest.FixtureRequest) -> Passwords:
    return CheapPasswords() if request.param == "memory" else Argon2Passwords()


@pytest.fixture(params=EVERY_KIND)
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Pictures:
    return MemoryPictures() if request.param == "memory" else ObjectPictures(tmp_path.as_uri())


@pytest.fixture(params=["memory", "outbox", "smtp"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    if request.param == "memory":
        kept = KeptMail()
        yield Post(kept, lambda address: [(mail.subject, mail.text) for mail in kept.to(address)])
    elif request.param == "outbox":
        yield Post(Outbox(tmp_path), lambda address: letters_in(tmp_path, address))
    else:
        with serving_mail() as house:
            mailer = SmtpMailer(Server.at(house.url), SENDER, always_encrypted=False)
            yield Post(mailer, house.mailbox)

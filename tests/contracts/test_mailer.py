"""What every mailer does."""

from pathlib import Path
from uuid import UUID

import pytest

from application.ports import Mail
from domain.personal import Personal
from infrastructure.mail.outbox import Outbox
from tests.contracts.ports import Post

LINK = "https://stage.test/verify?token=" + "x" * 90
TEXT = f"Grüße, 安!\n\nOpen this link:\n\n{LINK}\n\n.A line with a dot before it\nFrom here on: nothing.\n"


def a_mail(number: int = 1, to: str = "ann@example.com", subject: str = "Confirm your address") -> Mail:
    return Mail(message_id=UUID(int=number), to=Personal(to), subject=subject, text=TEXT)


@pytest.mark.parametrize("address", ["ann@example.com", "Ann.Lee+stage@Gmail.com", "jos\u00e9@example.com"])
def test_a_mail_arrives_as_it_was_written(post: Post, address: str) -> None:
    post.mailer.send(a_mail(to=address))
    ((subject, text),) = post.mailbox(address)
    assert subject == "Confirm your address"
    assert text.splitlines() == TEXT.splitlines()


def test_a_link_can_be_copied_from_the_file_of_a_mail(tmp_path: Path) -> None:
    Outbox(tmp_path).send(
        Mail(UUID(int=1), Personal("ann@example.com"), "Confirm", f"Open this:\n\n{LINK}\n")
    )
    (file,) = tmp_path.glob("*.eml")
    assert LINK in file.read_text().splitlines()


def test_a_mail_that_is_sent_again_lies_there_once(post: Post) -> None:
    post.mailer.send(a_mail())
    post.mailer.send(a_mail())
    assert len(post.mailbox("ann@example.com")) == 1


def test_each_mail_lies_in_its_mailbox(post: Post) -> None:
    post.mailer.send(a_mail(2, subject="first"))
    post.mailer.send(a_mail(1, subject="second"))
    post.mailer.send(a_mail(3, to="bob@example.com"))
    assert {subject for subject, _ in post.mailbox("ann@example.com")} == {"first", "second"}
    assert len(post.mailbox("bob@example.com")) == 1

"""A mailer that keeps what it is given."""

from uuid import UUID

from application.ports import Mail, MailRefused


class KeptMail:
    def __init__(self) -> None:
        self._sent: dict[UUID, Mail] = {}
        self.refusing: int | None = None
        """The reply with which all mail is refused."""

    def send(self, mail: Mail) -> None:
        if self.refusing:
            raise MailRefused(self.refusing)
        self._sent[mail.message_id] = mail

    def to(self, address: str) -> list[Mail]:
        """What lies in this mailbox, oldest first; a message sent twice lies there once."""
        return [mail for mail in self._sent.values() if mail.to.text == address]

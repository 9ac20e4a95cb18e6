"""A mail server of the tests' own, over a socket: what it is handed lies in mailboxes."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

SENDER = "Stage in Seconds <hello@stage.test>"
USER, SECRET = "apikey", "p@ss/word:1"
TAKEN = "250 taken"


@dataclass
class MailHouse:
    replies: dict[str, str] = field(default_factory=dict)
    """What it says to who names these recipients; everybody else's mail is taken."""
    letters: dict[str, tuple[str, EmailMessage]] = field(default_factory=dict)
    """By Message-ID, as mailboxes show them, each with its recipient."""
    encrypted: list[bool] = field(default_factory=list)
    """Of each mail, whether it came through TLS."""
    signed_in: list[tuple[str, str]] = field(default_factory=list)
    """Who has shown which password."""
    url: str = ""

    def mailbox(self, address: str) -> list[tuple[str, str]]:
        """Subject and text of what was mailed to an address."""
        return [
            (str(one["Subject"]), one.get_content()) for to, one in self.letters.values() if to == address
        ]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = self.replies.get(address, TAKEN)
        if reply == TAKEN:
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - its name
        content = envelope.content
        assert isinstance(content, bytes)
        letter: Any = message_from_bytes(content, policy=SMTPUTF8)
        for address in envelope.rcpt_tos:
            self.letters[str(letter["Message-ID"])] = address, letter
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return TAKEN

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _how: str, shown: Any) -> AuthResult:
        assert isinstance(shown, LoginPassword)
        self.signed_in.append((shown.login.decode(), shown.password.decode()))
        return AuthResult(success=self.signed_in[-1] == (USER, SECRET), handled=False)


class _OnAFreePort(Controller):
    def _trigger_server(self) -> None:
        listening: Any = self.server
        self.port = listening.sockets[0].getsockname()[1]
        its_own: Any = super()._trigger_server
        its_own()


@contextmanager
def serving_mail(
    *, tls: ssl.SSLContext | None = None, from_the_first_byte: bool = False, understands_utf8: bool = True
) -> Iterator[MailHouse]:
    """With `tls` it takes passwords, and mail, only from those who encrypt; without, from everybody."""
    house = MailHouse()
    served = _OnAFreePort(
        house,
        hostname="127.0.0.1",
        port=0,
        ssl_context=tls if from_the_first_byte else None,
        tls_context=None if from_the_first_byte else tls,
        require_starttls=tls is not None and not from_the_first_byte,
        authenticator=house.authenticate,
        auth_required=tls is not None and not from_the_first_byte,
        auth_require_tls=not from_the_first_byte,
        enable_SMTPUTF8=understands_utf8,
    )
    served.start()
    try:
        house.url = f"{'smtps' if from_the_first_byte else 'smtp'}://localhost:{served.port}"
        yield house
    finally:
        served.stop()

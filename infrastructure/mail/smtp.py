"""Mail through an SMTP server, such as those that providers of mail give their customers."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.policy import SMTPUTF8
from email.utils import parseaddr
from typing import Final, Self
from urllib.parse import SplitResult, unquote, urlsplit

import structlog

from application.ports import Mail, MailRefused
from infrastructure.mail.message import domain, message

SECONDS: Final = 20.0
"""That a server may be silent."""
SUBMISSION, SUBMISSIONS = 587, 465
"""The ports of submission, with STARTTLS (RFC 6409) and with TLS from the first byte (RFC 8314)."""
_FOR_GOOD: Final = 500
"""From here on a reply says that sending the same again is no use (RFC 5321, 4.2.1)."""
_NOT_SPOKEN: Final = 553
"""What servers say to an address that they cannot write (RFC 6531, 3.5)."""
_INTERNATIONAL: Final = ("SMTPUTF8", "BODY=8BITMIME")
_AS_TYPED: Final = SMTPUTF8.clone(cte_type="7bit")

log = structlog.get_logger()


@dataclass(frozen=True)
class Server:
    """Where mail is handed in, and as whom."""

    host: str
    port: int
    encrypted: bool
    """From the first byte on, and not only after STARTTLS."""
    user: str
    password: str = field(repr=False)

    @classmethod
    def at(cls, url: str) -> Self:
        """Of `smtp://user:password@host:587` or `smtps://user:password@host`. Raises ValueError."""
        parts: SplitResult = urlsplit(url)
        if (
            parts.scheme not in ("smtp", "smtps")
            or not parts.hostname
            or parts.path.strip("/")
            or parts.query
        ):
            raise ValueError
        encrypted = parts.scheme == "smtps"
        port = parts.port or (SUBMISSIONS if encrypted else SUBMISSION)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (user + password).isascii():  # all that smtplib can show
            raise ValueError
        return cls(parts.hostname, port, encrypted, user, password)


class SmtpMailer:
    """One connection a mail: there are few, and one that has lain idle is cut when it is needed."""

    def __init__(
        self, server: Server, sender: str, *, always_encrypted: bool, trusted: ssl.SSLContext | None = None
    ) -> None:
        """`trusted` says whose certificates are believed: those that the machine believes, if not given."""
        self._server = server
        self._sender = sender
        self._always_encrypted = always_encrypted
        self._trusted = trusted or ssl.create_default_context()

    def send(self, mail: Mail) -> None:
        """Hand it over to the server, which answers for it from then on.

        Raises MailRefused when the mailbox never takes it. Whatever else it raises may go better later.
        """
        written = message(mail, self._sender)
        _, sender = parseaddr(self._sender)
        with self._connected() as connection:
            options: tuple[str, ...] = ()
            if not mail.to.text.isascii():
                written.policy, options = _AS_TYPED, _INTERNATIONAL
                if not connection.has_extn("smtputf8"):
                    raise _refused(mail, _NOT_SPOKEN)
            try:  # not send_message, which would write >From where a line begins with From
                connection.sendmail(sender, [mail.to.text], written.as_bytes(), options)
            except smtplib.SMTPRecipientsRefused as refused:
                ((code, _),) = refused.recipients.values()
                if code < _FOR_GOOD:
                    raise
                raise _refused(mail, code) from None  # the text may repeat the address

    def _connected(self) -> smtplib.SMTP:
        """Encrypted and signed in. Without encryption neither password nor mail is sent to another machine."""
        where, name = self._server, domain(self._sender)
        if where.encrypted:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                where.host, where.port, local_hostname=name, timeout=SECONDS, context=self._trusted
            )
        else:
            connection = smtplib.SMTP(where.host, where.port, local_hostname=name, timeout=SECONDS)
        try:
            connection.ehlo()
            if not where.encrypted and (self._always_encrypted or connection.has_extn("starttls")):
                connection.starttls(context=self._trusted)
                connection.ehlo()
            if where.user:
                connection.login(where.user, where.password)
        except BaseException:
            connection.close()
            raise
        return connection


def _refused(mail: Mail, code: int) -> MailRefused:
    log.warning("mail.refused", message_id=str(mail.message_id), code=code)
    return MailRefused(code)

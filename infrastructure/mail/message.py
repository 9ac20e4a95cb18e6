"""A mail as it goes over the wire, whichever way it goes."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from application.ports import Mail

_LONGEST_LINE = 998
"""In characters (RFC 5322, 2.1.1): links stay whole, also for who opens a mail in an editor."""
_PLAIN = SMTP.clone(cte_type="7bit", max_line_length=_LONGEST_LINE)
"""What every server takes, whatever the text is written in."""


def message(mail: Mail, sender: str) -> EmailMessage:
    """The same each time, but for the lines' ends. `sender` is an address, with a name or without."""
    written = EmailMessage(policy=_PLAIN)
    written["From"] = sender
    written["To"] = mail.to.text
    written["Subject"] = mail.subject
    written["Message-ID"] = f"<{mail.message_id}@{domain(sender)}>"
    written["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is announced to us
    written.set_content(mail.text)
    return written


def domain(sender: str) -> str:
    """What follows the @; nothing if `sender` is no address."""
    _, address = parseaddr(sender)
    local, _, name = address.rpartition("@")
    return name if local and sender.isprintable() else ""

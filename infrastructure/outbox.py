"""Mail in development: each message is a file in a folder, to be opened instead of received."""

from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

from application.ports import Mail

SENDER = "Stage in Seconds <hello@stage-in-seconds.example>"


class Outbox:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(self, mail: Mail) -> None:
        """Write the message whole or not at all; sent again under the same id, it replaces itself."""
        message = EmailMessage(policy=SMTPUTF8)
        message["From"] = SENDER
        message["To"] = mail.to.text
        message["Subject"] = mail.subject
        message["Message-ID"] = f"<{mail.message_id}@stage-in-seconds.example>"
        message.set_content(mail.text)
        unfinished = self._folder / f".{mail.message_id}"
        unfinished.write_bytes(bytes(message))
        unfinished.rename(self._folder / f"{mail.message_id}.eml")

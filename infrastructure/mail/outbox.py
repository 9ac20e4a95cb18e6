"""Mail in development: each message is a file in a folder, to be opened instead of received."""

from email.policy import SMTPUTF8
from pathlib import Path

from application.ports import Mail
from infrastructure.mail.message import message

SENDER = "Stage in Seconds <hello@stage-in-seconds.example>"


class Outbox:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def send(self, mail: Mail) -> None:
        """Write the message whole or not at all; sent again under the same id, it replaces itself."""
        unfinished = self._folder / f".{mail.message_id}"
        unfinished.write_bytes(message(mail, SENDER).as_bytes(policy=SMTPUTF8))
        unfinished.rename(self._folder / f"{mail.message_id}.eml")

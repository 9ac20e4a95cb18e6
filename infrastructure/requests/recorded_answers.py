"""Answers that are kept in the transaction that does what was asked: there is either both, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import psycopg

from application.context import current
from infrastructure.event_store.keyring import Keyring
from infrastructure.postgres.database import Database
from infrastructure.postgres.transactions import Call
from infrastructure.requests.answers import FIND, KEPT_HOURS, KeptAnswer, kept_answer

_KEEP: Final = "stage.keep_answer(%b::uuid, %b::uuid, %b::bytea, %s::int, %s::text, %b::interval, {position})"
_KEEP_REFUSAL: Final = _KEEP.format(position="NULL")
_TERM: Final = timedelta(hours=KEPT_HOURS)
_ANSWERED: Final = "SA001"


class Answered(Exception):
    """The request was answered before; what was done to answer it now is undone."""


class RecordedAnswers:
    """Needs no turns: of twins that do the same at once one commits, and the others learn of it by that."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is recorded inside is kept together with its answer. Raises Answered."""
        try:
            with self._database.transaction():
                yield
        except psycopg.DatabaseError as error:
            if error.sqlstate == _ANSWERED:
                raise Answered from error
            raise

    def keep(self, answer_id: UUID, answer: KeptAnswer, *, owner: UUID) -> None:
        """Keep it, sealed with the owner's key, with the position of what the transaction records.

        Raises Answered.
        """
        self._keep(_KEEP, answer_id, answer, owner)

    def keep_refusal(self, answer_id: UUID, answer: KeptAnswer, *, owner: UUID) -> None:
        """The same for one by which nothing was recorded."""
        with self.together():
            self._keep(_KEEP_REFUSAL, answer_id, answer, owner)

    def _keep(self, function: str, answer_id: UUID, answer: KeptAnswer, owner: UUID) -> None:
        sealed = self._keyring.seal(owner, answer.content)
        kept = (answer_id, owner, answer.content_hash, answer.status, sealed, _TERM)
        self._database.put_off(Call(function, kept, _recorded))

    def find(self, answer_id: UUID) -> KeptAnswer | None:
        """The answer, if it is still kept and its owner is not forgotten."""
        row = self._database.one(FIND, [answer_id])
        return kept_answer(row, self._keyring) if row else None


def _recorded(position: int | None) -> None:
    current().position = position

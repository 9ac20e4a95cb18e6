"""Time as a source of reactions: rows for what schedules ask for, written when it is due."""

from collections.abc import Iterable
from datetime import datetime

import structlog

from application.schedules import Schedule
from infrastructure.postgres.database import Database
from infrastructure.reactions.writer import NOBODY

_INSERT = """
INSERT INTO stage.reactions (id, kind, owner, "references", due_at, correlation)
VALUES (%s, %s, %s, '{}', %s, %s) ON CONFLICT (id) DO NOTHING
"""

log = structlog.get_logger()


class Scheduler:
    """Every worker may have one: a row's id follows from schedule and time, so each time has one row."""

    def __init__(self, database: Database, schedules: Iterable[Schedule]) -> None:
        self._database = database
        self._schedules = tuple(schedules)
        self._written: dict[Schedule, datetime] = {}

    def write_due(self) -> None:
        """Write a row for each schedule whose time has come since the last call; its bell rings later."""
        if not self._schedules:
            return
        now = self._database.now()
        for schedule in self._schedules:
            if (due := schedule.latest(now)) != self._written.get(schedule):
                self._write(schedule, due)
                self._written[schedule] = due

    def _write(self, schedule: Schedule, due: datetime) -> None:
        asked_by = f"schedule:{schedule.kind}/{due.isoformat()}"
        row = [schedule.reaction_id(due), schedule.kind, NOBODY, due, asked_by]
        if self._database.execute(_INSERT, row):
            log.info("schedule.due", kind=schedule.kind, due=due.isoformat())

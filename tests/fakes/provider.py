"""Calls to providers, and sealed texts, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from application.stagers import ProviderCall
from domain.personal import Personal


@dataclass
class MemoryProviderCalls:
    made: dict[UUID, tuple[UUID, ProviderCall]] = field(default_factory=dict)
    """By the call's id, with the photo it was for."""

    def add(self, job_id: UUID, photo_id: UUID, calls: Sequence[ProviderCall]) -> None:  # noqa: ARG002 - as the port has it
        for call in calls:
            self.made.setdefault(call.call_id, (photo_id, call))

    def of(self, photo_id: UUID) -> list[ProviderCall]:
        return [call for of, call in self.made.values() if of == photo_id]


@dataclass
class MemorySealer:
    """Hands out numbers for texts."""

    texts: list[Personal] = field(default_factory=list)

    def seal(self, owner: UUID, text: Personal) -> str:  # noqa: ARG002 - as the port has it
        self.texts.append(text)
        return f"sealed:{len(self.texts) - 1}"

    def sealed(self, token: str) -> Personal:
        return self.texts[int(token.removeprefix("sealed:"))]

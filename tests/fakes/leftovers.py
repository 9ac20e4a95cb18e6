"""What the fakes keep longer than anybody needs."""

from dataclasses import dataclass

from application.ports import Clock
from tests.fakes.world import World


@dataclass(frozen=True)
class MemoryLeftovers:
    world: World
    clock: Clock

    def remove(self, *, limit: int) -> dict[str, int]:
        now = self.clock.now()
        over = [token for token, kept in self.world.tokens.items() if kept.expires_at <= now][:limit]
        for token in over:
            del self.world.tokens[token]
        return {"tokens": len(over)}

"""Work in threads that nobody leaves behind: what it uses stays until it has ended."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


async def to_its_end(work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
    """What it returns or raises; whoever is cancelled meanwhile is so once it has ended."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *arguments, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise

"""Being asked to stop: told to what would otherwise go on for minutes, while the server ends the rest."""

import asyncio
import signal
import threading
from collections.abc import Callable


def when_asked_to_stop(call: Callable[[], None]) -> None:
    """Call this in the running loop at SIGTERM or SIGINT, beside whatever the loop does then itself.

    The loop hears of signals by its wake-up pipe, whichever handler is set. Outside the main thread nobody
    hears of any, so nothing is set up there.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()

    def asked(*_: object) -> None:
        loop.call_soon_threadsafe(call)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)

"""`stage keys`: the keys that seal personal texts."""

import json
from typing import Annotated

from cyclopts import App, Parameter

from infrastructure import settings, wiring
from infrastructure.event_store.keyring import WrongMasterKey
from infrastructure.telemetry import configure_logging
from interfaces.cli.errors import CommandFailed
from interfaces.cli.local import environment_here

app = App(name="keys", help="Look after the keys that seal personal texts.")


class KeysWrappedOtherwise(CommandFailed):
    def __str__(self) -> str:
        return "some keys were wrapped by neither MASTER_KEY nor MASTER_KEY_PREVIOUS; those before are done"


@app.command
def rotate(*, as_json: Annotated[bool, Parameter(name="--json", help="Print JSON.")] = False) -> None:
    """Wrap every data key with MASTER_KEY that MASTER_KEY_PREVIOUS has wrapped; what is sealed stays as it is.

    First start every process with the new key as MASTER_KEY and the old one as MASTER_KEY_PREVIOUS; then run
    this; then take the old one away. Interrupted, it goes on where it was.
    """
    configure_logging("warning", "keys")
    container = wiring.build(settings.load(environment_here()))
    container.open()
    try:
        rewrapped = container.keyring.rewrap()
    except WrongMasterKey:
        raise KeysWrappedOtherwise from None
    finally:
        container.close()
    print(json.dumps({"rewrapped": rewrapped}) if as_json else f"{rewrapped:,} keys rewrapped")

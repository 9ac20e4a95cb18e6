"""`stage keys`: the keys that seal personal texts."""

from cyclopts import App

from infrastructure.event_store.keyring import WrongMasterKey
from interfaces.cli.errors import CommandFailed
from interfaces.cli.operating import operating
from interfaces.cli.output import AsJson, print_json

app = App(name="keys", help="Look after the keys that seal personal texts.")


class KeysWrappedOtherwise(CommandFailed):
    def __str__(self) -> str:
        return "some keys were wrapped by neither MASTER_KEY nor MASTER_KEY_PREVIOUS; those before are done"


@app.command
def rotate(*, json: AsJson = False) -> None:
    """Wrap every data key with MASTER_KEY that MASTER_KEY_PREVIOUS has wrapped; what is sealed stays as it is.

    First start every process with the new key as MASTER_KEY and the old one as MASTER_KEY_PREVIOUS; then run
    this; then take the old one away. Interrupted, it goes on where it was.
    """
    with operating("keys") as container:
        try:
            rewrapped = container.keyring.rewrap()
        except WrongMasterKey:
            raise KeysWrappedOtherwise from None
    if json:
        print_json({"rewrapped": rewrapped})
    else:
        print(f"{rewrapped:,} keys rewrapped")

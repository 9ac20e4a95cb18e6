"""Files as a person names them in one line: quoted or not, with wildcards, from the home folder."""

import os
import shlex
from glob import glob
from pathlib import Path


def named_files(line: str) -> list[Path]:
    """What a shell would make of `a.jpg 'my house.jpg' rooms/*.jpg`; one file's whole name needs no quotes.

    A name that nothing has is given back as it is, for whoever opens it to complain.
    """
    if not line.strip():
        return []
    if Path(line).is_file():
        return [Path(line)]
    try:
        words = shlex.split(line)
    except ValueError:  # an apostrophe, in a name without quotes around it
        words = line.split()
    return [file for word in words for file in _files(os.path.expanduser(word))]  # noqa: PTH111 - it may be a pattern


def _files(word: str) -> list[Path]:
    found = [] if Path(word).is_file() else sorted(glob(word))  # noqa: PTH207 - a pattern may be absolute
    return [Path(name) for name in found or [word]]

"""Running `stage` in the test's own process: one of its own would take longer to start than what it does."""

import io
import os
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from interfaces.cli.main import main


@dataclass(frozen=True)
class Ended:
    """As the process would have."""

    code: int
    out: str
    err: str


def stage(environment: Mapping[str, str], *arguments: str, folder: Path | None = None) -> Ended:
    """Run a command in this environment and folder, by default where the tests run."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        pytest.MonkeyPatch.context() as patched,
        chdir(folder or Path.cwd()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        for name in os.environ.keys() - environment.keys():
            patched.delenv(name)
        for name, value in environment.items():
            patched.setenv(name, value)
        try:
            main(arguments)
        except SystemExit as ended:
            if isinstance(ended.code, str):  # what a process would end by saying
                err.write(f"{ended.code}\n")
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return Ended(code, out.getvalue(), err.getvalue())

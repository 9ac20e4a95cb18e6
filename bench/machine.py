"""The machine that a bench ran on, as its result describes it: figures mean nothing without it."""

import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import psutil

from infrastructure.embedded.postgres_home import installed_postgres


def described() -> dict[str, Any]:
    """Cores, memory, versions, and how busy it is now, before the bench begins."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": _postgresql(),
        "load_before": round(os.getloadavg()[0], 2),
        "busy_before": psutil.cpu_percent(interval=1.0),
    }


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.+)$", known.read_text(), re.MULTILINE) if known.exists() else None
    return found.group(1) if found else platform.machine()


def _postgresql() -> str:
    said = subprocess.run(
        [installed_postgres() / "bin" / "postgres", "--version"], capture_output=True, check=True
    )
    return said.stdout.decode().removeprefix("postgres (PostgreSQL) ").strip()

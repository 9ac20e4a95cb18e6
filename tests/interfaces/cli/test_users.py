"""`stage users`: the way to the first administrator."""

import json
import subprocess
import sys
from pathlib import Path
from uuid import UUID

from domain.personal import Personal
from infrastructure import settings, wiring
from tests.interfaces.cli.test_operating import environment  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[3]
ADA = UUID(int=7)


def users(told: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "interfaces.cli.main", "users", *arguments]
    return subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)


def test_a_role_is_granted_and_revoked_by_address(environment: dict[str, str]) -> None:  # noqa: F811
    container = wiring.build(settings.load(environment))
    container.open()
    container.accounts.register(
        ADA, email=Personal("ada@example.com"), password="a long walk in the rain", name=Personal("Ada")
    )
    container.close()

    granted = users(environment, "grant", "ada@example.com", "auditor", "--json")
    revoked = users(environment, "revoke", "ada@example.com", "auditor")
    nobody = users(environment, "grant", "bob@example.com", "admin")

    assert json.loads(granted.stdout) == {"user_id": str(ADA), "roles": ["auditor", "user"]}
    assert revoked.stdout == f"ada@example.com ({ADA}): user\n"
    assert (nobody.returncode, "nobody has registered with bob@example.com" in nobody.stderr) == (1, True)

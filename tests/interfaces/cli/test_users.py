"""`stage users`: the way to the first administrator."""

import json
from uuid import UUID

from domain.personal import Personal
from infrastructure import settings, wiring
from tests.interfaces.cli.running import Ended, stage
from tests.interfaces.cli.test_operating import environment  # noqa: F401 - a fixture

ADA, BOB = UUID(int=7), UUID(int=8)


def users(told: dict[str, str], *arguments: str) -> Ended:
    return stage(told, "users", *arguments)


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

    assert json.loads(granted.out) == {"user_id": str(ADA), "roles": ["auditor", "user"]}
    assert revoked.out == f"ada@example.com ({ADA}): user\n"
    assert (nobody.code, "nobody has registered with bob@example.com" in nobody.err) == (1, True)


def test_a_user_is_erased_by_address_or_id_if_it_is_meant_for_ever(environment: dict[str, str]) -> None:  # noqa: F811
    container = wiring.build(settings.load(environment))
    container.open()
    for user_id, email in ((ADA, "ada@example.com"), (BOB, "bob@example.com")):
        container.accounts.register(
            user_id, email=Personal(email), password="a long walk in the rain", name=Personal("Somebody")
        )
    container.credits.grant_promo(UUID(int=9), user_id=ADA, credits=4, reference="welcome")
    container.close()

    shown = users(environment, "show", "ada@example.com", "--json")
    hasty = users(environment, "erase", "ada@example.com")
    erased = users(environment, "erase", "ada@example.com", "--for-ever", "--json")
    by_id = users(environment, "erase", str(BOB), "--for-ever")
    nobody = users(environment, "erase", "ada@example.com", "--for-ever")
    unknown = users(environment, "erase", str(UUID(int=404)), "--for-ever")
    gone = users(environment, "show", str(ADA))

    assert json.loads(shown.out) == {
        "user_id": str(ADA),
        "status": "active",
        "roles": ["user"],
        "email_verified": False,
        "credits": {"available": 4, "held": 0, "debt": 0},
    }
    assert gone.out == f"{ADA}: erased, user\n0 available, 0 held, 0 debt\n"
    assert (hasty.code, "--for-ever" in hasty.err) == (1, True)
    assert json.loads(erased.out) == {"user_id": str(ADA), "jobs_cancelled": 0, "credits_forfeited": 4}
    assert by_id.out == f"{BOB} is erased: 0 jobs cancelled, 0 credits forfeited\n"
    assert [one.code for one in (nobody, unknown)] == [1, 1]
    assert "nobody has registered with" in unknown.err

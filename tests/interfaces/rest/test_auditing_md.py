"""docs/auditing.md tells all that it takes to check an export: a program written from it alone does so."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from domain.user import Role
from tests.interfaces.rest import outside_auditor
from tests.interfaces.rest.test_adjustments import with_role


@pytest.fixture
def exported(users: Any, ada: Any) -> list[str]:
    """A ledger to which everything has happened that can."""
    ledger = ada.container.store.get(CreditLedger, CreditLedger.id_for(ada.user_id))
    now = ada.container.database.now()
    first, second, gift, job, other = (uuid4() for _ in range(5))
    ledger.grant(first, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    ledger.grant(gift, Source.PROMO, 5, expires_at=now.replace(year=now.year + 1), reference="a gift")
    ledger.hold(job, 15, now)
    ledger.hold(other, 8, now)
    ledger.settle(job, delivered=13, now=now)
    ledger.freeze(first, "dp_1")
    ledger.reverse(first, "dp_1", amount=900, paid=1800)
    ledger.thaw("dp_1", now)
    ledger.reverse(first, "re_1", amount=900, paid=1800)
    ledger.settle(other, delivered=3, now=now)
    ledger.grant(second, Source.PURCHASE, 20, reference="PACK_20_CREDITS")
    ledger.cancel_reversal("dp_1")
    ledger.take_away(uuid4(), 2, reason="a mistake", actor="user:1", now=now)
    ledger.grant(uuid4(), Source.PROMO, 4, expires_at=now.replace(year=now.year + 1), reference="a gift")
    ledger.expire(now.replace(year=now.year + 2))
    events = {type(event).__name__ for event in ledger.pending_events}
    assert len(events) == 11  # all but Opened
    ada.container.store.save(ledger)
    ada.followers.catch_up()
    auditor = with_role(users.join("auditor@example.com", verified=False), Role.AUDITOR)
    answer = auditor.get(f"/audit/ledgers/{ada.user_id}/export/jsonl")
    assert auditor.get(f"/audit/ledgers/{ada.user_id}/verification").json()["replay_agrees"] is True
    return list(answer.text.splitlines())


def test_a_program_of_somebody_elses_finds_the_export_right_and_comes_to_the_same_balance(
    exported: list[str], ada: Any
) -> None:
    found = subprocess.run(
        [sys.executable, Path(outside_auditor.__file__)],
        input="\n".join(exported),
        text=True,
        capture_output=True,
        check=True,
    )
    places = json.loads(found.stdout)
    shown = ada.get("/billing/credits").json()
    assert {place: places[place] for place in ("available", "held", "frozen", "spent", "debt")} == {
        place: shown[place] for place in ("available", "held", "frozen", "spent", "debt")
    }


@pytest.mark.parametrize("version", [1, 4, 7])
def test_it_finds_any_line_that_was_changed_or_left_out(exported: list[str], version: int) -> None:
    changed = list(exported)
    changed[version - 1] = changed[version - 1].replace("actor", "Actor")
    without = [line for line in exported if json.loads(line)["version"] != version]
    for lines in (changed, without):
        with pytest.raises(AssertionError, match="the chain is broken"):
            outside_auditor.check(lines)

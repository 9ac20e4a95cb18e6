"""docs/auditing.md tells all that it takes to check an export, and has thirty lines that do."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.credit_ledger import CreditLedger
from domain.lots import Source
from domain.user import Role
from infrastructure import wiring
from infrastructure.event_store.anchors import encode
from tests.interfaces.rest.outside_auditor import PROGRAM, checked, public
from tests.interfaces.rest.routes.test_adjustments import with_role

Anchors = dict[str, Any]


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


@pytest.fixture
def anchors(exported: list[str], ada: Any) -> Anchors:
    """What is exported of the anchors, and the key that checks them."""
    settings = ada.container.settings
    assert exported
    anchoring = wiring.anchoring(settings, ada.container.database)
    anchoring.anchor()
    anchoring.close()
    files = [encode(anchor).decode() for anchor in wiring.anchor_files(settings).all()]
    return {"anchors": files, "key": public(settings.anchor_key_bytes)}


def test_the_program_has_thirty_lines() -> None:
    assert len([line for line in PROGRAM.splitlines() if line]) == 30


def test_it_finds_the_export_right_and_comes_to_the_same_balance(
    exported: list[str], anchors: Anchors, ada: Any
) -> None:
    said = checked(exported, **anchors)
    assert said.stderr == ""
    places, shown = json.loads(said.stdout), ada.get("/billing/credits").json()
    assert {place: places[place] for place in ("available", "held", "frozen", "spent", "debt")} == {
        place: shown[place] for place in ("available", "held", "frozen", "spent", "debt")
    }
    assert -places["nowhere"] == sum(n for place, n in places.items() if place != "nowhere")


@pytest.mark.parametrize("version", [1, 4, 7])
def test_it_finds_any_line_that_was_changed_or_left_out(
    exported: list[str], anchors: Anchors, version: int
) -> None:
    changed = list(exported)
    changed[version - 1] = changed[version - 1].replace("actor", "Actor")
    without = [line for line in exported if json.loads(line)["version"] != version]
    for lines in (changed, without):
        said = checked(lines, **anchors)
        assert said.returncode == 1
        assert "is not what was hashed" in said.stderr


def test_it_finds_a_ledger_that_was_written_anew_with_all_its_hashes(
    exported: list[str], anchors: Anchors
) -> None:
    first = json.loads(exported[0])
    fields = [
        first["position"].to_bytes(8),
        UUID(first["stream_id"]).bytes,
        first["version"].to_bytes(8),
        first["topic"].encode(),
        first["state"].encode(),
        b"{}",
        UUID(first["owner"]).bytes,
        round(datetime.fromisoformat(first["recorded_at"]).timestamp() * 1_000_000).to_bytes(8),
    ]
    sized = b"".join(len(field).to_bytes(4) + field for field in fields)
    forged = {**first, "metadata": "{}", "hash": sha256(bytes(32) + sized).hexdigest()}
    said = checked([json.dumps(forged)], **anchors)
    assert f"position {first['position']} was not anchored" in said.stderr


def test_it_takes_anchors_of_this_key_only(exported: list[str], anchors: Anchors) -> None:
    said = checked(exported, **{**anchors, "key": public(b"b" * 32)})
    assert "InvalidSignature" in said.stderr

"""Checks an export of a ledger with what docs/auditing.md tells, and with nothing of ours."""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

ALONG = {  # of each event: which fields are credits by lot, from where to where they go
    "Held": [("lots", "available", "held")],
    "Settled": [("delivered", "held", "spent"), ("returned", "held", "available")],
    "Frozen": [("lots", "available", "frozen")],
    "Thawed": [("lots", "frozen", "available")],
    "Adjusted": [("lots", "available", "taken_back")],
    "Reclaimed": [("taken", "available", "taken_back")],
    "Reversed": [("taken", "available", "taken_back")],
}
OWED = {"Reclaimed": 1, "Reversed": 1, "ReversalCancelled": -1}


def check(lines: Iterable[str]) -> "Counter[str]":
    """Where the credits are in the end. Raises AssertionError at the first line that is not right."""
    previous, version, lots = bytes(32), 0, Counter[tuple[str, str]]()
    for row in map(json.loads, lines):
        moment = datetime.fromisoformat(row["recorded_at"]) - datetime(1970, 1, 1, tzinfo=UTC)
        fields = [row["position"].to_bytes(8), UUID(row["stream_id"]).bytes, row["version"].to_bytes(8)]
        fields += [row[name].encode() for name in ("topic", "state", "metadata")]
        fields += [UUID(row["owner"]).bytes, (moment // timedelta(microseconds=1)).to_bytes(8)]
        hashed = sha256(previous + b"".join(len(field).to_bytes(4) + field for field in fields))
        assert (row["version"], row["hash"]) == (version + 1, hashed.hexdigest()), "the chain is broken"
        previous, version = hashed.digest(), row["version"]
        event, told = row["topic"].removeprefix("CreditLedger."), json.loads(row["state"])
        moved = [(lot, a, b, n) for field, a, b in ALONG.get(event, []) for lot, n in told[field].items()]
        if event == "Expired":
            moved = [(told["lot_id"], "frozen", "expired", told["frozen"])]
            moved += [(told["lot_id"], "available", "expired", told["credits"] - told["frozen"])]
        elif event == "DebtRepaid":
            moved = [(told["lot_id"], "available", "taken_back", sum(told["debts"].values()))]
            lots.subtract({(lot, "debt"): n for lot, n in told["debts"].items()})
        elif event == "Granted":
            lots.update({(told["lot_id"], place): told["credits"] for place in ("granted", "available")})
        for lot, a, b, n in moved:
            lots[lot, "frozen" if event == "Reversed" and told["frozen"] else a] -= n
            lots[lot, b] += n
        lots[told.get("lot_id", ""), "debt"] += OWED.get(event, 0) * told.get("debt", 0)
        assert min(lots.values()) >= 0, "a place is below zero"
    places: Counter[str] = Counter()
    for (lot, place), n in lots.items():
        places[place] += n
        inside = sum(n for (of, where), n in lots.items() if of == lot and where not in ("granted", "debt"))
        assert inside == lots[lot, "granted"], f"lot {lot} does not balance"
    return places


if __name__ == "__main__":
    print(json.dumps(check(sys.stdin)))

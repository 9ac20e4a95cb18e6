"""What a user gets who asks for all that is known about them."""

import json
from typing import Any


def test_a_user_gets_every_event_of_theirs_with_its_texts_open(ada: Any, users: Any) -> None:
    users.join("bob@example.com", "Bob the Builder")
    ada.submit(group_name="12 Elm Street")
    ada.followers.catch_up()  # only what followers have seen without a gap is exported

    answer = ada.get("/me/export")
    lines = [json.loads(line) for line in answer.text.splitlines()]

    assert answer.headers["content-type"] == "application/jsonl"
    assert "stage-in-seconds.jsonl" in answer.headers["content-disposition"]
    assert [line["position"] for line in lines] == sorted(line["position"] for line in lines)
    told = {line["event"]: line["fields"] for line in lines}
    assert told["User.Registered"]["name"] == "Ada Lovelace"
    assert told["User.Registered"]["email"] == "ada@example.com"
    assert told["PhotoJob.Submitted"]["group_name"] == "12 Elm Street"
    assert told["CreditLedger.Granted"]["credits"] == 3
    assert "Bob" not in answer.text

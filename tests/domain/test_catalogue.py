"""The catalogue of events is committed, so that nobody changes what is stored without seeing it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from domain.catalogue import UnknownFieldType, catalogue, described

COMMITTED = Path(__file__).parents[2] / "docs" / "event-catalogue.json"


def test_the_committed_catalogue_is_what_the_code_says() -> None:
    assert json.loads(COMMITTED.read_text()) == catalogue(), (
        "events have changed: is every stored one still readable? (a new field has a default; anything else "
        "needs class_version and upcast). Then: python -m domain.catalogue > docs/event-catalogue.json"
    )


def test_it_names_every_event_of_every_aggregate_in_order() -> None:
    names = list(catalogue()["events"])
    assert names == sorted(names)
    assert {"CreditLedger.Held", "EmailClaim.TrialUsed", "PhotoJob.Submitted", "User.Erased"} <= set(names)


def test_it_tells_the_fields_in_words_and_which_are_personal() -> None:
    events = catalogue()["events"]
    assert events["PhotoJob.GroupRenamed"] == {
        "version": 1,
        "fields": {"group_name": {"type": "personal text or nothing", "personal": True}},
    }
    assert events["CreditLedger.Held"]["fields"]["lots"] == {"type": "whole number by UUID"}


def test_it_leaves_out_the_envelope() -> None:
    assert catalogue()["events"]["User.EmailVerified"] == {"version": 1, "fields": {}}


def test_it_describes_the_parts_that_fields_are_made_of() -> None:
    told = catalogue()
    assert told["events"]["PhotoJob.Submitted"]["fields"]["photos"] == {
        "type": "list of JobPhoto",
        "personal": True,
    }
    assert told["parts"]["JobPhoto"]["fields"]["name"] == {"type": "personal text", "personal": True}


def test_it_tells_the_version_of_an_event_and_what_older_ones_get_in_a_new_field() -> None:
    @dataclass
    class Moved:
        class_version: ClassVar[int] = 2
        floor: int
        lift: bool = False

    assert described({"House.Moved": Moved})["events"] == {
        "House.Moved": {
            "version": 2,
            "fields": {"floor": {"type": "whole number"}, "lift": {"type": "yes or no", "default": False}},
        }
    }


def test_a_type_without_words_must_get_some_first() -> None:
    @dataclass
    class Weighed:
        grams: float

    with pytest.raises(UnknownFieldType):
        described({"Parcel.Weighed": Weighed})

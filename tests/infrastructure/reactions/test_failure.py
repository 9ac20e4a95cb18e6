"""What is said of a failure, and what is not."""

import pytest

from domain.brief import Brief, Preset, PromptNeeded
from infrastructure.reactions.failure import described


def test_it_names_the_class_and_the_place_in_our_code() -> None:
    with pytest.raises(PromptNeeded) as raised:
        Brief.accept(Preset.CUSTOM)
    kind, _, place = described(raised.value).partition(" in ")
    assert kind == "domain.brief.PromptNeeded"
    assert place.startswith("domain.brief:")


def test_it_names_the_place_in_foreign_code_if_there_is_none_in_ours() -> None:
    with pytest.raises(ValueError, match="anna") as raised:
        int("anna@example.com")
    said = described(raised.value)
    assert said.startswith(f"builtins.ValueError in {__name__}:")
    assert "anna" not in said


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert described(KeyError("anna@example.com")) == "builtins.KeyError"

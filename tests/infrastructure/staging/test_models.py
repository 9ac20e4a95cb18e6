"""The registry of models: complete, in order, and without those whose day has come."""

from datetime import date
from pathlib import Path

import pytest

from infrastructure.staging.models import ModelRegistry, ModelsInvalid

ONE = """
checked = 2026-11-22
[[models]]
name = "painter-1"
size = "2K"
at_once = 3
per_minute = 10
batch = 0.5
retires = 2027-01-01
[models.price]
2K = 34_001
"""


def _read(folder: Path, text: str) -> ModelRegistry:
    file = folder / "models.toml"
    file.write_text(text)
    return ModelRegistry.read(file)


def test_ours_prefers_the_newest_and_asks_no_retired_one() -> None:
    usable = [model.name for model in ModelRegistry.read().usable(date(2026, 11, 22))]
    assert usable == ["gemini-nano-banana-2.1", "gemini-3.1-flash-lite-image", "gemini-3-pro-image"]


def test_a_model_is_asked_until_the_day_before_it_retires(tmp_path: Path) -> None:
    registry = _read(tmp_path, ONE)
    assert [len(list(registry.usable(day))) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [1, 0]


def test_a_picture_costs_what_its_size_costs_and_less_in_a_batch(tmp_path: Path) -> None:
    (model,) = _read(tmp_path, ONE).models
    assert (model.cost_micros, model.batch_cost_micros) == (34_001, 17_000)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (ONE.replace("2K = 34_001", "1K = 1"), "painter-1 has no price for 2K"),
        (ONE.replace("at_once = 3", "at_once = 0"), "at_once"),
        (ONE.replace("at_once", "at_onec"), "at_onec"),
        (ONE.replace("painter-1", "../painter"), "name"),
        ("checked = 2026-11-22\nmodels = []", "models"),
        ("not a table", "models.toml"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, wrong: str, said: str) -> None:
    with pytest.raises(ModelsInvalid, match=said):
        _read(tmp_path, wrong)

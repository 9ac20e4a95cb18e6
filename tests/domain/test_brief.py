"""What a brief may ask for."""

import pytest

from domain.brief import PROMPT_LENGTH, Brief, Label, Preset, PromptNeeded, PromptTooLong, RoomType, Style
from domain.personal import Personal


def test_a_brief_is_kept_as_it_was_accepted() -> None:
    brief = Brief.accept(Preset.STAGE, RoomType.BEDROOM, Style.COASTAL, Personal("a blue rug"))
    assert brief == Brief(Preset.STAGE, RoomType.BEDROOM, Style.COASTAL, Personal("a blue rug"))


def test_only_the_preset_is_needed() -> None:
    assert Brief.accept(Preset.ENHANCE) == Brief(Preset.ENHANCE)


def test_a_prompt_is_trimmed() -> None:
    assert Brief.accept(Preset.STAGE, prompt=Personal(" a rug \n")).prompt == Personal("a rug")


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_a_blank_prompt_is_none(blank: str) -> None:
    assert Brief.accept(Preset.STAGE, prompt=Personal(blank)).prompt is None


def test_a_prompt_may_have_five_hundred_characters_once_trimmed() -> None:
    longest = "x" * PROMPT_LENGTH
    assert Brief.accept(Preset.STAGE, prompt=Personal(f" {longest} ")).prompt == Personal(longest)


def test_a_longer_prompt_is_refused_without_being_repeated() -> None:
    with pytest.raises(PromptTooLong) as refused:
        Brief.accept(Preset.STAGE, prompt=Personal("x" * 501))
    assert (refused.value.length, refused.value.limit, refused.value.args) == (501, 500, (501,))


@pytest.mark.parametrize("prompt", [None, Personal(""), Personal("  ")])
def test_the_custom_preset_needs_a_prompt(prompt: Personal | None) -> None:
    with pytest.raises(PromptNeeded):
        Brief.accept(Preset.CUSTOM, prompt=prompt)


def test_the_custom_preset_does_what_its_prompt_says() -> None:
    assert Brief.accept(Preset.CUSTOM, prompt=Personal("paint it red")).prompt == Personal("paint it red")


@pytest.mark.parametrize("preset", Preset)
def test_every_preset_but_enhance_alters_the_picture(preset: Preset) -> None:
    assert preset.alters == (preset is not Preset.ENHANCE)


@pytest.mark.parametrize(
    ("preset", "label"),
    [
        (Preset.ENHANCE, None),
        (Preset.STAGE, Label.VIRTUALLY_STAGED),
        (Preset.DAY_TO_DUSK, Label.DIGITALLY_ALTERED),
        (Preset.CUSTOM, Label.DIGITALLY_ALTERED),
    ],
)
def test_an_altered_picture_is_labelled_as_what_it_is(preset: Preset, label: Label | None) -> None:
    assert preset.label is label

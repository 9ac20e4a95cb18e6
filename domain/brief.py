"""What a user wants done with their photos: a preset, and what it is told about the room."""

from dataclasses import dataclass
from enum import StrEnum

from domain.errors import DomainError
from domain.personal import Personal

PROMPT_LENGTH = 500
"""The longest prompt, in characters (docs/domain.md, Rules)."""


class Label(StrEnum):
    """What an altered picture has to say that it is (MLS rules; California AB 723)."""

    VIRTUALLY_STAGED = "Virtually staged"
    DIGITALLY_ALTERED = "Digitally altered"


class Preset(StrEnum):
    ENHANCE = "enhance"
    STAGE = "stage"
    DECLUTTER = "declutter"
    DAY_TO_DUSK = "day_to_dusk"
    BLUE_SKY = "blue_sky"
    REMOVE_OBJECTS = "remove_objects"
    CUSTOM = "custom"

    @property
    def alters(self) -> bool:
        """Whether it adds or removes things, so that the picture must be disclosed as altered."""
        return self is not Preset.ENHANCE

    @property
    def label(self) -> Label | None:
        """What its pictures are labelled with; none when they are not altered."""
        if not self.alters:
            return None
        return Label.VIRTUALLY_STAGED if self is Preset.STAGE else Label.DIGITALLY_ALTERED


class RoomType(StrEnum):
    LIVING_ROOM = "living_room"
    BEDROOM = "bedroom"
    KITCHEN = "kitchen"
    DINING_ROOM = "dining_room"
    BATHROOM = "bathroom"
    HOME_OFFICE = "home_office"
    KIDS_ROOM = "kids_room"
    HALLWAY = "hallway"
    OUTDOOR = "outdoor"
    EXTERIOR = "exterior"


class Style(StrEnum):
    MODERN = "modern"
    SCANDINAVIAN = "scandinavian"
    MINIMALIST = "minimalist"
    INDUSTRIAL = "industrial"
    FARMHOUSE = "farmhouse"
    COASTAL = "coastal"
    MID_CENTURY = "mid_century"
    TRADITIONAL = "traditional"
    LUXURY = "luxury"


class PromptTooLong(DomainError):
    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length, self.limit = length, PROMPT_LENGTH


class PromptNeeded(DomainError):
    """The custom preset does what its prompt says, so it needs one."""


@dataclass(frozen=True)
class Brief:
    """What is wanted, as it was accepted."""

    preset: Preset
    room_type: RoomType | None = None
    style: Style | None = None
    prompt: Personal | None = None

    @classmethod
    def accept(
        cls,
        preset: Preset,
        room_type: RoomType | None = None,
        style: Style | None = None,
        prompt: Personal | None = None,
    ) -> "Brief":
        """A checked brief, its prompt trimmed. Raises PromptTooLong, or PromptNeeded by the custom preset."""
        text = prompt.text.strip() if prompt else ""
        if len(text) > PROMPT_LENGTH:
            raise PromptTooLong(len(text))
        if preset is Preset.CUSTOM and not text:
            raise PromptNeeded
        return cls(preset, room_type, style, Personal(text) if text else None)

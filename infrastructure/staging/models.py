"""Which image models may be asked, in order of preference, with their limits, prices and last days."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

FILE = Path(__file__).parent / "models.toml"

Size = Literal["1K", "2K", "4K"]
Positive = Annotated[int, Meta(ge=1)]


class ModelsInvalid(Exception):
    """The file cannot be used as it is; the message says where."""


class ImageModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    size: Size
    at_once: Positive
    per_minute: Positive
    price: dict[Size, Annotated[int, Meta(ge=0)]]
    """Of one picture, in millionths of a US dollar."""
    batch: Annotated[float, Meta(ge=0, le=1)] = 1.0
    """The part of the price that a picture in a batch costs."""
    retires: date | None = None

    @property
    def cost_micros(self) -> int:
        """Of one picture of the size that is asked for, in millionths of a US dollar."""
        return self.price[self.size]

    @property
    def batch_cost_micros(self) -> int:
        return round(self.cost_micros * self.batch)


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    checked: date
    """When somebody last looked whether all of this is still so."""
    models: Annotated[list[ImageModel], Meta(min_length=1)]


@dataclass(frozen=True)
class ModelRegistry:
    checked: date
    models: Sequence[ImageModel]

    @classmethod
    def read(cls, file: Path = FILE) -> "ModelRegistry":
        """Raises ModelsInvalid."""
        try:
            found = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), _File)
        except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise ModelsInvalid(f"{file}: {error}") from None
        for model in found.models:
            if model.size not in model.price:
                raise ModelsInvalid(f"{file}: {model.name} has no price for {model.size}")
        return cls(found.checked, tuple(found.models))

    def usable(self, today: date) -> Iterator[ImageModel]:
        """Those that have not retired, the preferred one first."""
        return (model for model in self.models if model.retires is None or today < model.retires)

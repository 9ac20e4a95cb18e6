"""What can be asked for: presets, room types and styles, and which presets are available now."""

from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from domain.brief import Preset, RoomType, Style
from infrastructure.wiring import Container
from interfaces.rest.authentication import OPEN

FRESH = "public, max-age=300"
"""It changes with releases and settings only."""


class PresetOffered(Struct, frozen=True):
    name: Annotated[Preset, Meta(examples=["enhance"])]
    available: Annotated[bool, Meta(description="Whether a job may ask for it now", examples=[True])]
    alters: Annotated[
        bool,
        Meta(
            description="Adds or removes things, so the picture must be disclosed as altered",
            examples=[False],
        ),
    ]
    needs_prompt: Annotated[bool, Meta(examples=[False])]


class Presets(Struct, frozen=True):
    presets: list[PresetOffered]
    room_types: Annotated[list[RoomType], Meta(examples=[["living_room", "bedroom", "kitchen"]])]
    styles: Annotated[list[Style], Meta(examples=[["modern", "scandinavian"]])]


@get(
    "/presets",
    opt=OPEN,
    tags=["Presets"],
    summary="What a brief may ask for",
    sync_to_thread=False,
)
def presets(container: NamedDependency[Container]) -> Response[Presets]:
    available = container.stager.presets
    offered = Presets(
        presets=[
            PresetOffered(
                name=preset,
                available=preset in available,
                alters=preset.alters,
                needs_prompt=preset is Preset.CUSTOM,
            )
            for preset in Preset
        ],
        room_types=list(RoomType),
        styles=list(Style),
    )
    return Response(offered, headers={"Cache-Control": FRESH})


HANDLERS = (presets,)

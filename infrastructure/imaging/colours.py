"""Telling libvips what the numbers of a picture mean: the profile that `upright_srgb` then converts from."""

from typing import Any

import pyvips  # type: ignore[import-untyped]  # ships its stubs without the marker file py.typed

from infrastructure.imaging.profiles import ColourSpace, profile_of

PROFILE = "icc-profile-data"
"""The field of an image in which libvips looks for its profile."""
_COLOURS = 3


def with_profile(image: Any, profile: bytes) -> Any:
    """The same image, its profile exchanged for this one."""
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, PROFILE, profile)
    return image


def in_space(image: Any, space: ColourSpace) -> Any:
    """The same image, its numbers being those of the colour space; a grey one gets three bands."""
    if image.bands < _COLOURS:
        image = image.colourspace("rgb16" if image.format == "ushort" else "srgb")
    return with_profile(image, profile_of(space))

"""Development: a recipe applied to a photo tile by tile, so that it takes little memory beyond the pixels."""

import numpy as np

from infrastructure.imaging.cleaning import GRID, MARGIN, Cleaner
from infrastructure.imaging.decoding import Pixels
from infrastructure.imaging.light import Plane, Planes, luma
from infrastructure.imaging.pyramid import blurred
from infrastructure.imaging.recipe import Recipe, developed_by
from infrastructure.imaging.tone import exposure_of

TILE = (256, 512)
"""Height and width, in pixels, of what is developed at a time: small enough for a processor's cache."""
BORDER = 2
"""Pixels around a tile that sharpening needs to see; fewer than MARGIN."""
FINEST = np.float32(0.006)
"""Encoded; detail fainter than this is sharpened less than half as much, as it may be noise."""
SHARPEST = np.float32(0.06)
"""Encoded; detail counts for no more than this, so that no edge gets a bright line beside it."""
FADING = np.float32(0.1)
"""Colours made n times brighter lose this part of n - 1 of their strength, or lifted shadows look gaudy."""

NEARLY_WHITE, WHITENING = np.float32(0.92), np.float32(0.8)
"""Encoded brightness from which colours fade, and how much of them white loses: a bright window that is not
quite clipped must not turn blue or pink when the room's light is corrected."""


def develop(pixels: Pixels, recipe: Recipe, tile: tuple[int, int] = TILE) -> Pixels:
    """A new picture of the same size. `tile`, multiples of GRID, only makes a difference in time."""
    height, width, _ = pixels.shape
    tables = recipe.tables
    tiles = [
        (top, left, min(tile[0], _on_grid(height) - top), min(tile[1], _on_grid(width) - left))
        for top in range(0, height, tile[0])
        for left in range(0, width, tile[1])
    ]
    cleaner = None
    if any(recipe.cleaning):
        cleaner = Cleaner(recipe.noise, recipe.cleaning, _on_grid(height), _on_grid(width))
        for top, left, high, wide in tiles:
            cleaner.show(developed_by(tables, _cut(pixels, top, left, high, wide)), top, left)
        cleaner.clean_coarse()
    picture = np.empty_like(pixels)
    margin = MARGIN if cleaner else BORDER
    for top, left, high, wide in tiles:
        part = _cut(pixels, top - margin, left - margin, high + 2 * margin, wide + 2 * margin)
        planes = developed_by(tables, part)
        if cleaner:
            edge = slice(MARGIN - BORDER, BORDER - MARGIN)
            planes = cleaner.cleaned(planes, top - MARGIN, left - MARGIN)[:, edge, edge]
        _print(planes, picture, top, left, recipe)
    return picture


def _on_grid(length: int) -> int:
    return -(-length // GRID) * GRID


def _cut(pixels: Pixels, top: int, left: int, high: int, wide: int) -> Pixels:
    """Part of the photo; beyond its edges they are repeated."""
    height, width, _ = pixels.shape
    above, before = max(0, -top), max(0, -left)
    below, behind = max(0, top + high - height), max(0, left + wide - width)
    part = pixels[top + above : top + high - below, left + before : left + wide - behind]
    if above or below or before or behind:
        return np.pad(part, ((above, below), (before, behind), (0, 0)), "edge")
    return part


def _print(planes: Planes, picture: Pixels, top: int, left: int, recipe: Recipe) -> None:
    """Put a tile, which has BORDER pixels around it, into the picture."""
    brightness = luma(planes)
    base = recipe.surroundings.base_at(brightness, top - BORDER, left - BORDER, picture.shape[:2])
    exposure = exposure_of(planes, brightness, base, recipe.tone, recipe.local_contrast)
    colour = _fading(exposure, brightness)
    grey = 1 - colour
    grey *= brightness
    grey += _edges(brightness, recipe.sharpening)
    exposure *= np.float32(255)
    grey *= exposure
    grey += np.float32(0.5)  # rounds where the fraction is cut off
    colour *= exposure
    place = picture[top : top + planes.shape[1] - 2 * BORDER, left : left + planes.shape[2] - 2 * BORDER]
    inner = (slice(BORDER, BORDER + place.shape[0]), slice(BORDER, BORDER + place.shape[1]))
    for channel in range(3):
        value = planes[channel][inner] * colour[inner]
        value += grey[inner]
        np.clip(value, 0, 255, out=value)
        np.copyto(place[..., channel], value, casting="unsafe")


def _fading(exposure: Plane, brightness: Plane) -> Plane:
    """What colours keep of their strength."""
    fading = np.clip(exposure - 1, 0, 2)
    fading *= -FADING
    fading += 1
    white = np.maximum(brightness - NEARLY_WHITE, 0)
    white *= 1 / (1 - NEARLY_WHITE)
    white *= white
    white *= -WHITENING
    white += 1
    fading *= white
    return fading


def _edges(brightness: Plane, amount: float) -> Plane:
    """What sharpening adds: the finest details, but no noise, and no more than SHARPEST of any."""
    detail = brightness - blurred(brightness)
    square = detail * detail
    detail *= square
    square += FINEST**2
    detail /= square
    np.clip(detail, -SHARPEST, SHARPEST, out=detail)
    detail *= np.float32(amount)
    return detail

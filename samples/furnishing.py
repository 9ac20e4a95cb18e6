"""What is fixed to the walls of an empty room: doors, radiators, sockets, wardrobes and kitchen units."""

from samples.building import Room
from samples.surfaces import Material, plain


def door(
    room: Room,
    wall: str,
    along: tuple[float, float],
    material: Material,
    *,
    high: float = 2.03,
    handle_left: bool = True,
) -> None:
    """A closed panelled door with its frame, standing proud of the wall as most do."""
    a, b = along
    frame = 0.075
    room.on_wall(wall, (a - frame, a), (0, high + frame), (0, 0.022), material)
    room.on_wall(wall, (b, b + frame), (0, high + frame), (0, 0.022), material)
    room.on_wall(wall, (a, b), (high, high + frame), (0, 0.022), material)
    room.on_wall(wall, (a + 0.004, b - 0.004), (0.006, high - 0.004), (-0.02, 0.004), material)
    stile = 0.12
    face = (0.004, 0.013)
    for low, top in ((0.006, 0.22), (0.92, 1.06), (high - 0.14, high - 0.004)):
        room.on_wall(wall, (a + 0.004, b - 0.004), (low, top), face, material)
    for left in (a + 0.004, (a + b) / 2 - stile / 2, b - 0.004 - stile):
        room.on_wall(wall, (left, left + stile), (0.006, high - 0.004), face, material)
    metal = plain((0.58, 0.57, 0.55), shine=0.35, roughness=0.1)
    at = a + 0.065 if handle_left else b - 0.065
    to = at + 0.12 if handle_left else at - 0.12
    room.on_wall(wall, (at - 0.02, at + 0.02), (0.95, 1.15), (0.013, 0.02), metal)
    room.on_wall(wall, (min(at - 0.009, to), max(at + 0.009, to)), (1.045, 1.063), (0.05, 0.066), metal)
    room.on_wall(wall, (at - 0.009, at + 0.009), (1.045, 1.063), (0.02, 0.066), metal)


def radiator(
    room: Room,
    wall: str,
    along: tuple[float, float],
    material: Material,
    *,
    low: float = 0.13,
    high: float = 0.68,
) -> None:
    a, b = along
    room.on_wall(wall, (a, b), (low, high), (0.035, 0.05), material)
    room.on_wall(wall, (a, b), (high - 0.012, high + 0.004), (0.03, 0.115), material)
    fin = 0.055
    for index in range(int((b - a) / fin)):
        left = a + index * fin + 0.008
        room.on_wall(wall, (left, left + fin - 0.016), (low + 0.012, high - 0.012), (0.05, 0.108), material)


def wardrobe(
    room: Room,
    wall: str,
    along: tuple[float, float],
    material: Material,
    *,
    doors: int,
    high: float = 2.42,
    deep: float = 0.6,
) -> None:
    """A built-in wardrobe with framed doors and long handles."""
    a, b = along
    room.on_wall(wall, (a, b), (0, high), (0, deep), material)
    room.on_wall(wall, (a - 0.02, b), (high, high + 0.05), (0, deep + 0.03), material)
    room.on_wall(wall, (a, b), (0, 0.08), (deep, deep + 0.012), material)
    metal = plain((0.3, 0.28, 0.25), shine=0.3, roughness=0.1)
    width = (b - a) / doors
    for index in range(doors):
        left, right = a + index * width + 0.003, a + (index + 1) * width - 0.003
        room.on_wall(wall, (left, right), (0.09, high - 0.01), (deep, deep + 0.008), material)
        stile = 0.09
        depth = (deep + 0.008, deep + 0.02)
        room.on_wall(wall, (left, left + stile), (0.09, high - 0.01), depth, material)
        room.on_wall(wall, (right - stile, right), (0.09, high - 0.01), depth, material)
        for low in (0.09, 0.95, high - 0.1):
            room.on_wall(wall, (left + stile, right - stile), (low, low + stile), depth, material)
        at = right - 0.045 if index % 2 == 0 else left + 0.045
        room.on_wall(wall, (at - 0.007, at + 0.007), (0.95, 1.25), (deep + 0.045, deep + 0.058), metal)
        for low in (0.97, 1.22):
            room.on_wall(
                wall, (at - 0.005, at + 0.005), (low, low + 0.01), (deep + 0.02, deep + 0.045), metal
            )


def units(
    room: Room,
    wall: str,
    along: tuple[float, float],
    front: Material,
    top: Material,
    *,
    widths: tuple[float, ...],
    oven: int = -1,
) -> None:
    """Kitchen units under a worktop, each with a drawer above a door; they begin where `along` does."""
    a, b = along
    plinth = plain((0.06, 0.06, 0.06))
    metal = plain((0.5, 0.5, 0.5), shine=0.35, roughness=0.09)
    room.on_wall(wall, (a, b), (0, 0.1), (0, 0.5), plinth)
    room.on_wall(wall, (a, b), (0.1, 0.875), (0, 0.56), front)
    room.on_wall(wall, (a - 0.02, b + (0.02 if wall == "back" else 0)), (0.875, 0.915), (0, 0.61), top)
    for index, width in enumerate(widths):
        left, right = a + 0.0025, a + width - 0.0025
        a += width
        if index == oven:
            continue
        room.on_wall(wall, (left, right), (0.103, 0.69), (0.56, 0.58), front)
        room.on_wall(wall, (left, right), (0.695, 0.868), (0.56, 0.58), front)
        for up in (0.63, 0.80):
            room.on_wall(wall, (left + 0.12, right - 0.12), (up, up + 0.012), (0.605, 0.617), metal)
            room.on_wall(wall, (left + 0.13, left + 0.142), (up, up + 0.01), (0.58, 0.605), metal)
            room.on_wall(wall, (right - 0.142, right - 0.13), (up, up + 0.01), (0.58, 0.605), metal)


def wall_units(
    room: Room, wall: str, along: tuple[float, float], front: Material, *, widths: tuple[float, ...]
) -> None:
    """Cupboards above the worktop."""
    a, b = along
    room.on_wall(wall, (a, b), (1.46, 2.2), (0, 0.33), plain((0.7, 0.7, 0.69)))
    for width in widths:
        room.on_wall(wall, (a + 0.0025, a + width - 0.0025), (1.455, 2.197), (0.33, 0.35), front)
        a += width


def socket(room: Room, wall: str, at: float, up: float, material: Material) -> None:
    room.on_wall(wall, (at - 0.04, at + 0.04), (up - 0.04, up + 0.04), (0, 0.009), material)
    room.on_wall(wall, (at - 0.026, at + 0.026), (up - 0.026, up + 0.026), (0.009, 0.012), material)

"""The three rooms of the samples: what stands where, in metres, and what it is made of."""

from samples.building import Camera, Lamp, Point, Room, Sky
from samples.furnishing import door, radiator, socket, units, wall_units, wardrobe
from samples.surfaces import carpet, plain, planks, tiles

WHITE_PAINT = plain((0.80, 0.795, 0.775), mottled=0.012)
CEILING = plain((0.84, 0.84, 0.83), mottled=0.006)
LACQUER = plain((0.80, 0.80, 0.785), shine=0.03, roughness=0.12)
PLASTIC = plain((0.83, 0.83, 0.82), shine=0.03, roughness=0.1)


def living_room() -> Room:
    oak = planks((0.43, 0.315, 0.205), (0.26, 0.175, 0.105), width=0.16, length=1.9, along=2, seed=11)
    room = Room(
        size=(4.9, 2.65, 5.6),
        camera=Camera((3.75, 1.3, 0.35), turned=-21, width=76, horizon=0.46),
        sky=Sky(
            zenith=(4.2, 5.6, 7.8),
            horizon=(8.2, 8.6, 8.8),
            ground=(1.1, 1.5, 0.55),
            trees=(0.55, 0.8, 0.3),
            sun=(24, 22.5, 20),
            to_sun=_unit(-0.72, 0.62, 0.42),
        ),
    )
    room.shell(floor=oak, ceiling=CEILING)
    balcony = (2.1, 3.9, 0.02, 2.28)
    pair = (0.95, 2.55, 0.85, 2.25)
    room.wall("left", WHITE_PAINT, [balcony])
    room.wall("back", WHITE_PAINT, [pair])
    room.wall("right", WHITE_PAINT)
    room.wall("front", WHITE_PAINT)
    room.window("left", balcony, LACQUER, casements=2)
    room.window("back", pair, LACQUER, casements=2, sill=LACQUER)
    room.skirting("left", (0, 2.1), LACQUER)
    room.skirting("left", (3.9, 5.6), LACQUER)
    room.skirting("back", (0, 3.45), LACQUER)
    room.skirting("back", (4.5, 4.9), LACQUER)
    room.skirting("right", (0, 5.6), LACQUER)
    door(room, "back", (3.55, 4.4), LACQUER)
    radiator(room, "back", (1.15, 2.35), LACQUER)
    socket(room, "back", 3.2, 0.32, PLASTIC)
    socket(room, "back", 3.34, 1.08, PLASTIC)
    socket(room, "left", 4.6, 0.32, PLASTIC)
    return room


def bedroom() -> Room:
    room = Room(
        size=(4.2, 2.6, 4.6),
        camera=Camera((0.55, 1.35, 0.3), turned=23, width=78, horizon=0.47),
        sky=Sky(
            zenith=(0.05, 0.09, 0.2),
            horizon=(0.22, 0.27, 0.38),
            ground=(0.02, 0.025, 0.02),
            trees=(0.012, 0.018, 0.02),
        ),
    )
    sage = plain((0.34, 0.42, 0.38), mottled=0.014)
    room.shell(floor=carpet((0.40, 0.37, 0.33), seed=21), ceiling=CEILING)
    pane = (1.15, 2.75, 0.8, 2.2)
    room.wall("back", sage, [pane])
    room.wall("left", WHITE_PAINT)
    room.wall("right", WHITE_PAINT)
    room.wall("front", WHITE_PAINT)
    room.window("back", pane, LACQUER, casements=2, sill=LACQUER)
    radiator(room, "back", (1.35, 2.55), LACQUER)
    room.skirting("back", (0, 3.55), LACQUER)
    room.skirting("left", (0, 4.6), LACQUER)
    room.skirting("right", (0, 0.7), LACQUER)
    socket(room, "back", 0.75, 0.34, PLASTIC)
    socket(room, "back", 3.15, 0.34, PLASTIC)
    wardrobe(room, "right", (1.75, 4.55), LACQUER, doors=4)
    room.lamps.append(Lamp((2.05, 2.33, 2.75), 0.13, (18.0, 10.0, 4.0)))
    metal = plain((0.55, 0.54, 0.52), shine=0.3, roughness=0.1)
    room.box((2.0, 2.57, 2.70), (2.1, 2.6, 2.80), metal)
    room.box((2.043, 2.45, 2.743), (2.057, 2.58, 2.757), metal)
    return room


def kitchen() -> Room:
    room = Room(
        size=(3.9, 2.6, 4.3),
        camera=Camera((2.95, 1.4, 0.3), turned=-17, width=76, horizon=0.45),
        sky=Sky(
            zenith=(5.2, 5.7, 6.3),
            horizon=(7.4, 7.6, 7.8),
            ground=(1.15, 1.2, 0.8),
            trees=(0.5, 0.66, 0.36),
            seen=0.07,
        ),
    )
    floor = tiles((0.36, 0.345, 0.32), (0.2, 0.195, 0.185), size=(0.6, 0.6), gap=0.004, seed=31, shine=0.035)
    splash = tiles((0.72, 0.75, 0.74), (0.5, 0.5, 0.49), size=(0.2, 0.1), gap=0.003, seed=33, shine=0.05)
    top = planks(
        (0.45, 0.28, 0.15), (0.30, 0.17, 0.085), width=0.045, length=0.9, along=0, seed=35, shine=0.04
    )
    front = plain((0.20, 0.29, 0.31), shine=0.03, roughness=0.14)
    pane = (1.35, 2.75, 1.12, 2.2)
    glazed = (1.4, 2.3, 0.02, 2.15)
    room.shell(floor=floor, ceiling=CEILING)
    room.wall("back", WHITE_PAINT, [pane])
    room.wall("right", WHITE_PAINT, [glazed])
    room.wall("left", WHITE_PAINT)
    room.wall("front", WHITE_PAINT)
    room.window("back", pane, LACQUER, casements=2, sill=LACQUER)
    room.window("right", glazed, LACQUER, casements=1)
    room.skirting("right", (0, 1.4), LACQUER)
    room.skirting("right", (2.3, 3.7), LACQUER)
    room.skirting("left", (0, 1.2), LACQUER)
    units(room, "back", (0.6, 3.3), front, top, widths=(0.6, 0.6, 0.8, 0.6))
    units(room, "left", (1.3, 4.3), front, top, widths=(0.6, 0.6, 0.6, 0.6), oven=1)
    room.on_wall("back", (0.6, 3.3), (0.92, 1.09), (0, 0.009), splash)
    room.on_wall("left", (1.3, 4.29), (0.92, 1.45), (0, 0.009), splash)
    wall_units(room, "left", (1.3, 3.7), front, widths=(0.6, 0.6, 0.6, 0.6))
    steel = plain((0.52, 0.52, 0.53), shine=0.35, roughness=0.09)
    black = plain((0.02, 0.02, 0.022), shine=0.05, roughness=0.02)
    room.on_wall("left", (1.905, 2.495), (0.105, 0.74), (0.56, 0.592), black)
    room.on_wall("left", (1.905, 2.495), (0.745, 0.868), (0.56, 0.592), steel)
    room.on_wall("left", (1.99, 2.41), (0.685, 0.70), (0.61, 0.625), steel)
    room.on_wall("left", (1.92, 2.48), (0.915, 0.922), (0.06, 0.56), black)
    room.on_wall("back", (1.75, 2.35), (0.914, 0.919), (0.1, 0.5), steel)
    room.on_wall(
        "back", (1.80, 2.30), (0.915, 0.9195), (0.15, 0.46), plain((0.2, 0.2, 0.2), shine=0.3, roughness=0.12)
    )
    room.on_wall("back", (2.035, 2.065), (0.915, 1.2), (0.06, 0.09), steel)
    room.on_wall("back", (2.035, 2.065), (1.18, 1.2), (0.09, 0.27), steel)
    socket(room, "left", 2.75, 1.2, PLASTIC)
    socket(room, "left", 3.35, 1.2, PLASTIC)
    return room


def _unit(x: float, y: float, z: float) -> Point:
    length = (x * x + y * y + z * z) ** 0.5
    return (x / length, y / length, z / length)

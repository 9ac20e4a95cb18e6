"""The items of a HEIF: what they are, where their bytes are, how they belong together (ISO/IEC 23008-12)."""

from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from application.photos import PhotoUnreadable, PhotoUnsupported
from infrastructure.imaging.containers.boxes import Box, Fields, boxes_in

MOST = 5_000
"""Items, properties or references in one file; the largest pictures of phones have about 500."""


class Extent(NamedTuple):
    """A part of the file."""

    begin: int
    end: int


class Reference(NamedTuple):
    kind: bytes
    origin: int
    targets: tuple[int, ...]


class Property(NamedTuple):
    """A property's place in the list of properties, from 1, and whether a reader must know it."""

    place: int
    essential: bool


@dataclass
class Item:
    item_id: int
    kind: bytes
    hidden: bool
    extents: tuple[Extent, ...] = ()
    properties: tuple[Property, ...] = ()


@dataclass
class Items:
    """What the box `meta` tells."""

    primary: int = 0
    items: dict[int, Item] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    properties: list[Box] = field(default_factory=list)
    groups: list[tuple[bytes, frozenset[int]]] = field(default_factory=list)


def items_of(file: bytes, meta: Box) -> Items:
    """Raises PhotoUnreadable or PhotoUnsupported."""
    found: dict[bytes, Box] = {}
    for part in islice(boxes_in(file, meta.begin + 4, meta.end), MOST):
        found.setdefault(part.name, part)
    if not {b"pitm", b"iinf", b"iloc", b"iprp"} <= found.keys():
        raise PhotoUnreadable
    items = Items()
    fields = Fields(file, *found[b"pitm"][1:])
    version, _ = fields.version_and_flags()
    items.primary = fields.number(4 if version else 2)
    _read_items(file, found[b"iinf"], items)
    _read_locations(file, found[b"iloc"], found.get(b"idat"), items)
    _read_properties(file, found[b"iprp"], items)
    if b"iref" in found:
        _read_references(file, found[b"iref"], items)
    if b"grpl" in found:
        _read_groups(file, found[b"grpl"], items)
    return items


def _read_items(file: bytes, iinf: Box, items: Items) -> None:
    fields = Fields(file, *iinf[1:])
    version, _ = fields.version_and_flags()
    fields.number(4 if version else 2)
    for entry in _at_most(list(islice(boxes_in(file, fields.position, iinf.end), MOST + 1))):
        described = Fields(file, *entry[1:])
        version, flags = described.version_and_flags()
        if version not in (2, 3):  # older ones do not say what an item is
            raise PhotoUnsupported
        item_id = described.number(2 if version == 2 else 4)
        if described.number(2):  # it is protected
            raise PhotoUnsupported
        items.items[item_id] = Item(item_id, described.take(4), hidden=bool(flags & 1))


def _read_locations(file: bytes, iloc: Box, idat: Box | None, items: Items) -> None:
    fields = Fields(file, *iloc[1:])
    version, _ = fields.version_and_flags()
    sizes = fields.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    wide = version == 2
    most_extents = 4 * MOST
    for _ in range(_few(fields.number(4 if wide else 2))):
        item = items.items.get(fields.number(4 if wide else 2))
        method = fields.number(2) & 15 if version else 0
        source = fields.number(2)
        base = fields.number(base_size)
        extents = []
        count = fields.number(2)
        most_extents -= count
        if most_extents < 0:
            raise PhotoUnreadable
        for _ in range(count):
            fields.number(index_size)
            offset = base + fields.number(offset_size)
            extents.append(_placed(file, method, source, idat, offset, fields.number(length_size)))
        if item is not None:
            item.extents = tuple(extents)


def _placed(file: bytes, method: int, source: int, idat: Box | None, offset: int, length: int) -> Extent:
    """Where an extent is in the file; for one that is elsewhere, a place that no file has."""
    if source or method > 1 or (method and idat is None):
        return Extent(len(file), len(file) + 1)
    whole = Extent(idat.begin, idat.end) if method and idat else Extent(0, len(file))
    begin = whole.begin + offset
    end = begin + length if length else whole.end  # no length is all there is
    return Extent(begin, end) if begin <= end <= whole.end else Extent(len(file), len(file) + 1)


def _read_properties(file: bytes, iprp: Box, items: Items) -> None:
    for part in islice(boxes_in(file, *iprp[1:]), MOST):
        if part.name == b"ipco":
            items.properties = _at_most(list(islice(boxes_in(file, *part[1:]), MOST + 1)))
        if part.name != b"ipma":
            continue
        fields = Fields(file, *part[1:])
        version, flags = fields.version_and_flags()
        size = 2 if flags & 1 else 1
        for _ in range(_few(fields.number(4))):
            item = items.items.get(fields.number(4 if version else 2))
            associated = [fields.number(size) for _ in range(fields.number(1))]
            if item is not None:
                mark = 1 << (8 * size - 1)
                item.properties = tuple(Property(one & ~mark, bool(one & mark)) for one in associated)


def _read_references(file: bytes, iref: Box, items: Items) -> None:
    fields = Fields(file, *iref[1:])
    version, _ = fields.version_and_flags()
    size = 4 if version else 2
    for part in _at_most(list(islice(boxes_in(file, fields.position, iref.end), MOST + 1))):
        told = Fields(file, *part[1:])
        origin = told.number(size)
        targets = tuple(told.number(size) for _ in range(_few(told.number(2))))
        items.references.append(Reference(part.name, origin, targets))


def _read_groups(file: bytes, grpl: Box, items: Items) -> None:
    for part in _at_most(list(islice(boxes_in(file, *grpl[1:]), MOST + 1))):
        told = Fields(file, *part[1:])
        told.number(8)
        members = frozenset(told.number(4) for _ in range(_few(told.number(4))))
        items.groups.append((part.name, members))


def _few(count: int) -> int:
    if count > MOST:
        raise PhotoUnreadable
    return count


def _at_most(boxes: list[Box]) -> list[Box]:
    _few(len(boxes))
    return boxes

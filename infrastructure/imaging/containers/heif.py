"""HEIF and HEIC written anew around the coded pixels, with the items that make the picture and no more."""

import struct
from collections import defaultdict

from application.photos import PhotoAnimated, PhotoUnreadable, PhotoUnsupported
from infrastructure.imaging.containers.boxes import box, boxes_in, full_box
from infrastructure.imaging.containers.heif_items import Item, Items, Reference, items_of
from infrastructure.imaging.containers.icc import profile_in

HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis"}
"""Files whose pictures are coded as HEVC (ISO/IEC 23008-12, Annex B)."""
HEIF_BRANDS = {b"mif1", b"mif2"}
SEQUENCE_BRANDS = {b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"}
"""Moving pictures."""

_KEPT_BRANDS = HEIC_BRANDS | HEIF_BRANDS | {b"miaf", b"MiHB", b"MiHA", b"MiHE", b"MiPr"}
_CODED = b"hvc1"
_IDENTITY = b"iden"
"""Another item's picture as it is, perhaps turned; the only kind without bytes of its own."""
_DERIVED = {_IDENTITY, b"grid", b"iovl"}
_OTHER_PICTURES = {b"av01", b"jpeg", b"avc1", b"vvc1", b"j2k1", b"unci", b"hev1", b"lhv1", b"mski"}
_PICTURES = {_CODED} | _DERIVED | _OTHER_PICTURES
_KEPT_REFERENCES = {b"dimg", b"auxl", b"prem"}
_KEPT_PROPERTIES = frozenset(b"hvcC ispe pixi colr irot imir clap pasp auxC clli mdcv".split())
_PROFILES, _NAME_BYTES = {b"prof", b"rICC"}, 4
"""Kinds of colour information that are ICC profiles."""
_ALPHA = (b"urn:mpeg:hevc:2015:auxid:1", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha")
_VARIANTS = {b"altr", b"ster"}
"""Groups of alternatives to the primary picture, and of a spatial photo's two: not further pictures."""
_NARROW = 0xFFFF
"""The largest id that fits into 16 bits."""


def stripped(photo: bytes) -> bytes:
    """Only the primary picture with its transparency, rotation and colours' meaning.

    Exif, XMP, thumbnails, depth and gain maps, further renditions and whatever else is in the file are left
    out; the coded pixels are copied as they are.
    Raises PhotoAnimated, PhotoUnsupported when they are coded otherwise than as HEVC, or PhotoUnreadable.
    """
    parts = boxes_in(photo, 0, len(photo))
    file_type = next(parts)
    meta = next((part for part in parts if part.name == b"meta"), None)  # whatever stands behind it
    if meta is None:
        raise PhotoUnreadable
    items = items_of(photo, meta)
    kept = _picture(photo, items)
    if _further_pictures(items, kept):
        raise PhotoAnimated
    return _written(photo, _brands(photo, file_type.begin, file_type.end), items, kept)


def _picture(photo: bytes, items: Items) -> list[Item]:
    """The items that the primary picture is made of, in the order of the file."""
    parts: defaultdict[int, list[int]] = defaultdict(list)
    for reference in items.references:
        if reference.kind == b"dimg":
            parts[reference.origin] += reference.targets
        if reference.kind == b"auxl" and _is_alpha(photo, items, reference):
            for target in reference.targets:
                parts[target].append(reference.origin)
    needed: set[int] = set()
    waiting = [items.primary]
    while waiting:
        item_id = waiting.pop()
        if item_id in needed:
            continue
        item = items.items.get(item_id)
        if item is None:
            raise PhotoUnreadable
        if item.kind != _CODED and item.kind not in _DERIVED:
            raise PhotoUnsupported
        needed.add(item_id)
        waiting += parts[item_id]
    return [item for item in items.items.values() if item.item_id in needed]


def _is_alpha(photo: bytes, items: Items, reference: Reference) -> bool:
    origin = items.items.get(reference.origin)
    for place, _ in origin.properties if origin else ():
        if 0 < place <= len(items.properties):
            name, begin, end = items.properties[place - 1]
            if name == b"auxC" and photo[begin + 4 : end].split(b"\0")[0] in _ALPHA:
                return True
    return False


def _further_pictures(items: Items, kept: list[Item]) -> set[int]:
    """Pictures that would be shown beside the primary one."""
    shown = {item.item_id for item in items.items.values() if item.kind in _PICTURES and not item.hidden}
    for reference in items.references:
        if reference.kind in {b"thmb", b"auxl"}:
            shown.discard(reference.origin)
        if reference.kind == b"dimg":
            shown.difference_update(reference.targets)
    for kind, members in items.groups:
        if kind in _VARIANTS and items.primary in members:
            shown -= members
    return shown - {item.item_id for item in kept}


def _brands(photo: bytes, begin: int, end: int) -> list[bytes]:
    """The brands of the box `ftyp`, the major one first, without those that tell of what is left out."""
    major = photo[begin : begin + 4]
    compatible = [photo[place : place + 4] for place in range(begin + 8, end - 3, 4)]
    return [major, *dict.fromkeys(brand for brand in compatible if brand in _KEPT_BRANDS)]


def _written(photo: bytes, brands: list[bytes], items: Items, kept: list[Item]) -> bytes:
    file_type = box(b"ftyp", brands[0], bytes(4), *brands[1:])
    contents, places = _contents(photo, kept)
    as_long = _meta(photo, items, kept, places)  # with other numbers, but as many
    begin = len(file_type) + len(as_long) + 8
    placed = {item_id: (begin + offset, length) for item_id, (offset, length) in places.items()}
    return file_type + _meta(photo, items, kept, placed) + box(b"mdat", contents)


def _contents(photo: bytes, kept: list[Item]) -> tuple[bytes, dict[int, tuple[int, int]]]:
    """The bytes of the items, and for each where among them its own begin and how many they are."""
    pieces: list[bytes] = []
    shared: dict[object, tuple[int, int]] = {}
    places = {}
    total = 0
    for item in kept:
        length = sum(extent.end - extent.begin for extent in item.extents)
        if any(extent.end > len(photo) for extent in item.extents) or not (length or item.kind == _IDENTITY):
            raise PhotoUnreadable
        if item.extents not in shared:
            shared[item.extents] = (total, length)
            total += length
            if total > len(photo):  # the same bytes again and again
                raise PhotoUnreadable
            pieces += [photo[extent.begin : extent.end] for extent in item.extents]
        places[item.item_id] = shared[item.extents]
    return b"".join(pieces), places


def _meta(photo: bytes, items: Items, kept: list[Item], places: dict[int, tuple[int, int]]) -> bytes:
    wide = max(places) > _NARROW
    number = ">I" if wide else ">H"
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"pict", bytes(12), b"\0")
    primary = full_box(b"pitm", int(wide), 0, struct.pack(number, items.primary))
    entries = [
        full_box(
            b"infe",
            3 if wide else 2,
            int(item.hidden),
            struct.pack(number, item.item_id),
            bytes(2),
            item.kind,
            b"\0",
        )
        for item in kept
    ]
    information = full_box(b"iinf", 0, 0, struct.pack(">H", len(entries)), *entries)
    located = [
        struct.pack(number, item_id) + (struct.pack(">HHII", 0, 1, offset, length) if length else bytes(4))
        for item_id, (offset, length) in places.items()
    ]
    if wide:
        located = [entry[:4] + bytes(2) + entry[4:] for entry in located]  # and the construction method
    counted = struct.pack(">HI" if wide else ">HH", 0x4400, len(located))
    location = full_box(b"iloc", 2 if wide else 0, 0, counted, *located)
    references = _references(items, set(places), number)
    return full_box(
        b"meta",
        0,
        0,
        handler,
        primary,
        location,
        information,
        references,
        _properties(photo, items, kept, number),
    )


def _references(items: Items, kept: set[int], number: str) -> bytes:
    pieces = [
        box(
            reference.kind,
            struct.pack(number, reference.origin),
            struct.pack(">H", len(reference.targets)),
            *(struct.pack(number, target) for target in reference.targets),
        )
        for reference in items.references
        if reference.kind in _KEPT_REFERENCES and kept.issuperset({reference.origin, *reference.targets})
    ]
    return full_box(b"iref", int(number == ">I"), 0, *pieces) if pieces else b""


def _properties(photo: bytes, items: Items, kept: list[Item], number: str) -> bytes:
    used: dict[int, int] = {}
    associations = []
    for item in kept:
        told = []
        for place, essential in item.properties:
            if not 0 < place <= len(items.properties):
                continue  # no property, or none that is there
            if _contents_of_property(photo, items, place):
                told.append(used.setdefault(place, len(used) + 1) | essential << 15)
            elif essential and items.properties[place - 1].name not in _KEPT_PROPERTIES:
                raise PhotoUnreadable
        associations.append(struct.pack(f"{number}B{len(told)}H", item.item_id, len(told), *told))
    boxes = [
        box(items.properties[place - 1].name, _contents_of_property(photo, items, place)) for place in used
    ]
    counted = struct.pack(">I", len(associations))
    return box(
        b"iprp", box(b"ipco", *boxes), full_box(b"ipma", int(number == ">I"), 1, counted, *associations)
    )


def _contents_of_property(photo: bytes, items: Items, place: int) -> bytes:
    """What the property's box holds; nothing if it is left out."""
    name, begin, end = items.properties[place - 1]
    if name == b"colr" and photo[begin : begin + _NAME_BYTES] in _PROFILES:
        profile = profile_in(photo[begin + _NAME_BYTES : end])
        return photo[begin : begin + _NAME_BYTES] + profile if profile else b""
    return photo[begin:end] if name in _KEPT_PROPERTIES else b""

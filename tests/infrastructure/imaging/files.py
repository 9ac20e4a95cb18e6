"""Photo files for the tests of intake, made here: what phones and cameras write, and what nobody should."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pillow_heif
from PIL import Image, PngImagePlugin

from infrastructure.imaging.decoding import Pixels, open_photo, pixels_of, upright_srgb
from infrastructure.imaging.profiles import DISPLAY_P3, profile_of

pillow_heif.register_heif_opener()

WIDTH, HEIGHT = 96, 64
SECRET = b"Ada Lovelace, 12 St James's Square"
PROFILE = profile_of(DISPLAY_P3)
ORIENTATION, MAKER, GPS = 0x0112, 0x010F, 0x8825


def picture(width: int = WIDTH, height: int = HEIGHT, mode: str = "RGB") -> Image.Image:
    """Soft colours, a red upper left corner, and no symmetry that would hide a turn."""
    rough = np.random.default_rng(7).integers(40, 220, (5, 7, 3), dtype=np.uint8)
    image = Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)
    image.paste((250, 10, 10), (0, 0, width // 3, height // 3))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    """As a phone writes it, with who and where."""
    told = Image.Exif()
    told[ORIENTATION] = orientation
    told[MAKER] = SECRET.decode()
    told.get_ifd(GPS)[2] = (51.5, 0.1, 7.0)
    return told


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    return saved(image or picture(), "JPEG", **options)


def png(image: Image.Image | None = None, **options: object) -> bytes:
    return saved(image or picture(), "PNG", **options)


def webp(image: Image.Image | None = None, **options: object) -> bytes:
    return saved(image or picture(), "WEBP", **options)


def heic(image: Image.Image | None = None, **options: object) -> bytes:
    return saved(image or picture(), "HEIF", **options)


def personal_jpeg(orientation: int = 6) -> bytes:
    photo = jpeg(exif=exif(orientation), icc_profile=PROFILE, comment=SECRET, quality=90)
    for marker, begin in (
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
        (0xED, b"Photoshop 3.0\0"),
        (0xEB, b"JP\0\0jumb"),
    ):
        photo = with_segment(photo, marker, begin + SECRET)
    return photo


def personal_png(orientation: int = 6) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET.decode())
    text.add_text("Comment", SECRET.decode(), zip=True)
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    photo = png(exif=exif(orientation), icc_profile=PROFILE, pnginfo=text)
    return with_chunk(with_chunk(photo, b"tIME", SECRET), b"caBX", SECRET)


def personal_webp(orientation: int = 6) -> bytes:
    photo = webp(exif=exif(orientation), icc_profile=PROFILE, xmp=SECRET, quality=90)
    body = photo[8:] + b"C2PA" + struct.pack("<I", len(SECRET)) + SECRET + bytes(len(SECRET) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def personal_heic(orientation: int = 6) -> bytes:
    """Tiled and with a thumbnail, as phones do; its rotation is a property of its own."""
    image = picture()
    image.info["exif"] = exif(orientation).tobytes()
    options = {"tile_size": 32, "thumbnails": [32], "icc_profile": PROFILE, "xmp": SECRET}
    photo = heic(image, **options)
    return photo + struct.pack(">I4s", 8 + len(SECRET), b"mpvd") + SECRET


PERSONAL: dict[str, Callable[[int], bytes]] = {
    "image/jpeg": personal_jpeg,
    "image/png": personal_png,
    "image/webp": personal_webp,
    "image/heic": personal_heic,
}


def with_segment(photo: bytes, marker: int, content: bytes) -> bytes:
    """A JPEG with one more segment at its beginning."""
    return photo[:2] + struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content + photo[2:]


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def with_chunk(photo: bytes, name: bytes, content: bytes) -> bytes:
    """A PNG with one more chunk after its header."""
    header = 8 + 25
    return photo[:header] + chunk(name, content) + photo[header:]


def raw_png(width: int, height: int, pixels: bytes, *, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG of packed pixels that need not be as many as its header claims."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def shown(photo: bytes) -> Pixels:
    """As everybody sees it: upright and in sRGB."""
    return pixels_of(upright_srgb(open_photo(photo)))


def coded(photo: bytes) -> object:
    """The decoded pixels, neither turned nor converted."""
    image = Image.open(BytesIO(photo))
    return image.mode, image.size, image.tobytes()

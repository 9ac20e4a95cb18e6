"""Photos that are a line of text, and what looks at them and stages them."""

from application.photos import PhotoFacts, PhotoUnreadable, PhotoUnsupported, TakenIn
from application.stagers import StagedPicture
from domain.brief import Brief, Preset

_MARK = b"photo of "
_END = b" end"
_PLACE = b" taken at 48.1,11.6"


def a_photo(of: str = "a kitchen") -> bytes:
    """A photo in the format of these fakes, with the place where it was taken in its metadata."""
    return _MARK + of.encode() + _PLACE + _END


class MarkedDarkroom:
    """Takes what begins with the mark, and reads it to its end."""

    def take_in(self, photo: bytes) -> TakenIn:
        if not photo.startswith(_MARK):
            raise PhotoUnsupported
        if not photo.endswith(_END):
            raise PhotoUnreadable
        original = photo.replace(_PLACE, b"")
        facts = PhotoFacts("image/jpeg", width=4000, height=3000)
        return TakenIn(facts, original, b"small " + original, b"tiny " + original)


class MarkedStager:
    """Writes onto the photo what was done to it."""

    def __init__(self, *presets: Preset) -> None:
        self.presets = frozenset(presets or Preset)

    def stage(self, photo: bytes, brief: Brief) -> StagedPicture:
        picture = photo.removesuffix(_END) + b" staged: " + brief.preset.encode() + _END
        return StagedPicture(picture, "image/jpeg", engine="marked", version="1")

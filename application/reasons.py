"""Why a photo was not delivered, in words for those who wait for it: never the provider's own."""

from collections.abc import Mapping

GIVEN_UP = "staging_failed"
"""No attempt gave a picture, for reasons that nobody but us can do anything about."""

_NOT_CHARGED = "Its credit was returned."

TOLD: Mapping[str, str] = {
    code: f"{sentence} {_NOT_CHARGED}"
    for code, sentence in {
        # The photo itself
        "photo_empty": "The file has nothing in it.",
        "photo_too_large": "The photo is larger than 15 MB.",
        "photo_unsupported": "The file is not a JPEG, PNG, WebP or HEIC photo.",
        "photo_unreadable": "The photo is damaged or coded in a rare way, and cannot be read to its end.",
        "photo_animated": "The file holds several pictures, and only single photos can be staged.",
        "photo_too_long": "A side of the photo has more than 65,500 pixels.",
        "photo_has_too_many_pixels": "The photo has more than 60 megapixels.",
        "photo_rejected": "The photo cannot be used.",
        "photo_not_taken": "The image service cannot read this photo; another export of it may work.",
        "link_refused": "The link cannot be followed: it must be https and lead to a public address.",
        "link_broken": "There is no photo at the link.",
        "link_unreachable": "The link could not be reached.",
        # The safety rules of the provider
        "refused_safety": "The image service's safety rules do not allow this photo or request.",
        "refused_prohibited": "The image service does not allow what the photo shows or the request asks for.",
        "refused_people": "The image service does not edit this photo because of personal details in it.",
        "refused_copyright": "The result came too close to a protected work; a photo without art or logos may pass.",
        "refused_words": "The request uses words that the image service does not allow.",
        "refused": "The image service declined this photo or request.",
        # The provider
        "provider_busy": "The image service was too busy for too long; please try again later.",
        "provider_unavailable": "The image service was not available; please try again later.",
        "provider_too_slow": "The image service took too long; please try again.",
        "provider_answer_unusable": "The image service sent an answer that could not be used; please try again.",
        "provider_refused_us": "We could not use the image service; we are looking into it.",
        "no_image": "The image service sent no picture; other words in the request may help.",
        # What it sent was not good enough
        "result_blank": "Every result was blank, so none was delivered.",
        "result_misshapen": "Every result had another shape than the photo, so none was delivered.",
        "result_unchanged": "The results showed no change, so none was delivered; say more precisely what you want.",
        "result_other_room": "The results did not keep the room as it is, so none was delivered.",
        # Us
        GIVEN_UP: "The photo could not be staged, though we tried several times.",
        "timed_out": "The photo could not be staged within a day.",
    }.items()
}
"""A sentence for each code that a photo can fail or be refused with."""


def told(code: str | None) -> str | None:
    """The sentence for a code; the plainest one for codes of earlier releases, none for none."""
    return None if code is None else TOLD.get(code, TOLD[GIVEN_UP])

"""The quality gate: what a stager sent is delivered only if it is a picture, in shape, and still of that room."""

from domain.brief import Preset
from infrastructure.imaging.sandbox.tasks import Finished

# `python -m bench quality` measures these on rooms whose honest and dishonest stagings are known.
MISSHAPEN = 0.06
"""How far the shape may be from the one asked for, as a natural logarithm; the models' sizes are within 0.01."""
BLANK = 3.0
"""Standard deviation of brightness, in 8-bit steps, below which there is nothing to see."""
UNCHANGED = 3.0
"""Change of the most changed part, in 8-bit steps, that coding a picture again can make by itself."""
STRUCTURE = 0.7
"""Honest stagings keep 0.81 or more of the room's lines, other rooms and other views 0.66 or less."""


def fault(preset: Preset, finished: Finished) -> str | None:
    """The code of what is wrong with it, or None."""
    if finished.misshapen > MISSHAPEN:
        return "result_misshapen"
    if finished.contrast < BLANK:
        return "result_blank"
    if preset.alters and finished.change < UNCHANGED:
        return "result_unchanged"
    if finished.structure < STRUCTURE:
        return "result_other_room"
    return None

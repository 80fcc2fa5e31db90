"""The field's own text for a film: a line for every frame, ``frame,quality,hex,seconds``."""

from zaoguang.fingerprint.sights import Sight

__all__ = ["vpdq_line"]


def vpdq_line(number: int, sight: Sight) -> str:
    """Give the line of one frame, without its end; seconds with three decimals, as vpdq's own tools write them."""
    return f"{number},{sight.quality},{sight.pdq.hex},{sight.seconds:.3f}"

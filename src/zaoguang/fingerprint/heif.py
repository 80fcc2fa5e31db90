"""The HEIC decoder, made ready for a locked child, which can start no thread. Child side only."""

import ctypes
from contextlib import suppress
from importlib.util import find_spec

__all__ = ["heif_here", "register_heif"]

_ALONE = "zaoguang.fingerprint._alone"  # not there where no C compiler was


def heif_here() -> bool:
    """Say whether HEIC pictures can be opened here; without loading the decoder."""
    return find_spec(_ALONE) is not None and find_spec("pi_heif") is not None


def register_heif() -> bool:
    """Let Pillow open HEIC on the calling thread alone, and say whether it can; before the child locks itself.

    libde265 must find our answer to its “start a worker thread” before its own (see ``_alone.c``): so ours is loaded
    for all libraries first, and the decoder only then.
    """
    ours = find_spec(_ALONE)
    if ours is None or ours.origin is None:
        return False
    with suppress(ImportError, OSError):
        ctypes.CDLL(ours.origin, ctypes.RTLD_GLOBAL)
        import pi_heif  # noqa: PLC0415  # must be loaded after the line above

        # No threads: libheif starts one for each tile as soon as it may start any.
        pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=0)
        return True
    return False

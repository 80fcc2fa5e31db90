"""Of a moving picture every frame that differs is known; a still picture has none."""

import pillow_heif
import pytest

from tests.support.made_pictures import made_picture, saved
from zaoguang.fingerprint import Fingerprint, fingerprint_bytes
from zaoguang.fingerprint.kernel import hashed
from zaoguang.sandbox import Sandbox

pillow_heif.register_heif_opener()
PICTURES = [made_picture(seed, 240, 180) for seed in range(4)]
MOVING = {
    "gif": lambda first, *rest: saved(first, "GIF", save_all=True, append_images=rest, loop=0),
    "apng": lambda first, *rest: saved(first, "PNG", save_all=True, append_images=rest),
    "webp": lambda first, *rest: saved(first, "WEBP", save_all=True, append_images=rest, quality=80),
    "avif": lambda first, *rest: saved(first, "AVIF", save_all=True, append_images=rest, max_threads=1),
    "tiff pages": lambda first, *rest: saved(first, "TIFF", save_all=True, append_images=rest, compression="tiff_lzw"),
    "heic": lambda first, *rest: saved(first, "HEIF", save_all=True, append_images=rest, quality=80),
}


def known(untrusted_bytes: bytes, sandbox: Sandbox) -> Fingerprint:
    found = fingerprint_bytes(untrusted_bytes, sandbox)
    assert isinstance(found, Fingerprint), found
    return found


@pytest.mark.parametrize("container", MOVING)
def test_each_distinct_frame_is_known(container: str, sandbox: Sandbox) -> None:
    one, two, three, four = PICTURES
    found = known(MOVING[container](one, two, one, three, three, four), sandbox)
    assert found.frames[0].number == 0
    assert len(found.frames) == len(PICTURES)
    assert found.pdq == found.frames[0].pdq
    assert not found.partial
    for frame, picture in zip(found.frames, PICTURES, strict=True):
        assert frame.pdq.distance(hashed(picture.tobytes(), *picture.size).variants[0]) <= 24

"""Of a moving picture every frame that differs is known; a still picture has none."""

import json

import pillow_heif
import pytest
from PIL import Image

from tests.support.made_pictures import made_picture, saved
from zaoguang.fingerprint import MATCH_RADIUS, Fingerprint, Given, fingerprint_bytes, read_line, to_json
from zaoguang.fingerprint.kernel import hashed
from zaoguang.fingerprint.record import FRAMES_MOST
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


def test_frames_that_hardly_differ_are_one(sandbox: Sandbox) -> None:
    picture = PICTURES[0]
    brighter = [picture.point(lambda value, add=add: min(255, value + add)) for add in range(1, 5)]
    assert known(MOVING["webp"](picture, *brighter), sandbox).frames == ()


def test_the_first_frame_may_be_blank(sandbox: Sandbox) -> None:
    """The picture is then known by the first frame that shows something."""
    blank = PICTURES[0].point(lambda _: 128)
    found = known(MOVING["gif"](blank, PICTURES[1], blank, PICTURES[2]), sandbox)
    assert [frame.number for frame in found.frames] == [1, 3]
    assert found.pdq == found.frames[0].pdq


def test_frames_are_composed_as_shown(sandbox: Sandbox) -> None:
    """A GIF may store only what changes: the frame known is the whole picture, not the patch (GIF89a §23)."""
    ground, patch = PICTURES[0].quantize(64), PICTURES[1].crop((0, 0, 120, 180))
    after = ground.convert("RGB")
    after.paste(patch, (0, 0))
    file = saved(ground, "GIF", save_all=True, append_images=[after], disposal=1)
    found = known(file, sandbox)
    assert len(found.frames) == 2
    assert found.frames[1].pdq.distance(hashed(after.tobytes(), *after.size).variants[0]) <= 24


def test_more_frames_than_are_kept_are_thinned_or_said(sandbox: Sandbox) -> None:
    many = [made_picture(seed, 64, 64) for seed in range(70)]
    found = known(MOVING["webp"](*many), sandbox)
    assert len(found.frames) == FRAMES_MOST
    assert found.partial


def test_what_follows_a_damaged_frame_is_said_to_be_missing(sandbox: Sandbox) -> None:
    file = MOVING["apng"](*PICTURES)
    found = known(file[: len(file) * 3 // 4], sandbox)
    assert 1 < len(found.frames) < len(PICTURES)
    assert found.partial


def test_every_look_of_every_frame_is_searched(sandbox: Sandbox) -> None:
    """A copy of the third frame, mirrored, is found by what is known of the whole file."""
    found = known(MOVING["gif"](*PICTURES), sandbox)
    copy = PICTURES[2].transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    theirs = hashed(copy.tobytes(), *copy.size).variants[0]
    near = [name for name, pdq in found.looks() if pdq.distance(theirs) <= MATCH_RADIUS]
    assert near == ["mirrored"]


def test_a_line_gives_every_frame_to_the_bank(sandbox: Sandbox) -> None:
    found = known(MOVING["gif"](*PICTURES), sandbox)
    line = to_json(found)
    frames = line["frames"]
    assert isinstance(frames, list)
    given = read_line(json.dumps(line))
    assert isinstance(given, Given)
    assert given.pdqs == tuple(frame.pdq for frame in found.frames)
    for each in (line, *frames):  # as printed without --variants
        assert isinstance(each, dict)
        del each["variants"]
    assert read_line(json.dumps(line)) == given

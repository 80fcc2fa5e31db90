"""Small films made from harmless photographs, for tests that need one."""

import io
from collections.abc import Iterator, Sequence

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from zaoguang.rehearsal.photographs import photographs

WIDTH, HEIGHT = 320, 240


def shots(count: int) -> list[NDArray[np.uint8]]:
    """Give the pictures that a made film shows, one a second."""
    found = []
    for photograph in photographs()[:count]:
        with Image.open(io.BytesIO(photograph.content)) as picture:
            found.append(np.asarray(picture.convert("RGB").resize((WIDTH, HEIGHT))))
    return found


def _frames(shown: Sequence[int], rate: int) -> Iterator[av.VideoFrame]:
    every = [*shots(max(shown) + 1), np.zeros((HEIGHT, WIDTH, 3), np.uint8)]  # -1 is black
    for number in shown:
        for _ in range(rate):
            yield av.VideoFrame.from_ndarray(np.ascontiguousarray(every[number]), format="rgb24")


def made_film(
    shown: Sequence[int] = (0, 1, 2, 3), codec: str = "libx264", container: str = "mp4", rate: int = 10
) -> bytes:
    """Give a film that shows these photographs, by number, for one second each."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as opened:
        stream = opened.add_stream(codec, rate=rate)
        if not isinstance(stream, av.VideoStream):
            raise TypeError(codec)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for frame in _frames(shown, rate):
            opened.mux(stream.encode(frame))
        opened.mux(stream.encode())
    return file.getvalue()

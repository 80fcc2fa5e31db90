"""Short films made from the rehearsal's photographs, the same bytes at every run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Made", "film_of", "pictures_of"]

_Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Made:
    """How a film is to be made."""

    shots: tuple[tuple[int, int], ...] = ((0, 20), (3, 20), (5, 20))  # photograph, frames
    size: tuple[int, int] = (160, 120)
    rate: int = 25
    container: str = "mp4"
    codec: str = "libx264"
    format: str = "yuv420p"
    moving: bool = True
    options: tuple[tuple[str, str], ...] = (("preset", "veryfast"), ("g", "10"))
    container_options: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=64)
def _photograph(number: int, width: int, height: int) -> Image.Image:
    names = sorted(each.name for each in resources.files("zaoguang.rehearsal.photographs").iterdir())
    names = [name for name in names if name.endswith(".jpg")]
    with (resources.files("zaoguang.rehearsal.photographs") / names[number % len(names)]).open("rb") as file:
        return Image.open(file).convert("RGB").resize((width, height))


def pictures_of(made: Made) -> Iterator[_Pixels]:
    """Give the film's frames as they are before it is written: each shot a slow pan over one photograph."""
    width, height = made.size
    for number, frames in made.shots:
        wide = _photograph(number, width * 5 // 4, height * 5 // 4)
        for step in range(frames):
            left, top = (width * step // (16 * frames), height * step // (16 * frames)) if made.moving else (0, 0)
            yield np.asarray(wide.crop((left, top, left + width, top + height)))


@lru_cache(maxsize=64)
def film_of(made: Made) -> bytes:
    """Give the file's bytes."""
    return written(made, pictures_of(made))


def written(
    made: Made,
    pictures: Iterator[_Pixels] | Sequence[_Pixels],
    *,
    prepare: Callable[[Any], object] = id,
    change: Callable[[Any, int], object] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Write those pictures; ``prepare`` may set the stream up, ``change`` each frame before it is encoded."""
    with TemporaryDirectory() as folder:  # a beginning that comes first is moved there at the end, through a name
        path = Path(folder, "film")
        _write(path, made, pictures, prepare, change, metadata)
        return path.read_bytes()


def _write(
    path: Path,
    made: Made,
    pictures: Iterator[_Pixels] | Sequence[_Pixels],
    prepare: Callable[[Any], object],
    change: Callable[[Any, int], object] | None,
    metadata: Mapping[str, str] | None,
) -> None:
    with av.open(str(path), "w", format=made.container, options=dict(made.container_options)) as container:
        stream: Any = container.add_stream(made.codec, rate=made.rate, options=dict(made.options))
        stream.width, stream.height, stream.pix_fmt = *made.size, made.format
        stream.codec_context.thread_count = 1
        stream.metadata.update(metadata or {})
        prepare(stream)
        for number, picture in enumerate(pictures):
            frame: Any = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format=made.format)
            frame.pts = number
            if change is not None:
                change(frame, number)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)

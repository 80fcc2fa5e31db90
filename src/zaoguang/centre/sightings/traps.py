"""Probing what was found: does the site show the same picture when it is asked for something that cannot exist?"""

import secrets
from collections.abc import Iterable

from zaoguang.centre.sightings.matching import CaseIndex
from zaoguang.centre.sightings.models import Sighting
from zaoguang.fingerprint import Fingerprint
from zaoguang.watch import PageReport, Reader
from zaoguang.watch.trap import answers_anything, decoy_of, shape_of

__all__ = ["probe"]

_MOST_PROBES = 40
_LEAST_WORD = 12


def _word(length: int) -> str:
    return secrets.token_hex(max(length, _LEAST_WORD) // 2 + 1)


def probe(sightings: Iterable[Sighting], index: CaseIndex, reader: Reader) -> None:
    """Ask for two decoys of each shape of address among these, and mark what answers anything.

    At most 40 shapes; both the page's address and the picture's own are probed.
    """
    shapes: dict[str, list[tuple[str, Sighting]]] = {}
    for sighting in sightings:
        for address in {sighting.page(), sighting.picture()}:
            if shape := shape_of(address):
                shapes.setdefault(shape, []).append((address, sighting))
    probed = list(shapes.values())[:_MOST_PROBES]
    asked = [
        (f"{turn} {number}", decoy)
        for turn in (1, 2)
        for number, rows in enumerate(probed)
        if (decoy := decoy_of(rows[0][0], _word)) is not None
    ]
    shown = {report.link: _matched(report, index) for report in reader.read(asked)}
    for number, rows in enumerate(probed):
        first, second = shown.get(f"1 {number}", {}), shown.get(f"2 {number}", {})
        made_up = {item for item in first if answers_anything(first[item], second.get(item, ()))}
        marked = [each.pk for _address, each in rows if str(each.item_id) in made_up]
        Sighting.objects.filter(pk__in=marked).update(on_request=True)


def _matched(report: PageReport, index: CaseIndex) -> dict[str, set[str]]:
    """Give, by item, the addresses at which the decoy's answer shows it."""
    found: dict[str, set[str]] = {}
    for seen in report.pictures:
        if isinstance(seen.result, Fingerprint):
            for match in index.find(seen.result):
                found.setdefault(str(match.item), set()).add(seen.address)
    return found

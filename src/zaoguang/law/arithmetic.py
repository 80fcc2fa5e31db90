"""Thresholds as a person reads them: each sum in words, and what is missing."""

from collections.abc import Iterator
from typing import Final

from zaoguang.law.thresholds import Finding, Ground, Part, Standing, measure_words
from zaoguang.words import gettext as _
from zaoguang.words import spoken

__all__ = ["finding_lines", "finding_record"]

_TWO_YEARS: Final = 24


def finding_lines(found: Finding) -> Iterator[str]:
    """Yield one rule's answer line by line: the verdict first, then its sums."""
    name = found.rule.name(spoken())
    yield {
        Standing.MET: _("MET: {rule}").format(rule=name),
        Standing.HALF: _("half met: {rule}").format(rule=name),
        Standing.BELOW: _("not met: {rule}").format(rule=name),
    }[found.standing]
    if found.first is not None:
        if found.rule.months == _TWO_YEARS:
            yield "  " + _("Counted in the two years that begin on {day}.").format(day=found.first)
        else:
            yield "  " + _("Counted in the year that begins on {day}.").format(day=found.first)
    for part in found.parts:
        yield "  " + part_words(part, found)
    yield from ("  " + line for line in _ground_words(found))
    if found.applies is None:
        yield "  " + (
            _("Only if it was for profit; that is not known.")
            if found.rule.for_profit
            else _("Only if it was not for profit; that is not known.")
        )
    if found.rule.conditions is not None:
        yield "  " + _("Condition: {what}").format(what=found.rule.conditions(spoken()))


def part_words(part: Part, found: Finding) -> str:
    """Give one measure's sum."""
    times = found.rule.times
    shown = f" = {part.bound // times:,} × {times}" if times > 1 else ""
    line = _("{measure}: {counted} counted, {bound}{shown} asked").format(
        measure=measure_words(part.measure), counted=f"{part.counted:,}", bound=f"{part.bound:,}", shown=shown
    )
    if part.counted >= part.bound:
        return line + _(": reached.")
    return line + _(": {missing} missing.").format(missing=f"{part.missing:,}")


def _ground_words(found: Finding) -> Iterator[str]:
    if found.ground is Ground.HALF_OF_TWO:
        half = [part for part in found.parts if 2 * part.counted >= part.bound]
        yield _("Half of two measures is enough: {sums}.").format(sums=_sums(half, halved=True))
    elif found.ground is Ground.TWO_LOWER:
        yield _("Two of the lower numbers are enough: {sums}.").format(sums=_sums(found.lower, halved=False))
    elif found.ground is Ground.IN_PROPORTION:
        counting = [part for part in found.parts if part.measure in found.rule.in_proportion]
        sums = " + ".join(f"{part.counted:,} ÷ {part.bound:,}" for part in counting)
        yield _("Parts of several numbers that make up a whole are enough: {sums} ≥ 1.").format(sums=sums)


def _sums(parts: list[Part] | tuple[Part, ...], *, halved: bool) -> str:
    words = [
        _("{measure} {counted} ≥ {bound} ÷ 2").format(
            measure=measure_words(part.measure), counted=f"{part.counted:,}", bound=f"{part.bound:,}"
        )
        if halved
        else _("{measure} {counted} ≥ {bound}").format(
            measure=measure_words(part.measure), counted=f"{part.counted:,}", bound=f"{part.bound:,}"
        )
        for part in parts
    ]
    return ("；" if spoken() == "zh-Hans" else "; ").join(words)


def finding_record(found: Finding) -> dict[str, object]:
    """Give one rule's answer as plain values for JSON."""
    return {
        "threshold": found.rule.id,
        "provision": found.rule.provision,
        "name": found.rule.name(spoken()),
        "standing": found.standing.value,
        "ground": found.ground.value,
        "year_from": found.first.isoformat() if found.first else None,
        "for_profit_fits": found.applies,
        "measures": [
            {"measure": part.measure, "counted": part.counted, "asked": part.bound, "missing": part.missing}
            for part in found.parts
        ],
        "arithmetic": list(finding_lines(found)),
        "grade": found.rule.grade.value,
        "verified": found.rule.verified,
    }

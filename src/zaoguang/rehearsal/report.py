"""What a rehearsal came to: numbers that must agree with the plan, and whether they do."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from zaoguang.rehearsal.ready import Ready
from zaoguang.words import gettext as _

__all__ = ["Report"]


@dataclass(frozen=True, slots=True)
class Report:
    """The counts of one rehearsal; ``failures`` names every promise that did not hold, and is empty when all did."""

    seed: int
    planted: int
    decoys: int
    found: int
    missed: int
    false: int
    sightings: int
    sealed: int
    verified: int
    notices_drafted: int
    notices_confirmed: int
    notices_sent: int
    notices_lost: int
    notices_twice: int
    fields_missing: int
    bouncing: int
    stopped: int
    traps: int
    traps_known: int
    notices_to_traps: int
    ready: Ready
    outcomes: Mapping[str, int]
    wrong_outcomes: int
    escalations: int
    reappeared: int
    reappeared_found: int
    clicks: int
    seconds: Mapping[str, float]

    @property
    def failures(self) -> tuple[str, ...]:
        """Name what did not hold."""
        checks = {
            _("copies missed"): self.missed,
            _("decoys taken for copies"): self.false,
            _("sightings without a seal"): self.sightings - self.sealed,
            _("seals that do not verify"): self.sealed - self.verified,
            _("notices lost"): self.notices_lost,
            _("notices sent twice"): self.notices_twice,
            _("fields missing"): self.fields_missing,
            _("addressees that bounce and were not stopped"): self.bouncing - self.stopped,
            _("traps taken for copies"): self.traps - self.traps_known,
            _("notices sent to traps"): self.notices_to_traps,
            _("outcomes that are wrong"): self.wrong_outcomes,
            _("reappearances missed"): self.reappeared - self.reappeared_found,
        }
        return tuple(f"{name}: {number}" for name, number in checks.items() if number)

    def as_json(self) -> dict[str, object]:
        """Give the report as the command prints it."""
        return {**asdict(self), "seconds_total": round(sum(self.seconds.values()), 2), "failures": list(self.failures)}

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Give the report as a table of words and numbers."""
        outcomes = ", ".join(f"{name} {number}" for name, number in sorted(self.outcomes.items()))
        return (
            (_("copies planted"), f"{self.planted} / {self.planted + self.decoys}"),
            (_("found"), str(self.found)),
            (_("missed"), str(self.missed)),
            (_("false"), str(self.false)),
            (_("sealed"), f"{self.sealed} / {self.sightings}"),
            (_("seals verified"), str(self.verified)),
            (
                _("notices drafted / confirmed / sent"),
                f"{self.notices_drafted} / {self.notices_confirmed} / {self.notices_sent}",
            ),
            (_("notices lost / sent twice"), f"{self.notices_lost} / {self.notices_twice}"),
            (_("fields missing"), str(self.fields_missing)),
            (_("from match to notice ready"), self.ready.sentence()),
            (_("addressees that bounce / stopped"), f"{self.bouncing} / {self.stopped}"),
            (_("traps planted / notices sent to traps"), f"{self.traps} / {self.notices_to_traps}"),
            (_("outcomes"), outcomes),
            (_("outcomes that are wrong"), str(self.wrong_outcomes)),
            (_("escalations"), str(self.escalations)),
            (_("reappearances found"), f"{self.reappeared_found} / {self.reappeared}"),
            (_("clicks a person needed"), str(self.clicks)),
            *((_("seconds: %(step)s") % {"step": step}, f"{took:.1f}") for step, took in self.seconds.items()),
            (_("seconds in all"), f"{sum(self.seconds.values()):.1f}"),
        )

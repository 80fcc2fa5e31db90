"""The same scan on Ray: units are tasks, done by any machine of a cluster; the driver keeps the journal.

The source must be readable on every machine under the same address. The banks are sent along, opened, as one object in
Ray's memory; a key never leaves the driver. Ray starts a task again when its machine is lost; the same unit gives the
same result, and the driver takes each unit once.
"""

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from types import TracebackType
from typing import Any, Final, Self

from zaoguang.errors import OutsideFailure, UserMistake, ZaoguangError
from zaoguang.sandbox import Sandbox
from zaoguang.scan.banks import Sought
from zaoguang.scan.looking import Looker, Seeking, Seen
from zaoguang.scan.plan import Unit
from zaoguang.scan.source import Source
from zaoguang.search.frozen import Frozen, FrozenParts
from zaoguang.words import gettext as _

__all__ = ["RayEngine"]

_AGAIN_MOST: Final = 16  # machines lost under one unit, before the scan ends (to be gone on with)


@dataclass(frozen=True, slots=True)
class _Task:
    """What every unit of one scan has in common."""

    name: str
    address: str
    seeking: Seeking


class RayEngine(AbstractContextManager["RayEngine"]):
    """Works on a Ray cluster, or on a Ray of its own on this machine when no address is given."""

    def __init__(
        self, source: Source, banks: Sequence[tuple[str, FrozenParts]], seeking: Seeking, address: str | None
    ) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody else is told
        try:
            self._ray = import_module("ray")
        except ImportError as error:
            raise UserMistake(
                _("Ray is not installed here; install “zaoguang[ray]”, or leave out “--engine ray”.")
            ) from error
        self._begun = False
        try:
            self._ray.init(address=address, log_to_driver=False, include_dashboard=False if address is None else None)
            self._begun = True
            cores = int(self._ray.cluster_resources().get("CPU", 1))
            self._banks = self._ray.put(list(banks))
        except Exception as error:  # Ray raises many kinds, and not only its own
            raise OutsideFailure(_("The Ray cluster cannot be reached; check its address and its token.")) from error
        self.workers = max(1, cores)
        self._task = _Task(os.urandom(8).hex(), source.address, seeking)
        self._work = self._ray.remote(num_cpus=1, max_retries=_AGAIN_MOST)(_look)
        self._at_work: dict[Any, Unit] = {}

    def __enter__(self) -> Self:
        """Give the engine itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the cluster; what it still works on for us ends."""
        if self._begun:
            self._ray.shutdown()

    def submit(self, unit: Unit) -> None:
        """Take a unit to work on."""
        self._at_work[self._work.remote(self._task, unit, self._banks)] = unit

    def done(self) -> list[tuple[Unit, Seen]]:
        """Wait until at least one unit is done, and give those that are."""
        ready, _rest = self._ray.wait(list(self._at_work), num_returns=1)
        try:
            return [(self._at_work.pop(each), _seen(self._ray.get(each))) for each in ready]
        except self._ray.exceptions.RayError as error:
            raise OutsideFailure(
                _("The Ray cluster failed; the same command with a journal goes on where this one ended.")
            ) from error


def _seen(untrusted: Seen | str) -> Seen:
    """Give what a machine saw; a failure travels as its sentence."""
    if isinstance(untrusted, str):
        raise OutsideFailure(untrusted)
    return untrusted


def _look(task: _Task, unit: Unit, banks: list[tuple[str, FrozenParts]]) -> Seen | str:
    """Work on one unit, in a process of Ray's."""
    try:
        return _looker(task, _Banks(banks)).look(unit)
    except ZaoguangError as error:
        return str(error)


class _Banks:
    """The banks of a task; all that are given to one task are the same ones."""

    def __init__(self, banks: list[tuple[str, FrozenParts]]) -> None:
        self.sought = [Sought(name, Frozen(parts)) for name, parts in banks]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Banks)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=1)
def _looker(task: _Task, banks: _Banks) -> Looker:
    """Give what looks, kept from one unit to the next: the source opened, the sandbox started."""
    return Looker(_source(task.address), banks.sought, Sandbox(), task.seeking)


def _source(address: str) -> Source:
    try:
        return Source.opened(address)
    except ZaoguangError as error:
        raise OutsideFailure(
            _("A machine of the Ray cluster cannot read the source; every one must be able to, under the same name.")
        ) from error

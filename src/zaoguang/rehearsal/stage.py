"""The stage: a folder, the mailbox and the world, and a real centre with its three processes, all on loopback."""

import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from zaoguang.centre.serving import Child, House, require_free, zaoguang_command
from zaoguang.errors import OutsideFailure
from zaoguang.rehearsal.cast import CASTS, Cast, Character, Site
from zaoguang.rehearsal.loopback import require_loopback
from zaoguang.rehearsal.waiting import wait_until
from zaoguang.rehearsal.world import free_ports
from zaoguang.words import gettext as _

__all__ = ["PASSPHRASE", "PEOPLE", "Stage", "StageSettings"]

PEOPLE = (("lin", "supervisor"), ("mei", "caseworker"), ("tao", "volunteer"))
PASSPHRASE = "stone-lamp-river-rehearsal"  # noqa: S105  (made up, printed, and only ever opens a rehearsal)
_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class StageSettings:
    """What a rehearsal is made of."""

    folder: Path
    seed: int = 1
    copies: int = 60
    cast: Cast = Cast.CORE
    port: int = 0  # 0: any free one
    host: str = "127.0.0.1"
    clock_every: float = 0.2
    drop_every: int = 0  # of the mailbox: break the connection after every N-th message


class Stage(AbstractContextManager["Stage"]):
    """Starts every process, knows where each is, and stops them all at the end."""

    def __init__(self, settings: StageSettings) -> None:
        """Take the settings; nothing runs yet."""
        require_loopback(settings.host)
        self.settings = settings
        self.house = House()
        self.world: dict[str, Any] = {}
        mail_port, web_port = free_ports(2)
        self._mail_port = mail_port
        self.port = settings.port or web_port
        self.children: dict[str, Child] = {}

    @property
    def sites(self) -> tuple[Site, ...]:
        """Who plays."""
        return CASTS[self.settings.cast]

    @property
    def base(self) -> str:
        """The centre's address."""
        return f"http://{self.settings.host}:{self.port}"

    @property
    def folder(self) -> Path:
        """Where the world's journals are."""
        return self.settings.folder / "world"

    def environment(self) -> dict[str, str]:
        """Give the variables that make a centre this rehearsal's."""
        return {
            "ZAOGUANG_HOME": str(self.settings.folder / "centre"),
            "ZAOGUANG_REHEARSAL": "1",
            "ZAOGUANG_REHEARSAL_PORTS": ",".join(str(port) for port in self.world["ports"]),
            "ZAOGUANG_CHANNELS": str(self.folder / "channels.yaml"),
            "ZAOGUANG_MAIL_SERVER": f"smtp://127.0.0.1:{self._mail_port}",
            "ZAOGUANG_MAIL_FROM": "notices@support-centre.example",
            "ZAOGUANG_CENTRE_NAME": "Rehearsal Support Centre",
            "ZAOGUANG_TEST_FAST_KDF": "1",
            "ZAOGUANG_HOSTS": f"{self.settings.host},localhost",
            "DJANGO_SETTINGS_MODULE": "zaoguang.centre.settings",
        }

    def __enter__(self) -> Self:
        """Start the mailbox and the world, make the centre ready, start its processes."""
        self.settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._start_world()
            os.environ.update(self.environment())
            self._make_centre()
            self._start_centre()
        except BaseException:  # whatever stopped it, Ctrl-C too: no process is left behind, and it goes on its way
            self.house.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every process."""
        self.house.__exit__(kind, error, trace)

    def _python(self, *words: str) -> list[str]:
        return [zaoguang_command()[0], "-m", *words]

    def _start(self, name: str, command: list[str], environment: Mapping[str, str] | None = None) -> None:
        self.children[name] = self.house.start(name, command, environment)

    def _start_world(self) -> None:
        drops = ["--drop-every", str(self.settings.drop_every)] if self.settings.drop_every else []
        mailbox = ["--folder", str(self.folder / "mailbox"), "--port", str(self._mail_port), *drops]
        for site in self.sites:
            mailbox += ["--refuse", site.mailbox] if site.character is Character.BOUNCES else []
        self._start("mailbox", self._python("zaoguang.rehearsal.mailbox", *mailbox))
        kept = self.folder / "ports.json"
        for port in json.loads(kept.read_text()).values() if kept.exists() else ():
            require_free("127.0.0.1", int(port))  # the world's addresses are in the centre's records: they must stay
        told = self.folder / "world.json"
        told.unlink(missing_ok=True)
        plan = ["--seed", str(self.settings.seed), "--copies", str(self.settings.copies)]
        plan += ["--cast", self.settings.cast]
        place = ["--folder", str(self.folder), "--now", datetime.now(UTC).isoformat()]
        self._start("world", self._python("zaoguang.rehearsal.world", *plan, *place))
        self._wait(told.exists, _("The rehearsal's world did not start."))
        self.world = json.loads(told.read_text())

    def _make_centre(self) -> None:
        from zaoguang.centre.preparing import prepare  # noqa: PLC0415  (the environment comes first)

        for _line in prepare():
            pass
        from zaoguang.casework import Role  # noqa: PLC0415  (the same)
        from zaoguang.centre.accounts.joining import join  # noqa: PLC0415  (the same)
        from zaoguang.centre.accounts.models import Person  # noqa: PLC0415  (the same)

        for handle, role in PEOPLE:
            if not Person.objects.filter(handle=handle).exists():
                join(handle, PASSPHRASE, Role(role))

    def _start_centre(self) -> None:
        place = ["--host", self.settings.host, "--port", str(self.port)]
        every = ["--every", str(self.settings.clock_every)]
        self._start("web", zaoguang_command("centre", "web", *place))
        self._start("reader", zaoguang_command("centre", "reader"))
        self._start("clock", zaoguang_command("centre", "clock", *every))
        self._wait(self.answers, _("The rehearsal's centre did not start."))

    def answers(self) -> bool:
        """Say whether the centre's login page answers."""
        try:
            return httpx.get(f"{self.base}/login/", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def _wait(self, ready: Any, sentence: str) -> None:  # noqa: ANN401  (any callable that says yes or no)
        if not wait_until(ready, _READY_SECONDS, every=0.05):
            raise OutsideFailure(sentence)

    def keep(self) -> None:
        """Start again whatever has ended unasked."""
        for child in self.children.values():
            child.keep()

    def tell_world(self, now: datetime) -> dict[str, Any]:
        """Let the world have that time, and give what the platforms have written back by then."""
        headers = {"X-World-Token": self.world["token"]}
        control = require_loopback(self.world["control"])
        with httpx.Client(trust_env=False, headers=headers, timeout=30) as client:
            client.post(control, json={"now": now.isoformat()}).raise_for_status()
            answer = client.get(control)
            answer.raise_for_status()
            return dict(answer.json())

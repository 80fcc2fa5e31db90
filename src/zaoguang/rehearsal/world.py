"""The world as a process: every hostile site, every platform, and a control, all on loopback.

    python -m zaoguang.rehearsal.world --seed N --copies N --cast CAST --folder FOLDER --now TIME

When all servers listen, ``FOLDER/world.json`` says where (written aside, then renamed) and ``FOLDER/channels.yaml``
lists the platforms as the notices room reads channels. Started again on the same folder it is the same world, at the
same addresses: what happened is in the journals.
"""

import argparse
import json
import secrets
import signal
import socket
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import yaml

from zaoguang.notices import regime
from zaoguang.rehearsal.cast import CASTS, Cast, Site
from zaoguang.rehearsal.journal import write_whole
from zaoguang.rehearsal.plan import make_plan
from zaoguang.rehearsal.scene import Scene
from zaoguang.rehearsal.serving import control_server, darken, site_server

__all__ = ["channels_of", "free_ports", "main"]


def free_ports(number: int) -> list[int]:
    """Give that many loopback ports on which nothing listens now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def _ports(folder: Path, sites: Iterable[Site]) -> dict[str, int]:
    """Give each site's port and the control's: those of the folder, or free ones."""
    kept = folder / "ports.json"
    if kept.exists():
        return {str(name): int(port) for name, port in json.loads(kept.read_text()).items()}
    names = [*(site.name for site in sites), "control"]
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    write_whole(kept, json.dumps(ports))
    return ports


def channels_of(sites: Iterable[Site], ports: Mapping[str, int]) -> str:
    """Give the platforms as the notices room reads channels (YAML); each reads the languages of its law's notices."""
    entries = [
        {
            "id": site.name,
            "name": site.name.replace("-", " ").title(),
            "hosts": [f"127.0.0.1:{ports[site.name]}"],
            "route": site.route,
            "address": f"http://127.0.0.1:{ports[site.name]}/report" if site.route == "form" else site.mailbox,
            "regimes": [site.regime],
            "languages": list(regime(site.regime).languages),
            "grade": "P",
            "verified": True,
            "source": ["rehearsal"],
            "checked": date(2026, 1, 1),
        }
        for site in sites
    ]
    source = {"title": "The rehearsal itself", "url": "https://rehearsal.example/"}
    return yaml.safe_dump({"sources": {"rehearsal": source}, "channels": entries}, sort_keys=False)


def main() -> None:
    """Serve the world until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m zaoguang.rehearsal.world")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--copies", type=int, required=True)
    parser.add_argument("--cast", type=Cast, default=Cast.CORE, choices=list(Cast))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--now", required=True, help="the time the world begins at, ISO 8601 with a zone")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    plan = make_plan(given.seed, given.copies, CASTS[given.cast])
    ports = _ports(given.folder, plan.sites)
    begun = given.folder / "now"
    now = datetime.fromisoformat(begun.read_text() if begun.exists() else given.now).astimezone(UTC)
    scene = Scene(plan, given.folder, ports, now)
    token = secrets.token_hex(16)
    sites = {site.name: site_server(scene, site, ports[site.name]) for site in plan.sites}
    servers = [*sites.values(), control_server(scene, token, ports["control"], sites)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    darken(scene, sites)
    write_whole(given.folder / "channels.yaml", channels_of(plan.sites, ports))
    told = {"control": f"http://127.0.0.1:{ports['control']}/", "token": token, "ports": sorted(ports.values())}
    write_whole(given.folder / "world.json", json.dumps({**told, **scene.truth()}))
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    for server in servers:
        server.server_close()  # the threads are daemons, and all that was acknowledged is in the journals


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()

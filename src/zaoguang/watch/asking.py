"""Who stands behind a host, asked in a process of its own and within a bounded time: whoever asks holds keys.

What that process says is checked word by word, as if a register had taken it over.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from zaoguang.errors import OutsideFailure, UserMistake
from zaoguang.notices.host import Contact, DnsAnswers, HostFacts, Network
from zaoguang.notices.values import is_mail_address
from zaoguang.watch.address import AddressPolicy
from zaoguang.words import gettext as _

__all__ = ["ask_registers"]

_SECONDS = 25.0
_MOST_BYTES = 256 << 10
_MOST_ROWS = 64
_LONGEST = 400
_CHILD = (sys.executable, "-I", "-B", "-m", "zaoguang.watch.registers_child")
_HTTPS = 443


def ask_registers(host: str, *, seconds: float = _SECONDS, child: Sequence[str] = _CHILD) -> HostFacts:
    """Ask DNS and the registers about a host; the host itself is not connected to.

    Raises:
        UserMistake: it is a number of this machine or of a private network, of which no register knows.
        OutsideFailure: there was no answer in time, or none that can be read.
    """
    if _is_private(host):
        raise UserMistake(_("This is an address of this machine or of a private network: no register knows it."))
    try:
        untrusted_word = json.loads(_said(host, seconds, child))
        return _facts(host, untrusted_word["facts"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        failure = _("The name system and the registers gave no answer in time; try again later.")
        raise OutsideFailure(failure) from error


def _said(host: str, seconds: float, child: Sequence[str]) -> bytes:
    """Give what the process says until it ends, at most so much and for so long; it is killed in any case."""
    until = time.monotonic() + seconds
    said = bytearray()
    with subprocess.Popen(
        child, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/", bufsize=0
    ) as process:
        try:
            if process.stdin is None or process.stdout is None:
                raise ValueError
            process.stdin.write(host.encode())  # less than a pipe holds
            process.stdin.close()
            while len(said) <= _MOST_BYTES:
                ready, _w, _x = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
                piece = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
                if not piece:
                    break
                said += piece
        finally:
            process.kill()
    return bytes(said[:_MOST_BYTES])


def _is_private(host: str) -> bool:
    try:
        return AddressPolicy().refuses(ip_address(host.strip("[]")), _HTTPS)
    except ValueError:  # a name
        return host == "localhost" or host.endswith(".localhost")


def _facts(host: str, untrusted: dict[str, Any]) -> HostFacts:
    named = untrusted["dns"]
    known = DnsAnswers(*(tuple(map(_text, _rows(named[name]))) for name in ("addresses", "aliases", "name_servers")))
    networks = tuple(
        Network(_text(each["address"]), _text(each["name"]), _text(each["country"]), _contact(each["holder"]))
        for each in _rows(untrusted["networks"])
    )
    return HostFacts(host, known, _contact(untrusted["registrar"]), networks, _text(untrusted["delivered_by"]))


def _contact(untrusted: dict[str, Any]) -> Contact:
    desk = _text(untrusted["abuse"])
    return Contact(_text(untrusted["name"]), desk if is_mail_address(desk) else "")


def _rows(untrusted: object) -> list[Any]:
    if not isinstance(untrusted, list) or len(untrusted) > _MOST_ROWS:
        raise TypeError
    return untrusted


def _text(untrusted: object) -> str:
    if not isinstance(untrusted, str) or len(untrusted) > _LONGEST or not untrusted.isprintable():
        raise TypeError
    return untrusted

"""The process that asks the registers about one host: it has the network, no environment, no secret, and keeps nothing.

Started as ``python -I -B -m zaoguang.watch.registers_child``. Its standard input is the host, its standard output one
JSON object: ``{"facts": ...}``, or ``{}`` where no answer could be had.
"""

import json
import sys
from dataclasses import asdict

from zaoguang.errors import OutsideFailure
from zaoguang.watch.confined import give_up
from zaoguang.watch.registers import Ask, AskNames, ask_names, ask_rdap, host_facts

__all__ = ["answer", "main"]

_LONGEST_HOST = 254


def main() -> None:
    """Answer once."""
    give_up()
    host = sys.stdin.read(_LONGEST_HOST)
    sys.stdout.write(answer(host, ask_rdap(), ask_names))


def answer(host: str, ask: Ask, ask_of_names: AskNames) -> str:
    """Give what is said to the parent about a host."""
    try:
        return json.dumps({"facts": asdict(host_facts(host, ask, ask_of_names))})
    except OutsideFailure:
        return "{}"


if __name__ == "__main__":
    main()

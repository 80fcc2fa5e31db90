"""The one fence of a rehearsal: it talks to this machine only."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from zaoguang.errors import UserMistake
from zaoguang.words import gettext as _

__all__ = ["require_loopback"]


def require_loopback(address: str) -> str:
    """Give back a host or web address that is this machine by number; anything else is refused, names included.

    A name such as ``localhost`` is refused too: what it means is decided elsewhere.
    """
    host = urlsplit(address).hostname if "://" in address else address.strip("[]")
    try:
        inside = ip_address(host or "").is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise UserMistake(
            _("A rehearsal only runs on this machine: %(address)s is not a loopback address.") % {"address": address}
        )
    return address

"""What a process of ours gives up before it goes on the network: writing, dumping core, being looked into, other paths.

Where the kernel has Landlock, every path is closed but those of the program itself, of names and of certificates.
"""

import ctypes
import os
import resource
import sys
import sysconfig
from pathlib import Path

import zaoguang
from zaoguang.sandbox import landlock
from zaoguang.sandbox.landlock import Access

__all__ = ["give_up"]

_PR_SET_DUMPABLE = 4
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib")
_READ_ONLY = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services"),
    *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/usr/share/ca-certificates", "/etc/ld.so.cache"),
    *("/etc/localtime", "/proc", "/sys/devices/system/cpu", "/dev/urandom"),
)
"""What resolving a name, checking a certificate and measuring oneself read. In /proc, what belongs to a process outside
and is not for everybody stays closed: Landlock counts reading it as tracing that process."""


def give_up() -> None:
    """Give up, for this process and all its children, what could leave a trace of what is fetched behind."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file can grow by a byte
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:  # no dump, no reading our memory
        sys.exit(1)
    landlock.confine(_paths(), connects=True)  # where the kernel has it; `zaoguang doctor` says where not


def _paths() -> list[tuple[str, Access]]:
    """Give what is left of the file system: programs and libraries to start decoders, and what names resolve by."""
    package = Path(zaoguang.__file__).parent
    roots = {sys.prefix, sys.base_prefix, sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["platstdlib"]}
    program = Access.READ | Access.LIST | Access.RUN
    return [
        *((root, program) for root in (*sorted(roots), str(package), *_LIBRARIES)),
        (str(package.parent), Access.LIST),  # a path entry, where this is installed from its sources
        *((os.path.realpath(path), Access.READ | Access.LIST) for path in _READ_ONLY),
        ("/dev/null", Access.READ | Access.WRITE),
    ]

"""Memory that processes share: an image that a sealed snapshot was opened into, in a file that is on no disk.

One process opens the snapshot into a memory-backed file (``memfd``), which nobody can change afterwards, and writes
its process id and the file's number into ``holders``; the others map the same memory through ``/proc``. When none of
them lives, the memory is gone, also after kill -9. Where ``/proc`` does not allow it, each process has its own.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from zaoguang.search.defect import Refused
from zaoguang.search.image import Header, Image

__all__ = ["Memory", "attached", "locked", "new_memory", "share"]

_HOLDERS: Final = "holders"
_SEALS: Final = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
_HOLDERS_MOST: Final = 1 << 20


class Memory:
    """An open memory-backed file, closed when nobody uses it any more; -1 for none."""

    def __init__(self, file: int) -> None:
        self.file = file

    def close(self) -> None:
        """Close it now."""
        if self.file >= 0:
            os.close(self.file)
        self.file = -1

    def __del__(self) -> None:
        self.close()


def new_memory() -> int:
    """Give an empty memory-backed file, open for writing."""
    return os.memfd_create("zaoguang-index", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[int]:
    """Hold a file's lock (made if need be) and give the open file; BlockingIOError when it is held and ``wait`` is not.

    The lock belongs to the open file: it is gone with the process, however that ends.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield file
    finally:
        os.close(file)


def share(folder: Path, memory: int, image_of: str) -> None:
    """Let other processes of this user find a finished image; from now on nobody can change it."""
    fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)
    with locked(folder / _HOLDERS) as file:
        _publish(file, memory, image_of)


def attached(folder: Path, image_of: str, make: Callable[[], int]) -> tuple[Memory, Image]:
    """Give the memory that holds the image of that sealed snapshot, from another process or made now, and the image.

    ``make`` opens the snapshot into a memory-backed file; while one process does, others wait for it.
    """
    with locked(folder / _HOLDERS) as file:
        memory = next(_held(file, image_of), -1)
        if memory < 0:
            memory = make()
            fcntl.fcntl(memory, fcntl.F_ADD_SEALS, _SEALS)
        _publish(file, memory, image_of)
    return Memory(memory), Image.opened(memory, f"memory of {folder}")


def _listed(file: int) -> list[tuple[int, int, str]]:
    holders = []
    for line in os.pread(file, _HOLDERS_MOST, 0).splitlines():
        with suppress(ValueError, TypeError):
            pid, number, image_of = json.loads(line)
            holders.append((int(pid), int(number), str(image_of)))
    return holders


def _held(file: int, image_of: str) -> Iterator[int]:
    """Give the memory of each living holder of that image; what a number stands for now is looked at, not believed."""
    for pid, number, said in _listed(file):
        if said == image_of and (memory := _memory_of(pid, number, image_of)) >= 0:
            yield memory


def _memory_of(pid: int, number: int, image_of: str) -> int:
    """Give that process's memory, opened here, if it is a finished image of that snapshot; -1 if not."""
    try:
        memory = os.open(f"/proc/{pid}/fd/{number}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return -1
    with suppress(OSError, Refused):
        sealed = fcntl.fcntl(memory, fcntl.F_GET_SEALS) & _SEALS == _SEALS
        if sealed and Header.read(memory, "memory").sealed == image_of:
            return memory
    os.close(memory)
    return -1


def _publish(file: int, memory: int, image_of: str) -> None:
    """Write down that this process has it, and forget those that are gone."""
    living = [each for each in _listed(file) if Path(f"/proc/{each[0]}/fd/{each[1]}").exists()]
    lines = [json.dumps(each) for each in [*living, (os.getpid(), memory, image_of)]]
    text = ("\n".join(dict.fromkeys(lines)) + "\n").encode()
    os.ftruncate(file, 0)
    os.pwrite(file, text, 0)

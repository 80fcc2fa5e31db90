"""The child: load one job's code, lock up, then answer frame after frame until the parent is gone.

Started as ``python -I -m zaoguang.sandbox.child JOB LIMITS_JSON``, with its two pipes as standard input and output.
With a third word, the number of an open file, it does one job on that file, answers part by part, and ends.
"""

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Never

from zaoguang.sandbox.frames import ANSWER_HEAD, REQUEST_HEAD, Json, json_bytes
from zaoguang.sandbox.limits import JOBS, Limits, Refusal
from zaoguang.sandbox.lock import arm_cpu_limit, lock_process

__all__ = ["main"]

_PIECE_BYTES = 1 << 20
_Job = Callable[[bytes, Mapping[str, Json]], Json]
_PartsJob = Callable[[int, Mapping[str, Json]], Iterator[Json]]
_HANDED_FILE = 3  # the first number after the standard files
_WORDS_WITHOUT_FILE = 3


def main() -> None:
    """Serve until standard input ends, which it also does when the parent dies."""
    limits = Limits(**json.loads(sys.argv[2]))
    if len(sys.argv) > _WORDS_WITHOUT_FILE:
        _serve_parts(JOBS[sys.argv[1]], limits, int(sys.argv[3]))
        return
    job: _Job = _loaded(JOBS[sys.argv[1]], "job")
    gc.freeze()
    _send({"protections": dict(lock_process(limits))})
    while True:
        head = _read(REQUEST_HEAD.size)
        if len(head) < REQUEST_HEAD.size:
            return
        options_size, bytes_size = REQUEST_HEAD.unpack(head)
        options = json.loads(_read(options_size))
        untrusted_bytes = _read(bytes_size)
        if len(untrusted_bytes) < bytes_size:
            return
        arm_cpu_limit(limits.cpu_seconds)
        _send_bytes(_answer(job, untrusted_bytes, options, limits.answer_bytes))
        del untrusted_bytes


def _loaded(module_name: str, what: str) -> Callable[..., Any]:
    """Import the job's code before the lock; one that cannot be imported refuses every time, and hurts no other job.

    The parent waits for a greeting, which says what is protected, from any child: so it is told when it asks.
    """
    try:
        module = import_module(module_name)
        if hasattr(module, "prepare"):
            module.prepare()
        loaded: Callable[..., Any] = getattr(module, what)
    except Exception:  # noqa: BLE001  # the child's edge: whatever is wrong with this job's module stays with this job
        return _refuse
    return loaded


def _refuse(*_: object) -> Never:
    raise ImportError("this job's code could not be loaded")


def _serve_parts(module_name: str, limits: Limits, handed: int) -> None:
    """Do one job on the file that was handed over, which is then the only one but the pipes; answer part by part."""
    if handed != _HANDED_FILE:
        os.dup2(handed, _HANDED_FILE)
        os.close(handed)
    parts: _PartsJob = _loaded(module_name, "parts")
    gc.freeze()
    _send({"protections": dict(lock_process(limits))})
    options = json.loads(_read(REQUEST_HEAD.unpack(_read(REQUEST_HEAD.size))[0]))
    arm_cpu_limit(limits.cpu_seconds)
    try:
        for part in parts(_HANDED_FILE, options):
            body = json_bytes({"part": part})
            if len(body) > limits.answer_bytes:
                _send({"refused": Refusal.TOO_LARGE.value})
                return
            _send_bytes(body)
        _send({"end": True})
    except MemoryError:
        _send({"refused": Refusal.OUT_OF_MEMORY.value})
    except Exception:  # noqa: BLE001  # the child's edge: a decoder may raise anything, and its words are not trusted
        _send({"refused": Refusal.CRASHED.value})


def _answer(job: _Job, untrusted_bytes: bytes, options: Mapping[str, Json], answer_bytes: int) -> bytes:
    try:
        answer = json_bytes({"answer": job(untrusted_bytes, options)})
    except MemoryError:
        return json_bytes({"refused": Refusal.OUT_OF_MEMORY.value})
    except Exception:  # noqa: BLE001  # the child's edge: a decoder may raise anything, and its words are not trusted
        return json_bytes({"refused": Refusal.CRASHED.value})
    return answer if len(answer) <= answer_bytes else json_bytes({"refused": Refusal.TOO_LARGE.value})


def _read(size: int) -> bytes:
    """Read that many bytes, fewer only when the parent is gone; kept in one piece of memory, freed after the job."""
    piece = os.read(0, min(size, _PIECE_BYTES))
    if not piece or len(piece) == size:
        return piece  # as it came, not copied
    got = bytearray(piece)
    while len(got) < size:
        piece = os.read(0, min(size - len(got), _PIECE_BYTES))
        if not piece:
            break
        got += piece
    return bytes(got)


def _send(value: Json) -> None:
    _send_bytes(json_bytes(value))


def _send_bytes(body: bytes) -> None:
    rest = memoryview(ANSWER_HEAD.pack(len(body)) + body)
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    main()

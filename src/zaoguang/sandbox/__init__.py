"""Untrusted bytes → a value or a typed refusal, worked out in a child process that can do nothing else."""

from zaoguang.sandbox.frames import Json
from zaoguang.sandbox.limits import JOBS, Limits, Protection, Refusal
from zaoguang.sandbox.pool import Sandbox

__all__ = ["JOBS", "Json", "Limits", "Protection", "Refusal", "Sandbox"]

"""A child's lifeline: a process that serves another must not outlive it.

A part left over by a killed `run` would hold its locks for ever; a worker left over by a killed parent could read a
hostile page for ever. Linux sends a signal when the parent dies (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent_pid: int, death_signal: signal.Signals) -> None:
    """Have the system send this process a signal when its parent dies; end at once if that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent_pid:
        sys.exit(1)

"""Whether a file is still held by its writer."""

from __future__ import annotations

import fcntl
import os
import signal
from pathlib import Path


def is_held_by_writer(path: Path) -> bool | None:
    """Whether a process of this machine has the file open for writing; None where that cannot be known.

    A read lease is granted only while nobody does (fcntl(2), F_SETLEASE). File systems without leases, and files of
    other users, cannot be asked: then quietness has to do.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        # Whoever opens the file for writing while the lease stands makes the kernel send a signal: SIGIO would end us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False

"""The children of a process."""

from contextlib import suppress
from pathlib import Path

import psutil

LISTED = Path("/proc/thread-self/children").exists()
"""Whether the kernel lists the children of each thread. Otherwise every process of the machine has to be looked at."""


def children(process: psutil.Process) -> list[psutil.Process]:
    """Its living children, and those that have ended and were not waited for; empty once it has ended itself."""
    if not LISTED:
        with suppress(psutil.NoSuchProcess):
            return process.children()
        return []
    pids: list[bytes] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{process.pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
                pids += (task / "children").read_bytes().split()
    found = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(int(pid)))
    return found

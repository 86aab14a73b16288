"""Processes of a program whose parent ended: on Linux the harness adopts them, so that none is lost."""

import ctypes
import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache

import psutil

from bench.errors import BenchError

PR_SET_CHILD_SUBREAPER = 36


@cache
def adopt_orphans() -> None:
    """From now on a descendant of this process whose parent ends becomes its child, on Linux. Raises BenchError."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, *map(ctypes.c_ulong, (1, 0, 0, 0))) != 0:
        raise BenchError(f"the harness cannot become a child subreaper: {os.strerror(ctypes.get_errno())}")


class Adopted:
    """The processes of one program that the harness adopted, and the CPU of those that ended.

    `root`: the program's own process. `mark`: the environment variable that it hands down, and its value. `count`: how
    many were adopted so far. `cpu_s`: (user, system) seconds of those that ended, of what they waited for included.
    """

    def __init__(self, root: int, mark: tuple[str, str]) -> None:
        self.count = 0
        self.cpu_s = (0.0, 0.0)
        self._root = root
        self._mark = mark
        self._claimed: set[psutil.Process] = set()
        self._adopted: set[psutil.Process] = set()
        self._foreign: set[psutil.Process] = set()

    def claim(self, processes: Iterable[psutil.Process]) -> None:
        """These belong to the program: if the harness should adopt them, nothing needs to show it."""
        self._claimed.update(processes)

    def among(self, children: Sequence[psutil.Process]) -> list[psutil.Process]:
        """The adopted among all children of the harness; those that have ended are reaped and left out."""
        pids = {child.pid for child in children}
        return [child for child in children if self._belongs(child, pids) and not self._reap(child)]

    def _belongs(self, child: psutil.Process, pids: set[int]) -> bool:
        if child.pid == self._root or child in self._foreign:
            return False
        if child not in self._adopted:
            try:
                if child not in self._claimed and not self._is_ours(child, pids):
                    return False
            except (psutil.Error, OSError):  # it ended meanwhile, or shows its environment to nobody
                return False
            self._adopted.add(child)
            self.count += 1
        return True

    def _is_ours(self, child: psutil.Process, pids: set[int]) -> bool:
        """By its session or its mark.

        A process that ended has no environment left. A child that the harness started is in the harness's session or
        leads its own. So one that is in neither, nor in that of another program, is a daemon that a program left
        behind; with two servers it counts for whichever is read first.
        """
        session = os.getsid(child.pid)
        if session == self._root:
            return True
        if child.status() == psutil.STATUS_ZOMBIE:
            return session not in {os.getsid(0), *pids}
        name, value = self._mark
        ours = child.environ().get(name) == value
        if not ours:
            self._foreign.add(child)
        return ours

    def _reap(self, child: psutil.Process) -> bool:
        """Whether it has ended; what it used is kept then."""
        try:
            pid, _, used = os.wait4(child.pid, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid:
            self.cpu_s = (self.cpu_s[0] + used.ru_utime, self.cpu_s[1] + used.ru_stime)
        return pid != 0

"""Processes that a killed harness left running: found by their mark, and ended."""

import os
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from bench.run.host.owner import owner_in
from bench.run.host.process import GRACE_S, MARK
from bench.run.host.signals import StopRequest


def end_orphans(stop: StopRequest) -> list[str]:
    """What was ended, as `name (pid N)`: this user's processes that carry the mark of a harness which has ended.

    TERM, then KILL after 5 s. Before each signal psutil makes sure that the number still is that process.
    """
    found = {process.pid: f"{_name(process)} (pid {process.pid})" for process in orphans()}
    left = set(found)
    for act in (psutil.Process.terminate, psutil.Process.kill):
        if left:
            left = _signal_all(act, stop)
    return [name for pid, name in found.items() if pid not in left]


def orphans() -> list[psutil.Process]:
    """The processes of this user with the mark of a harness which has ended, but for this process and its parents."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in own and _orphaned(process)]


def _orphaned(process: psutil.Process) -> bool:
    try:
        if process.uids().real != os.getuid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        owner = owner_in(process.environ().get(MARK, ""))
    except (psutil.Error, OSError):  # it has just ended, or its environment is not for this user to read
        return False
    return owner is not None and owner.ours and owner.ended


def _signal_all(act: Callable[[psutil.Process], None], stop: StopRequest) -> set[int]:
    """The orphans that are left 5 s after all got a signal, sooner if there are none."""
    for process in orphans():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # what does not end is among those that are left
            act(process)
    end_s = time.monotonic() + GRACE_S
    while (left := orphans()) and time.monotonic() < end_s:
        stop.sleep()
    return {process.pid for process in left}


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return "a process"

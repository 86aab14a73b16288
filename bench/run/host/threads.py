"""What the threads of a process do, as Linux shows it: run, or wait in a system call; and their CPU."""

import os
import platform
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

CPUCLOCK_SCHED = 2
"""See clock_getcpuclockid(3)."""

RUNNING = "running"
UNKNOWN = "unknown"
FOR_REQUESTS = frozenset({"accept", "poll", "select", "epoll_wait", "io_uring_enter"})
"""A program waits for a request in one of these."""

PARKED = frozenset({"futex", "sigtimedwait", "sigsuspend", "pause", "wait4", "waitid"})
"""A thread waits in one of these until another one wakes it, or a child ends. Sleeps and reads are not among them."""

_X86_64 = {
    0: "read", 1: "write", 7: "poll", 19: "readv", 20: "writev", 23: "select", 34: "pause", 35: "nanosleep",
    42: "connect", 43: "accept", 44: "sendto", 45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 61: "wait4", 72: "fcntl",
    73: "flock", 74: "fsync", 75: "fdatasync", 128: "sigtimedwait", 130: "sigsuspend", 202: "futex", 230: "nanosleep",
    232: "epoll_wait", 247: "waitid", 257: "openat", 270: "select", 271: "poll", 281: "epoll_wait", 288: "accept",
    299: "recvmmsg", 426: "io_uring_enter", 441: "epoll_wait", 449: "futex",
}  # fmt: skip
_ARM_64 = {
    22: "epoll_wait", 25: "fcntl", 32: "flock", 56: "openat", 63: "read", 64: "write", 65: "readv", 66: "writev",
    72: "select", 73: "poll", 82: "fsync", 83: "fdatasync", 95: "waitid", 98: "futex", 101: "nanosleep",
    115: "nanosleep", 133: "sigsuspend", 137: "sigtimedwait", 202: "accept", 203: "connect", 206: "sendto",
    207: "recvfrom", 211: "sendmsg", 212: "recvmsg", 242: "accept", 243: "recvmmsg", 260: "wait4",
    426: "io_uring_enter", 441: "epoll_wait", 449: "futex",
}  # fmt: skip
CALLS: Mapping[str, Mapping[int, str]] = {"x86_64": _X86_64, "aarch64": _ARM_64}
"""By machine, the names of system calls that wait; variants of one call have one name. Source: the kernel's tables,
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds that a thread ran, and that it was ready to run but had no core (run delay)."""

    cpu_s: float
    delay_s: float


def thread_ids(pid: int) -> list[int]:
    """The threads of a process, its main thread first; none where it has ended or they are not listed."""
    with suppress(OSError):
        found = {int(name) for name in os.listdir(f"/proc/{pid}/task")}  # noqa: PTH208 (four times as fast as a path)
        return [*({pid} & found), *sorted(found - {pid})]
    return []


def call(pid: int, thread: int) -> str:
    """The system call that a thread waits in, RUNNING, or `system call N` for one without a name here.

    Raises OSError where the thread has ended, or the kernel does not let this process look.
    """
    first = _line(pid, thread).split()[0]
    if not first.isdecimal():  # "running"; or "-1": stopped outside of any call
        return RUNNING
    return CALLS.get(platform.machine(), {}).get(int(first), f"system call {first}")


def _line(pid: int, thread: int) -> str:
    return _read(pid, thread, "syscall").decode("ascii")


def _read(pid: int, thread: int, name: str) -> bytes:
    with open(f"/proc/{pid}/task/{thread}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 (three times as fast)
        return file.read()


def shown() -> bool:
    """Whether this platform shows what a thread waits in, at least of this process."""
    return waits_for_requests(os.getpid()) is not None


def waits_for_requests(pid: int) -> bool | None:
    """Whether a process waits for requests: its first thread does, or is parked while another thread does.

    A first thread that runs, sleeps or reads does something else, such as an import. None where it cannot be seen: on
    other platforms, or where the kernel does not let this process look. False of a process that has ended.
    """
    if sys.platform != "linux" or platform.machine() not in CALLS:
        return None
    try:
        first = call(pid, pid)
        if first in PARKED:
            return any(call(pid, thread) in FOR_REQUESTS for thread in thread_ids(pid) if thread != pid)
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:  # ptrace is restricted, or this kernel has no such file
        return None
    return first in FOR_REQUESTS


def process_cpu_s(pid: int) -> float:
    """CPU seconds of all threads of a process, those that ended included, by its exact clock; OSError if it ended."""
    return time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED)


def usage(pid: int, thread: int) -> Usage | None:
    """What a thread has used since it began; None where it has ended or the kernel does not say."""
    try:
        ran_ns, delayed_ns, _ = _read(pid, thread, "schedstat").split()
    except (OSError, ValueError):
        return None
    return Usage(int(ran_ns) / 1e9, int(delayed_ns) / 1e9)

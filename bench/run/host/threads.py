"""What the threads of a process wait in, as Linux shows it: the system call that each is in."""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Calls:
    """Numbers of system calls.

    `requests`: those in which a program waits for a request. `parked`: those in which a thread waits until another one
    wakes it, or a child ends; neither a sleep nor reading from a file or a socket is among them.
    """

    requests: frozenset[int]
    parked: frozenset[int]


# accept, accept4; poll, ppoll; select, pselect6; epoll_wait, epoll_pwait, epoll_pwait2; io_uring_enter.
# futex, futex_waitv; rt_sigtimedwait, rt_sigsuspend, pause; wait4, waitid.
_CALLS: Mapping[str, Calls] = {
    "x86_64": Calls(
        frozenset({43, 288, 7, 271, 23, 270, 232, 281, 441, 426}), frozenset({202, 449, 128, 130, 34, 61, 247})
    ),
    "aarch64": Calls(frozenset({202, 242, 73, 72, 22, 441, 426}), frozenset({98, 449, 137, 133, 260, 95})),
}


def shown() -> bool:
    """Whether this platform shows what a thread waits in, at least of this process."""
    return waits_for_requests(os.getpid()) is not None


def waits_for_requests(pid: int) -> bool | None:
    """Whether a process waits for requests: its first thread does, or is parked while another thread does.

    A first thread that runs, sleeps or reads does something else, such as an import. None where it cannot be seen: on
    other platforms, or where the kernel does not let this process look. False of a process that has ended.
    """
    calls = _CALLS.get(platform.machine()) if sys.platform == "linux" else None
    if calls is None:
        return None
    try:
        first = _call(pid, pid)
        if first in calls.parked:
            threads = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()]
            return any(_call(pid, thread) in calls.requests for thread in threads if thread != pid)
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:  # ptrace is restricted, or this kernel has no such file
        return None
    return first in calls.requests


def _call(pid: int, thread: int) -> int | None:
    """The system call that a thread is in; None where it runs, or is stopped outside of any."""
    number, *_ = Path(f"/proc/{pid}/task/{thread}/syscall").read_text(encoding="ascii").split()
    return int(number) if number.isdecimal() else None

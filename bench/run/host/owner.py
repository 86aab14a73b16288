"""Who owns what lies about: a harness, known by its process number and its start time."""

import hashlib
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

TOGETHER = "BENCH_TOGETHER"
"""An environment variable. Harnesses that have the same value in it measure beside one another on purpose, as tests do:
they share the locks of the cores, and each cleans up only after those that have its value."""

_TEXT = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9a-f]{8})\.([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: its number, and when it started, in the platform's unit.

    `place` stands for the boot of the machine and the PID namespace, outside of which the number means nothing; `party`
    for the value of TOGETHER.
    """

    pid: int
    started: int
    place: str
    party: str

    def __str__(self) -> str:
        return f"{self.pid}.{self.started}.{self.place}.{self.party}"

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as this process can see."""
        return self.place == _place() and _started(self.pid) == self.started

    @property
    def ended(self) -> bool:
        """Whether it certainly runs no more."""
        return self.place == _place() and not self.alive

    @property
    def ours(self) -> bool:
        """Whether it has the same value in TOGETHER as this process; mostly neither has any."""
        return self.party == _party()


def this_process() -> Owner:
    """The owner that the calling process is."""
    started = _started(os.getpid())
    if started is None:
        raise RuntimeError(f"process {os.getpid()} has no start time")
    return Owner(os.getpid(), started, _place(), _party())


def owner_in(text: str) -> Owner | None:
    """The first owner that the text names; None where it names none."""
    found = _TEXT.search(text)
    return Owner(int(found[1]), int(found[2]), found[3], found[4]) if found is not None else None


def _started(pid: int) -> int | None:
    """When a process started; None where it has ended, even if its parent has not asked for its exit code yet."""
    if sys.platform == "linux":
        try:
            state, *fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if state in {b"Z", b"X"} else int(fields[18])  # field 22: clock ticks since the boot
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else round(process.create_time() * 100)
    except psutil.NoSuchProcess:
        return None


def _place() -> str:
    boot, namespace = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    return _short(
        boot.read_text(encoding="ascii") if boot.exists() else f"{psutil.boot_time():.0f}",
        str(namespace.readlink()) if namespace.is_symlink() else "",
    )


def _party() -> str:
    return _short(os.environ.get(TOGETHER, ""))


def _short(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]

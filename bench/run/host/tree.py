"""Memory, CPU, threads and context switches of a program and of all processes that it started."""

import operator
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.run.host.process import Program

CPUCLOCK_SCHED = 2


@dataclass(frozen=True, slots=True)
class Use:
    """What a role uses, summed over its processes: a row of the readings in bench/model/samples.py.

    Memory, threads and switches are -1 where they are not read, or the platform does not report them.
    """

    cpu_user_s: float
    cpu_system_s: float
    pss_bytes: int = -1
    anon_bytes: int = -1
    rss_bytes: int = -1
    uss_bytes: int = -1
    threads: int = -1
    switches: int = -1


class Tree:
    """A program's process tree. CPU and switches of processes that ended stay counted as last read."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._cpu_s: dict[int, tuple[float, float]] = {}
        self._switches: dict[tuple[int, int], int] = {}

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all members, those that ended included, as last read."""
        return sum(user_s + system_s for user_s, system_s in self._cpu_s.values())

    def read_cpu(self) -> list[psutil.Process]:
        """Read the CPU that the tree has used; returns its living members, for `use`."""
        members = self.program.tree()
        self._read_cpu(members)
        return members

    def use(self, members: Sequence[psutil.Process] | None = None) -> Use:
        """Everything about the tree, its CPU as last read for these members, or now: reading memory takes longest."""
        if members is None:
            members = self.read_cpu()
        threads = 0
        memory = (0, 0, 0, 0)
        for member in members:
            try:
                member_memory = _memory(member)
                member_switches = _switches(member)
            except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                continue  # it ended while it was read
            memory = tuple(map(operator.add, memory, member_memory))
            threads += len(member_switches) if sys.platform == "linux" else member.num_threads()
            self._switches.update({(member.pid, thread): count for thread, count in member_switches.items()})
        pss, anon, rss, uss = memory
        return Use(
            cpu_user_s=sum(user for user, _ in self._cpu_s.values()),
            cpu_system_s=sum(system for _, system in self._cpu_s.values()),
            pss_bytes=max(pss, -1),
            anon_bytes=max(anon, -1),
            rss_bytes=rss,
            uss_bytes=uss,
            threads=threads,
            switches=sum(self._switches.values()),
        )

    def _read_cpu(self, members: Sequence[psutil.Process]) -> None:
        for member in members:
            try:
                times = member.cpu_times()
                self._cpu_s[member.pid] = _exact_cpu(member.pid, times.user, times.system)
            except (psutil.NoSuchProcess, OSError):
                continue


class OneProcess:
    """A program whose own process does all its work: only its CPU is read, which costs little."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._last = Use(0.0, 0.0)

    def use(self) -> Use:
        """Its CPU; once it has ended, as last read."""
        with suppress(psutil.NoSuchProcess, OSError):
            pid = self.program.process.pid
            times = psutil.Process(pid).cpu_times()
            self._last = Use(*_exact_cpu(pid, times.user, times.system))
        return self._last


def own_use() -> Use:
    """The CPU of this process, the harness."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Use(used.ru_utime, used.ru_stime)


def _exact_cpu(pid: int, user_s: float, system_s: float) -> tuple[float, float]:
    """(user, system) seconds, from the counters in 10 ms ticks and, on Linux, the process's own exact clock."""
    ticks_s = user_s + system_s
    if sys.platform != "linux" or ticks_s == 0:
        return user_s, system_s
    # The clock of another process, as clock_getcpuclockid(3) makes its number.
    exact_s = time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED)
    return exact_s * user_s / ticks_s, exact_s * system_s / ticks_s


def _memory(process: psutil.Process) -> tuple[int, ...]:
    """(PSS, its anonymous part, RSS, USS) in bytes; the first two are -1 where the platform has none."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    if not rollup.exists():
        full = process.memory_full_info()
        return -1, -1, full.rss, full.uss
    kilobytes: dict[bytes, int] = {}
    for line in rollup.read_bytes().splitlines()[1:]:
        name, _, value = line.partition(b":")
        kilobytes[name] = int(value.split()[0])
    private = kilobytes[b"Private_Clean"] + kilobytes[b"Private_Dirty"] + kilobytes.get(b"Private_Hugetlb", 0)
    pss, rss = kilobytes[b"Pss"] * 1024, kilobytes[b"Rss"] * 1024
    anon = kilobytes[b"Pss_Anon"] * 1024 if b"Pss_Anon" in kilobytes else -1  # from Linux 5.4 on
    return pss, anon, rss, private * 1024


def _switches(process: psutil.Process) -> dict[int, int]:
    """How often each living thread was given a core, by its number; all as one where the platform does not say."""
    tasks = Path(f"/proc/{process.pid}/task")
    if not tasks.exists():
        counted = process.num_ctx_switches()
        return {process.pid: counted.voluntary + counted.involuntary}
    switches = {}
    for task in tasks.iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread ended while its process was read
            switches[int(task.name)] = int((task / "schedstat").read_bytes().split()[2])
    return switches

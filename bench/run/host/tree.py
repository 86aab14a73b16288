"""Memory, CPU, threads and context switches of a program and of all processes that it started."""

import operator
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.run.host.process import Program, Running
from bench.run.host.threads import process_cpu_s
from bench.run.host.workers import Workers

ATTEMPTS = 5
"""How often a reading is taken at most, while members end during it."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a role uses, summed over its processes: a row of the readings in bench/model/samples.py.

    All but the CPU is -1 where it is not read, or the platform does not report it. `worker_start_s`: CPU seconds that
    the start of one worker took.
    """

    cpu_user_s: float
    cpu_system_s: float
    pss_bytes: int = -1
    anon_bytes: int = -1
    rss_bytes: int = -1
    uss_bytes: int = -1
    threads: int = -1
    switches: int = -1
    workers_replaced: int = -1
    worker_start_s: float = -1.0
    adopted: int = -1


class Tree:
    """A program's process tree, adopted orphans included.

    Its CPU is what the living have used, what those used that the living have waited for, and what adopted ones used
    that ended. Where the platform does not report what was waited for, a process that ended counts as last read. So do
    the context switches of processes that ended, everywhere.
    """

    def __init__(self, program: Running) -> None:
        self.program = program
        self._members: Sequence[psutil.Process] = ()
        self._own_s: dict[int, tuple[float, float]] = {}
        self._cpu_s = (0.0, 0.0)
        self._switches: dict[tuple[int, int], int] = {}
        self._workers: Workers | None = None

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all members, those that ended included, as last read."""
        return sum(self._cpu_s)

    def read_cpu(self) -> Sequence[psutil.Process]:
        """Read the CPU that the tree has used; returns its members, for `use`.

        A reading may lack something, but has nothing twice: see `_read`. So the highest one holds.
        """
        for _ in range(ATTEMPTS):
            self._members = self.program.tree()
            found_s, whole = self._read(self._members)
            self._cpu_s = max(self._cpu_s, found_s, key=sum)
            if whole:
                break
        return self._members

    def use(self, members: Sequence[psutil.Process] | None = None) -> Use:
        """Everything about the tree, its CPU as last read for these members, or now: reading memory takes longest."""
        if members is None:
            members = self.read_cpu()
        if self._workers is None:
            self._workers = Workers(members, {pid: sum(own_s) for pid, own_s in self._own_s.items()})
        self._workers.see(members)
        threads = 0
        memory = (0, 0, 0, 0)
        hidden = False
        for member in members:
            try:
                member_memory = _memory(member)
                member_switches = _switches(member)
            except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                continue  # it ended while it was read
            memory = tuple(map(operator.add, memory, member_memory))
            hidden = hidden or member_memory[-1] < 0
            threads += len(member_switches) if sys.platform == "linux" else member.num_threads()
            self._switches.update({(member.pid, thread): count for thread, count in member_switches.items()})
        pss, anon, rss, uss = memory
        if hidden:
            pss = anon = uss = -1
        return Use(
            cpu_user_s=self._cpu_s[0],
            cpu_system_s=self._cpu_s[1],
            pss_bytes=max(pss, -1),
            anon_bytes=max(anon, -1),
            rss_bytes=rss,
            uss_bytes=uss,
            threads=threads,
            switches=sum(self._switches.values()),
            workers_replaced=self._workers.replaced,
            worker_start_s=self._workers.start_s,
            adopted=self.program.adopted.count,
        )

    def resident_bytes(self) -> int:
        """RSS of the members that were last listed, which costs little to read."""
        found = 0
        for member in self._members:
            with suppress(psutil.NoSuchProcess):
                found += member.memory_info().rss
        return found

    def _read(self, members: Sequence[psutil.Process]) -> tuple[tuple[float, float], bool]:
        """((user, system) seconds of the tree, whether all members lived to the end of the reading).

        First what everybody has waited for, then everybody's own clock. Whoever is waited for in between has no clock
        any more, so this reading lacks it; nobody is in it twice.
        """
        times, own_s = {}, {}
        for member in members:
            with suppress(psutil.NoSuchProcess):
                times[member.pid] = member.cpu_times()
        for pid, one in times.items():
            with suppress(OSError):
                own_s[pid] = _exact_cpu(pid, one.user, one.system)
        self._own_s = own_s if sys.platform == "linux" else self._own_s | own_s
        waited_s = ((one.children_user, one.children_system) for one in times.values())
        user_s, system_s = map(sum, zip(self.program.adopted.cpu_s, *self._own_s.values(), *waited_s, strict=True))
        return (user_s, system_s), len(own_s) == len(members)


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
    if sys.platform != "linux":
        return user_s, system_s
    exact_s = process_cpu_s(pid)
    share = user_s / ticks_s if ticks_s else 1.0
    return exact_s * share, exact_s * (1 - share)


def _memory(process: psutil.Process) -> tuple[int, ...]:
    """(PSS, its anonymous part, RSS, USS) in bytes.

    The first two are -1 where the platform has none, and all but RSS where another user's may not be read.
    """
    try:
        return _own_memory(process)
    except (PermissionError, psutil.AccessDenied):
        return -1, -1, process.memory_info().rss, -1


def _own_memory(process: psutil.Process) -> tuple[int, ...]:
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

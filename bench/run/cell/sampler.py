"""Memory and CPU of the server's process tree, read about once a second from a thread of the harness."""

import heapq
import math
import operator
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import psutil

from bench.errors import BenchError
from bench.run.host.cpus import CpuSets
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest

INTERVAL_S = 1.0
COST_SHARE = 0.004
"""A reading that costs more than this share of the interval makes the interval longer: under 1 % of a core in all."""

SETTLE_S = 0.3
SETTLE_LIMIT_S = 5.0
SETTLED_CORES = 0.02

CPUCLOCK_SCHED = 2


@dataclass(frozen=True, slots=True)
class TreeUse:
    """Memory and CPU of one process tree, summed. `pss_bytes` and `anon_bytes` are -1 where the platform has none."""

    pss_bytes: int
    anon_bytes: int
    rss_bytes: int
    uss_bytes: int
    cpu_user_s: float
    cpu_system_s: float
    threads: int
    switches: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One moment, on CLOCK_MONOTONIC: each server's tree, and CPU seconds of generator, upstream and harness.

    The steal seconds are summed over the cores of either side; NaN where the platform does not tell them.
    """

    t_s: float
    generator_cpu_s: float
    upstream_cpu_s: float
    sampler_cpu_s: float
    server_steal_s: float
    load_steal_s: float
    servers: tuple[TreeUse, ...]


class Tree:
    """A program's process tree. CPU and switches of what has ended stay counted as last seen."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._cpu_s: dict[int, tuple[float, float]] = {}
        self._switches: dict[tuple[int, int], int] = {}

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all members, those that ended included, as read last."""
        return sum(user_s + system_s for user_s, system_s in self._cpu_s.values())

    def read_cpu(self) -> list[psutil.Process]:
        """Read what CPU the tree has used, for `use` to tell; its living members."""
        members = self.program.tree()
        self._read_cpu(members)
        return members

    def use(self, members: Sequence[psutil.Process] | None = None) -> TreeUse:
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
        user_s = sum(user for user, _ in self._cpu_s.values())
        system_s = sum(system for _, system in self._cpu_s.values())
        switches = sum(self._switches.values())
        pss, anon, rss, uss = memory
        return TreeUse(max(pss, -1), max(anon, -1), rss, uss, user_s, system_s, threads, switches)

    def _read_cpu(self, members: Sequence[psutil.Process]) -> None:
        for member in members:
            try:
                times = member.cpu_times()
                self._cpu_s[member.pid] = _exact_cpu(member.pid, times.user, times.system)
            except (psutil.NoSuchProcess, OSError):
                continue


def wait_until_idle(trees: Sequence[Tree], stop: StopRequest) -> None:
    """Return once all use next to no CPU, or after 5 s: all their workers have then started, not just one."""
    end_s = time.monotonic() + SETTLE_LIMIT_S
    before_s = -1.0
    while time.monotonic() < end_s:
        for tree in trees:
            tree.read_cpu()
        now_s = sum(tree.cpu_s for tree in trees)
        if before_s >= 0 and now_s - before_s < SETTLED_CORES * SETTLE_S:
            return
        before_s = now_s
        stop.sleep(SETTLE_S)


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


def own_cpu_s(program: Program) -> float:
    """CPU seconds of a program's own process; 0 once it has ended."""
    try:
        times = psutil.Process(program.process.pid).cpu_times()
        return sum(_exact_cpu(program.process.pid, times.user, times.system))
    except (psutil.NoSuchProcess, OSError):
        return 0.0


class Sampler:
    """A context that reads every `interval_s`, and at each moment that `read_at` names, into `readings`.

    The first reading is the `idle` one handed to it. A reading that costs much is taken less often. On leaving, a last
    one is taken, so that the window lies between two; what went wrong in the thread is raised then.
    """

    def __init__(
        self,
        trees: Sequence[Tree],
        generator: Program,
        upstream: Program,
        cpus: CpuSets,
        idle: Reading,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self.readings = [idle]
        self._cpus = cpus
        self._interval_s = interval_s
        self._trees = trees
        self._generator = generator
        self._upstream = upstream
        self._moments: list[float] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sampler")

    def __enter__(self) -> "Sampler":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()
        if error is None and self._error is not None:
            raise BenchError(f"the sampler failed: {type(self._error).__name__}: {self._error}") from self._error

    def read_at(self, moment_s: float) -> None:
        """Take a reading at this moment too."""
        with self._wake:
            heapq.heappush(self._moments, moment_s)
            self._wake.notify()

    def _run(self) -> None:
        try:
            next_s = time.monotonic()
            while self._wait_until_due(next_s):
                next_s = time.monotonic() + max(self._interval_s, self._read() / COST_SHARE)
            self._read()
        except Exception as error:  # noqa: BLE001 (raised again by the thread that leaves the context)
            self._error = error

    def _wait_until_due(self, next_s: float) -> bool:
        """Wait for the next reading, regular or asked for; False once the sampler is to stop."""
        with self._wake:
            while not self._stopping:
                now_s = time.monotonic()
                due_s = min([next_s, *self._moments[:1]])
                if due_s <= now_s:
                    while self._moments and self._moments[0] <= now_s:
                        heapq.heappop(self._moments)
                    return True
                self._wake.wait(min(due_s - now_s, threading.TIMEOUT_MAX))
            return False

    def _read(self) -> float:
        """Take a reading; the CPU seconds that it cost."""
        before_s = time.thread_time()
        last = self.readings[-1]
        reading = read(self._trees, self._generator, self._upstream, self._cpus)
        # A program that has ended no longer tells its CPU; what it told last stands.
        self.readings.append(
            replace(
                reading,
                generator_cpu_s=max(reading.generator_cpu_s, last.generator_cpu_s),
                upstream_cpu_s=max(reading.upstream_cpu_s, last.upstream_cpu_s),
            )
        )
        return time.thread_time() - before_s


def read(trees: Sequence[Tree], generator: Program | None, upstream: Program, cpus: CpuSets) -> Reading:
    """A reading of now; before there is a generator it has used no CPU."""
    t_s = time.monotonic()
    living = [tree.read_cpu() for tree in trees]
    generator_s = own_cpu_s(generator) if generator is not None else 0.0
    own_s, steal_s = time.process_time(), (_steal_s(cpus.server), _steal_s(cpus.load))
    servers = tuple(tree.use(members) for tree, members in zip(trees, living, strict=True))
    return Reading(t_s, generator_s, own_cpu_s(upstream), own_s, *steal_s, servers)


def _steal_s(cpus: Sequence[int]) -> float:
    """Seconds that the hypervisor took from these cores since the start; from all where none are named."""
    if sys.platform != "linux":
        return math.nan
    cores = psutil.cpu_times(percpu=True)
    return float(sum(times.steal for number, times in enumerate(cores) if not cpus or number in cpus))

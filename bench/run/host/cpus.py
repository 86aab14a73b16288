"""Which cores the server gets, and which the load generator, the upstream and the harness share."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError


@dataclass(frozen=True, slots=True)
class CpuSets:
    """Core numbers of the server and of the load; both are empty where nothing is pinned, and `note` says why."""

    server: tuple[int, ...]
    load: tuple[int, ...]
    note: str | None = None

    @property
    def used(self) -> tuple[int, ...]:
        """Every core that a run uses: those of both sides; where nothing is pinned, all that this process may use."""
        return (*self.server, *self.load) or tuple(_usable())

    @property
    def generator(self) -> tuple[int, ...]:
        """The generator's core: the first of the load's."""
        return self.load[:1]

    @property
    def upstream(self) -> tuple[int, ...]:
        """The upstream's cores: the rest of the load's, or the same one where there is no other."""
        return self.load[1:] or self.load


def cpu_sets(server_cpus: int) -> CpuSets:
    """The last `server_cpus` cores for the server, the others for the load.

    Hardware threads that share a core with the server stay unused, unless the load would have none. Raises BenchError
    where a machine of two or more cores has too few for the server and one for the load.
    """
    if sys.platform != "linux":
        return CpuSets((), (), "this platform cannot pin processes to cores: server and load share them all")
    usable = _usable()
    if len(usable) == 1:
        return CpuSets((), (), "this machine has one core: server and load share it, so figures describe both")
    if len(usable) <= server_cpus:
        raise BenchError(f"server_cpus = {server_cpus}, but there are {len(usable)} cores and the load needs one")
    server = usable[-server_cpus:]
    others = [cpu for cpu in usable if cpu not in server]
    siblings = {sibling for cpu in server for sibling in _siblings(cpu)}
    return CpuSets(tuple(server), tuple(cpu for cpu in others if cpu not in siblings) or tuple(others))


def _usable() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else list(range(os.cpu_count() or 1))


def _siblings(cpu: int) -> set[int]:
    """The hardware threads of a core, itself included."""
    path = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    if not path.exists():
        return {cpu}
    found: set[int] = set()
    for part in path.read_text(encoding="ascii").strip().split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


@contextmanager
def pinned(cpus: Sequence[int]) -> Iterator[None]:
    """Run the calling thread, and what it starts meanwhile, on these cores; without cores, leave it where it is.

    A child inherits the affinity of the thread that starts it, so it is pinned from its first instruction on.
    """
    if not cpus:
        yield
        return
    former = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, former)

"""One reading: what every role uses at one moment, and what the hypervisor took of the cores."""

import math
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psutil

from bench.model.samples import LOAD_SIDE
from bench.run.host.cpus import CpuSets
from bench.run.host.tree import OneProcess, Tree, Use, own_use


@dataclass(frozen=True, slots=True)
class Reading:
    """One moment on CLOCK_MONOTONIC: the use of each role, by its name.

    Steal: seconds since the machine started, summed over the cores of either side; NaN where it is not reported.
    """

    t_s: float
    uses: Mapping[str, Use]
    server_steal_s: float
    load_steal_s: float


@dataclass(frozen=True, slots=True)
class Resident:
    """RSS of each server's process tree at one moment on CLOCK_MONOTONIC, by its role."""

    t_s: float
    rss_bytes: Mapping[str, int]


def read(servers: Mapping[str, Tree], load_side: Mapping[str, OneProcess], cpus: CpuSets) -> Reading:
    """A reading of now, with the harness itself as a role. All CPU is read first: reading memory takes longer."""
    t_s = time.monotonic()
    living = {role: tree.read_cpu() for role, tree in servers.items()}
    others = {role: process.use() for role, process in load_side.items()} | {"harness": own_use()}
    server_steal_s, load_steal_s = _steal_s(cpus.server), _steal_s(cpus.load)
    uses = {role: tree.use(living[role]) for role, tree in servers.items()} | others
    return Reading(t_s, uses, server_steal_s, load_steal_s)


def read_resident(servers: Mapping[str, Tree]) -> Resident:
    """The RSS of now, which costs little: to see whether memory grows takes more readings than PSS can have."""
    return Resident(time.monotonic(), {role: tree.resident_bytes() for role, tree in servers.items()})


def roles(readings: Iterable[Reading], servers: Iterable[str]) -> Sequence[str]:
    """The names of all roles: the servers, then those of the load side, then any others."""
    seen = dict.fromkeys(role for reading in readings for role in reading.uses)
    return list(dict.fromkeys([*servers, *(role for role in LOAD_SIDE if role in seen), *seen]))


def _steal_s(cpus: Sequence[int]) -> float:
    """Seconds that the hypervisor took from these cores since the start; from all where none are named."""
    if sys.platform != "linux":
        return math.nan
    cores = psutil.cpu_times(percpu=True)
    return float(sum(times.steal for number, times in enumerate(cores) if not cpus or number in cpus))

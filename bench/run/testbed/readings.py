"""One reading: what every role uses at one moment, and the times of the cores."""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.model.samples import LOAD_SIDE
from bench.run.host.cores import CoreTimes, ProcessTime, core_times, process_times
from bench.run.host.cpus import CpuSets
from bench.run.host.tree import OneProcess, Tree, Use, own_use


@dataclass(frozen=True, slots=True)
class Reading:
    """One moment on CLOCK_MONOTONIC: the use of each role, by its name.

    `cores_t_s` is the moment of the times of the cores, which are None where the platform does not account them.
    """

    t_s: float
    uses: Mapping[str, Use]
    cores_t_s: float
    server_cores: CoreTimes | None
    load_cores: CoreTimes | None


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
    cores_t_s = time.monotonic()
    server_cores, load_cores = core_times(cpus.server), core_times(cpus.load)
    uses = {role: tree.use(living[role]) for role, tree in servers.items()} | others
    return Reading(t_s, uses, cores_t_s, server_cores, load_cores)


def read_resident(servers: Mapping[str, Tree]) -> Resident:
    """The RSS of now, which costs little: to see whether memory grows takes more readings than PSS can have."""
    return Resident(time.monotonic(), {role: tree.resident_bytes() for role, tree in servers.items()})


def roles(readings: Iterable[Reading], servers: Iterable[str]) -> Sequence[str]:
    """The names of all roles: the servers, then those of the load side, then any others."""
    seen = dict.fromkeys(role for reading in readings for role in reading.uses)
    return list(dict.fromkeys([*servers, *(role for role in LOAD_SIDE if role in seen), *seen]))


def processes_beside(servers: Iterable[Tree], load_side: Iterable[OneProcess]) -> Mapping[int, ProcessTime]:
    """Every process of this machine that is no part of a role, by its id, with what it has used so far."""
    known = {member.pid for tree in servers for member in tree.program.tree()}
    known |= {one.program.process.pid for one in load_side} | {os.getpid()}
    return {pid: seen for pid, seen in process_times().items() if pid not in known}

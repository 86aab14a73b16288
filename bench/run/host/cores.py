"""What the kernel accounts of cores, and what each process on this machine has used of them."""

import gzip
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from bench.run.host.threads import process_cpu_s

IRQ_ACCOUNTING = "CONFIG_IRQ_TIME_ACCOUNTING"


@dataclass(frozen=True, slots=True)
class CoreTimes:
    """Seconds since the machine started, summed over some cores: taken by the hypervisor, and with no program on them.

    With no program: idle, waiting for a disk and, where the kernel accounts them apart from programs, interrupts.
    """

    steal_s: float
    idle_s: float


@dataclass(frozen=True, slots=True)
class ProcessTime:
    """A process: its name, the CPU seconds that it has used, and the core that it ran on last."""

    name: str
    cpu_s: float
    core: int


def core_times(cpus: Sequence[int]) -> CoreTimes | None:
    """The times of these cores, or of all where none are named; None where the platform does not account them so.

    Idle is exact, whereas the kernel's busy columns are sampled: wrong by up to 3 points in 3 s.
    """
    if sys.platform != "linux":
        return None
    cores = [one for number, one in enumerate(psutil.cpu_times(percpu=True)) if not cpus or number in cpus]
    idle_s = sum(one.idle + one.iowait for one in cores)
    if _interrupts_apart():
        idle_s += sum(one.irq + one.softirq for one in cores)
    return CoreTimes(sum(one.steal for one in cores), idle_s)


def process_times() -> Mapping[int, ProcessTime]:
    """Every process that can be seen, by its id; about 10 us each."""
    found = {}
    for entry in os.scandir("/proc") if sys.platform == "linux" else ():
        if not entry.name.isdecimal():
            continue
        with suppress(OSError, ValueError, IndexError):  # it ended meanwhile
            before, _, after = Path(entry.path, "stat").read_text("utf-8", "replace").rpartition(")")
            found[int(entry.name)] = ProcessTime(
                before.partition("(")[2], process_cpu_s(int(entry.name)), int(after.split()[36])
            )
    return found


@cache
def _interrupts_apart() -> bool:
    """Whether interrupts are accounted apart from the programs that they interrupt; so it is said, if nothing says."""
    for path in (Path("/proc/config.gz"), Path(f"/boot/config-{platform.release()}")):
        with suppress(OSError):
            data = path.read_bytes()
            text = gzip.decompress(data) if path.suffix == ".gz" else data
            return f"{IRQ_ACCOUNTING}=y".encode() in text
    return True

"""Whether this machine can measure a plan: a selftest that covers it, kept for an hour, and enough open files."""

import resource
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import psutil
from rich.console import Console

from bench.errors import BenchError
from bench.model.run import Run, Selftest
from bench.places import RESULTS
from bench.plan.demand import demand, refusal, unproven
from bench.record import store
from bench.run.host.cpus import CpuSets, pinned
from bench.run.host.signals import StopRequest
from bench.run.session.folder import SELFTEST_NAME
from bench.run.session.selftest import Ladders, goes_far_enough, ladders_for, most_users, selftest

SELFTEST = RESULTS / SELFTEST_NAME
SELFTEST_S = 3600.0
SELFTEST_SEED = 1
SOCKETS_PER_REQUEST = 4
SPARE_DESCRIPTORS = 200


def tested(run: Run, cpus: CpuSets, stop: StopRequest, *, force: bool) -> Run:
    """The run with a selftest that covers it. Raises BenchError where the machine cannot measure it."""
    asked = demand(run.config)
    found = store.load_selftest(SELFTEST)
    fits = found is not None and _still_holds(found, cpus) and goes_far_enough(found, asked)
    if found is None or not fits or refusal(asked, found) or unproven(asked, found):
        found = take_selftest(cpus, ladders_for(asked), stop)
    reason = refusal(asked, found)
    if reason is not None and not force:
        raise BenchError(f"{reason}. Ask for a lower load, stop other programs, or go on with --force")
    seen = [f"selftest of {found.taken}: {problem}" for problem in found.problems if problem not in run.notes]
    notes = (f"forced: {reason}" if reason is not None else None, unproven(asked, found), *seen)
    return replace(run, selftest=found, notes=(*run.notes, *(note for note in notes if note is not None)))


def _still_holds(found: Selftest, cpus: CpuSets) -> bool:
    """Whether a selftest is of these cores, not older than an hour, and taken since the machine started."""
    try:
        age_s = (datetime.now(UTC) - datetime.fromisoformat(found.taken)).total_seconds()
    except (ValueError, TypeError):  # no moment, or one of no time zone
        return False
    same = found.cpu_sets == (cpus.server, cpus.load)
    return same and 0 <= age_s <= min(SELFTEST_S, time.time() - psutil.boot_time())


def take_selftest(cpus: CpuSets, ladders: Ladders, stop: StopRequest) -> Selftest:
    """A selftest taken now, kept for the runs of the next hour. Raises BenchError where it cannot be taken at all."""
    descriptors_for(most_users(ladders), at_most=True)  # a trial that has too few fails, which is not sound
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("selftest: what can this machine measure?")
    with pinned(cpus.load):
        found = selftest(cpus, ladders, SELFTEST_SEED, stop, lambda line: console.print(f"  {line}", markup=False))
    with suppress(OSError):  # kept for convenience: the run has it too
        store.save_selftest(SELFTEST, found)
    return found


def descriptors_for(in_flight: int, *, at_most: bool = False) -> None:
    """Let this process, and those that it starts, open as many files as so many requests in flight need.

    Raises BenchError where the hard limit does not allow it; `at_most`: then as many as it allows.
    """
    needed = SOCKETS_PER_REQUEST * in_flight + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed and at_most:
        needed = hard
    elif hard != resource.RLIM_INFINITY and hard < needed:
        raise BenchError(
            f"{in_flight} requests in flight need {needed} open files in one process, but the limit is {hard}: "
            f"raise it (`ulimit -Hn`, or /etc/security/limits.conf), or ask for a lower load"
        )
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))

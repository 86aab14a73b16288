"""What this machine can measure: the real load generator against the real upstream, with no server between them."""

import math
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil

from bench import units
from bench.errors import BenchError
from bench.judge.cell.figures import percentile
from bench.judge.cell.kinds import MOMENTARY
from bench.judge.cell.problems import SEND_DELAY_S, UPSTREAM_DELAY_ERROR_S
from bench.model.cell import CellKey, Measurement
from bench.model.config import Closed, Load, Open, Plan, Profile, Scenario, Stack, Timing, UpstreamCall
from bench.model.requests import MIX, Asked, Request
from bench.model.run import Selftest
from bench.plan.demand import Demand
from bench.run.cell.visit import run_cell
from bench.run.host.cpus import CpuSets
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest
from bench.run.host.tree import OneProcess
from bench.run.testbed.readings import read
from bench.run.testbed.setting import Setting
from bench.run.testbed.testbed import upstream_alone
from bench.run.testbed.upstream import Upstream, running_upstream

OPEN_RATES = (100.0, 500.0, 1000.0, 2000.0, 3000.0, 4500.0, 6000.0)
SEARCH_RATES = (500.0, 1000.0, 2000.0, 4000.0)
SEARCH_UPSTREAM_RATES = (2000.0, 8000.0)
"""What a search for capacity needs to know: how far it may go."""

USERS = (100, 500, 1000, 2000)
UPSTREAM_RATES = (2000.0, 5000.0, 10_000.0, 20_000.0)
GENERATOR_USERS = 50
WAIT_S = 0.1
TIMEOUT_S = 3.0
USERS_RATE_RPS = 2000.0
ACHIEVED_SHARE = 0.9
SPARE_IN_FLIGHT = 2
FEWEST = 3.0
"""A window in which fewer requests arrive shows nothing."""

TRIES = 3
"""On a shared machine a trial may fail by chance; what the machine cannot do fails each time."""

NONE_SOUND = "every one that was tried failed"
BUSY_SHARE = 0.10
STEAL_SHARE = 0.05
QUIET_S = 0.5
TIMER_S = 0.001
TIMERS = 100
READINGS = 20
DEVIATION = 1.4826
"""The standard deviation of a normal distribution is its median absolute deviation, times this."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ladders:
    """What is tried, each list ascending, up to the first that fails."""

    open_rps: Sequence[float] = OPEN_RATES
    users: Sequence[int] = USERS
    upstream_rps: Sequence[float] = UPSTREAM_RATES


def ladders_for(asked: Demand) -> Ladders:
    """Only what is needed, each in one step; for searches, up to where the machine fails."""
    upstream_rps = min(asked.upstream_rps, UPSTREAM_RATES[-1])
    return Ladders(
        sorted({*filter(None, [asked.open_rps]), *(SEARCH_RATES if asked.searches else ())}),
        [asked.users] if asked.users else [],
        sorted({*filter(None, [upstream_rps]), *(SEARCH_UPSTREAM_RATES if asked.searches else ())}),
    )


def goes_far_enough(found: Selftest, asked: Demand) -> bool:
    """Whether a selftest tells how far a search may go, if there is one."""
    return not asked.searches or found.tried_rps >= SEARCH_RATES[-1]


def most_users(ladders: Ladders) -> int:
    """The most requests that any trial may have in flight."""
    rates = max([*ladders.open_rps, *ladders.upstream_rps], default=0.0)
    return max([*ladders.users, math.ceil(SPARE_IN_FLIGHT * rates * WAIT_S)])


def selftest(cpus: CpuSets, ladders: Ladders, seed: int, stop: StopRequest, say: Say) -> Selftest:
    """What this machine can measure, as far as the ladders go.

    Raises BenchError where generator or upstream do not work at all, Interrupted at a signal.
    """
    stolen_s, busy = _stolen_s(), _busy(stop)
    begun_s = time.monotonic()
    timer_s = _timer_lateness_s()
    with scratch_folder() as folder:
        bench = _Bench(cpus, seed, folder, stop)
        generator_rps = bench.generator_rps()
        say(f"load generator: {units.rate(generator_rps)} closed-loop, on its core")
        open_rps, send_delay_s = bench.highest_rate(ladders.open_rps)
        if ladders.open_rps:
            found = f"{units.offered(open_rps)} on schedule, send delay {units.seconds(send_delay_s)} at P99"
            say(f"open-loop loads: {found if open_rps else NONE_SOUND}")
        users = bench.most_users(ladders.users)
        if ladders.users:
            say(f"closed-loop loads: {f'{units.users(users)} all in flight' if users else NONE_SOUND}")
        upstream_rps, error_s = bench.upstream_rps(ladders.upstream_rps)
        if ladders.upstream_rps:
            found = f"{units.rate(upstream_rps)}, delays off by {units.seconds(error_s)} at P99"
            say(f"upstream: {found if upstream_rps else NONE_SOUND}")
        sampler_s = bench.sampler_s()
    taken_s = time.monotonic() - begun_s
    steal = None if stolen_s is None else ((_stolen_s() or 0.0) - stolen_s) / (taken_s * (os.cpu_count() or 1))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return Selftest(
        taken=datetime.now(UTC).isoformat(timespec="seconds"),
        cpu_sets=(cpus.server, cpus.load),
        generator_rps=generator_rps,
        open_rps=open_rps,
        open_send_delay_s=send_delay_s,
        users=users,
        upstream_rps=upstream_rps,
        upstream_delay_error_s=error_s,
        timer_s=timer_s,
        sampler_s=sampler_s,
        descriptors=None if hard == resource.RLIM_INFINITY else hard,
        steal=steal,
        busy=busy,
        problems=tuple(_problems(cpus, timer_s, steal, busy)),
        other_spread=bench.other_spread(),
        tried_rps=max(ladders.open_rps, default=0.0),
    )


def _problems(cpus: CpuSets, timer_s: float, steal: float | None, busy: float) -> Iterator[str]:
    if cpus.note:
        yield cpus.note
    if timer_s > SEND_DELAY_S:
        yield f"timers are {units.seconds(timer_s)} late at P99 (limit {units.seconds(SEND_DELAY_S)})"
    if steal is not None and steal > STEAL_SHARE:
        yield f"the hypervisor took {units.percent(steal)} of the cores meanwhile (limit {units.percent(STEAL_SHARE)})"
    if busy > BUSY_SHARE:
        yield f"other programs kept the cores {units.percent(busy)} busy before (limit {units.percent(BUSY_SHARE)})"


class _Bench:
    """Trials on these cores. Each is a cell whose server is the upstream itself."""

    def __init__(self, cpus: CpuSets, seed: int, folder: Path, stop: StopRequest) -> None:
        self.cpus = cpus
        self.seed = seed
        self.folder = folder
        self.stop = stop
        self.others: list[float] = []

    def generator_rps(self) -> float:
        """Requests/s of the generator on its own core, against an upstream without delay on the server's."""
        with self._upstream(0.0, self.cpus.server) as upstream:
            return self._trial(upstream, Closed(users=GENERATOR_USERS), 0.0).throughput_rps or 0.0

    def highest_rate(self, rates: Iterable[float]) -> tuple[float, float]:
        """(the highest rate that was sent on schedule, the P99 of the send delay); all placed as in a run."""
        with self._upstream(WAIT_S, self.cpus.upstream) as upstream:

            def sound(rate_rps: float) -> float | None:
                in_flight = max(int(SPARE_IN_FLIGHT * rate_rps * WAIT_S), 100)
                load = Open(rate_rps=rate_rps, arrivals="fixed", max_in_flight=in_flight)
                found = self._trial(upstream, load, WAIT_S)
                return found.send_delay_s.p99 if found.send_delay_s is not None and not found.problems else None

            return _highest(rates, sound)

    def most_users(self, counts: Iterable[int]) -> int:
        """The most users that were all in flight, sending USERS_RATE_RPS at most together."""

        def sound(users: float) -> float | None:
            wait_s = max(users / USERS_RATE_RPS, WAIT_S)
            with self._upstream(wait_s, self.cpus.upstream) as upstream:
                found = self._trial(upstream, Closed(users=int(users)), wait_s)
            # A momentary problem says nothing of how many users can be kept busy, and each cell is checked for it.
            return 0.0 if {problem.name for problem in found.problems} <= MOMENTARY else None

        return int(_highest(counts, sound)[0])

    def upstream_rps(self, rates: Iterable[float]) -> tuple[float, float]:
        """(the highest rate at which the upstream kept its delays, their P99 error), alone on its core."""
        swapped = CpuSets(self.cpus.load, self.cpus.server)
        with self._upstream(WAIT_S, self.cpus.upstream) as upstream:

            def sound(rate_rps: float) -> float | None:
                found = self._trial(upstream, Closed(users=math.ceil(rate_rps * WAIT_S)), WAIT_S, swapped)
                error_s = found.upstream.delay_error_s["p99"] if found.upstream is not None else None
                reached = (found.throughput_rps or 0.0) >= ACHIEVED_SHARE * rate_rps
                return error_s if error_s is not None and error_s <= UPSTREAM_DELAY_ERROR_S and reached else None

            return _highest(rates, sound)

    def sampler_s(self) -> float:
        """CPU seconds of one reading of the sampler, of a process as small as the upstream."""
        with self._upstream(0.0, self.cpus.upstream) as upstream:
            bed = upstream_alone(upstream, self.cpus)
            load_side = {"upstream": OneProcess(upstream.program)}
            begun_s = time.thread_time()
            for _ in range(READINGS):
                read(bed.trees, load_side, self.cpus)
            return (time.thread_time() - begun_s) / READINGS

    @contextmanager
    def _upstream(self, wait_s: float, cpus: Sequence[int]) -> Iterator[Upstream]:
        with running_upstream(_scenario(wait_s), self.seed, cpus, self.folder / "upstream.log", self.stop) as upstream:
            yield upstream

    def _trial(self, upstream: Upstream, load: Load, wait_s: float, cpus: CpuSets | None = None) -> Measurement:
        cpus = cpus or self.cpus
        setting = Setting(
            plan=_plan(load, wait_s),
            seed=self.seed,
            cpus=cpus,
            logs=self.folder,
            stop=self.stop,
            progress=lambda key, name, live="": None,  # noqa: ARG005 (nobody watches a trial)
            looks=False,
        )
        key = CellKey("upstream", "selftest", load, 1, 0)
        found = run_cell(key, upstream_alone(upstream, cpus), setting)[0].measurement
        if found.cpu is not None:
            self.others += [share for share in (found.cpu.server_other, found.cpu.load_other) if share is not None]
        return found

    def other_spread(self) -> float | None:
        """The standard deviation from zero of the share that other programs seemed to use; None where it is not known.

        By the median, which a program that runs for a moment does not move.
        """
        return DEVIATION * float(np.median(np.abs(self.others))) if self.others else None


def _scenario(wait_s: float) -> Scenario:
    calls = {"weather": UpstreamCall(1, wait_s)}
    return Scenario(
        "selftest",
        "Selftest",
        MIX,
        calls,
        hold_s=wait_s,
        timeout_s=TIMEOUT_S,
        asked=Asked((Request("weather", "GET", "/weather/London"),)),
    )


def _plan(load: Load, wait_s: float) -> Plan:
    window_s = max(1.0, FEWEST / load.rate_rps) if isinstance(load, Open) else 1.0
    timing = Timing(max(0.5, 1.2 * wait_s), window_s, 3.0 * max(window_s, 1.2 * wait_s))
    stack = Stack("upstream", "The upstream", "asgi", (), {}, 1, 1, None, None, ".")
    profile = Profile("selftest", ("upstream",), {"selftest": (load,)}, timing, 1, {}, {}, None, 1)
    return Plan({"upstream": stack}, {"selftest": _scenario(wait_s)}, profile)


def _highest(candidates: Iterable[float], sound: Callable[[float], float | None]) -> tuple[float, float]:
    """(the last candidate before the first that is not sound, what `sound` returned for it); (0.0, 0.0) where none is.

    A trial that breaks down is not sound: an earlier trial showed that generator and upstream work at all.
    """
    found = (0.0, 0.0)

    def tried(candidate: float) -> float | None:
        try:
            return sound(candidate)
        except BenchError:
            return None

    for candidate in candidates:
        told = next((one for _ in range(TRIES) if (one := tried(candidate)) is not None), None)
        if told is None:
            break
        found = (candidate, told)
    return found


def _timer_lateness_s() -> float:
    """The P99 of how late a sleep of 1 ms ends."""
    late_s = []
    for _ in range(TIMERS):
        begun_s = time.monotonic()
        time.sleep(TIMER_S)
        late_s.append(time.monotonic() - begun_s - TIMER_S)
    return percentile(np.sort(late_s), 0.99)


def _busy(stop: StopRequest) -> float:
    """The share of all cores that other programs kept busy just now."""
    psutil.cpu_percent()
    stop.sleep(QUIET_S)
    return psutil.cpu_percent() / 100


def _stolen_s() -> float | None:
    """Seconds that the hypervisor took from all cores since the start; None where the platform does not tell."""
    stolen = getattr(psutil.cpu_times(), "steal", None)
    return None if stolen is None else float(stolen)

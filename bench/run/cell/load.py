"""Locust as a subprocess: the order that it is given, and the events that it reports while it runs."""

import json
import math
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.model.config import Closed, Load, Scenario, Timing
from bench.places import SHIPPED
from bench.plan.turns import SlicePlan
from bench.run.host.process import Program, Running
from bench.run.host.signals import POLL_S, StopRequest

START_S = 30.0
SPARE_S = 15.0
LONGEST_STEP_S = 60.0
"""A window of a search, with its lead."""

ENDING_S = 5.0


class LoadGenerator:
    """A running Locust: its process, its events, and the files that exist after the event `end`.

    `output`: the samples; `wrong_answers`: the first wrong answer of each kind.
    """

    def __init__(self, program: Program, output: Path, longest_s: float) -> None:
        self.program = program
        self.output = output
        self.wrong_answers = output.with_suffix(".json")
        self._longest_s = longest_s
        self._end_s = math.inf

    def events(self, stop: StopRequest, watched: Sequence[Running]) -> Iterator[dict[str, Any]]:
        """Each event as Locust reports it, up to `end`.

        Raises BenchError where Locust ends, is killed or hangs before it, and as soon as a watched program has ended.
        """
        self._extend()
        for line in self._lines(stop, watched):
            if not line.startswith(b"{"):
                continue
            try:
                event: dict[str, Any] = json.loads(line)
            except ValueError:  # a locustfile may print what it likes
                continue
            if "event" not in event:
                continue
            if event["event"] == "login":  # however long it takes until all have logged in
                self._extend()
            yield event
            if event["event"] == "end":
                return
        with suppress(subprocess.TimeoutExpired):  # it closes its output just before it ends
            self.program.process.wait(ENDING_S)
        self.program.check_alive()
        raise BenchError(f"the load generator closed its output before its window ended{self.program.log_tail()}")

    def ask(self, window: Mapping[str, Any]) -> None:
        """Have the next window of a search measured. Where Locust has ended, `events` says so."""
        self._extend()
        with suppress(BrokenPipeError):
            self.program.stdin.write(json.dumps(window).encode() + b"\n")
            self.program.stdin.flush()

    def ask_no_more(self) -> None:
        """End a search."""
        with suppress(BrokenPipeError):
            self.program.stdin.close()

    def _extend(self) -> None:
        self._end_s = time.monotonic() + self._longest_s

    def _lines(self, stop: StopRequest, watched: Sequence[Running]) -> Iterator[bytes]:
        """Whole lines of Locust's output until it closes, or nothing is left of it and Locust has ended."""
        descriptor = self.program.stdout.fileno()
        pending = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                stop.check()
                for program in watched:
                    program.check_alive()
                self.program.cap_log()
                if time.monotonic() > self._end_s:
                    raise BenchError(f"the load generator did not end in time{self.program.log_tail()}")
                ended = self.program.process.poll() is not None
                if not selector.select(POLL_S):
                    if ended:  # and something that it started keeps its output open
                        return
                    continue
                data = os.read(descriptor, 65536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                yield from lines


@dataclass(frozen=True, slots=True)
class Order:
    """What Locust is to do: a load on hosts, with a seed for Poisson arrivals.

    With `slices` the hosts take turns under load, users start spread over `spread_s` in each slice, and the window of
    `timing` does not matter. With `searches` the windows are asked for one by one. Else the load goes on for `look_s`
    after the window, uncounted.
    """

    scenario: Scenario
    load: Load
    timing: Timing
    seed: int
    hosts: tuple[str, ...]
    slices: tuple[SlicePlan, ...] = ()
    spread_s: float = 0.0
    look_s: float = 0.0
    searches: bool = False

    @property
    def longest_s(self) -> float:
        """Seconds after which Locust must have ended."""
        if self.searches:
            return START_S + LONGEST_STEP_S + self.scenario.timeout_s + SPARE_S
        drains, loaded_s = 1, 2 * self.timing.warmup_s + self.timing.window_limit_s + self.look_s
        if self.slices:
            drains, loaded_s = len(self.slices), sum(one.length_s for one in self.slices)
        return START_S + loaded_s + drains * self.scenario.timeout_s + SPARE_S


def python(module: str) -> tuple[str, ...]:
    """The command of a module of the engine, wherever it runs: a file there cannot stand in for one of Python's own."""
    return (sys.executable, "-P", "-m", module)


def importing() -> dict[str, str]:
    """The environment in which the engine is found, and then what the user's PYTHONPATH names."""
    return {"PYTHONPATH": os.pathsep.join([str(SHIPPED), *filter(None, [os.environ.get("PYTHONPATH")])])}


@contextmanager
def running_load(order: Order, cpus: Sequence[int], folder: Path, log: Path) -> Iterator[LoadGenerator]:
    """Locust, started; its plan and its samples are in `folder`."""
    scenario, load, timing = order.scenario, order.load, order.timing
    output = folder / "requests.npz"
    plan = folder / "load.json"
    handed = {
        "hosts": order.hosts,
        "load": asdict(load) if isinstance(load, Closed) else {**asdict(load), "seed": order.seed},
        "timeout_s": scenario.timeout_s,
        "warmup_s": timing.warmup_s,
        "window_s": timing.window_s,
        "window_limit_s": timing.window_limit_s,
        "output": str(output),
        "seed": order.seed,
        "reconnects": scenario.connection == "close",
        "client": scenario.client,
        "asked": None if scenario.asked is None else asdict(scenario.asked),
        "slices": [asdict(one) for one in order.slices],
        "spread_s": order.spread_s,
        "look_s": order.look_s,
        "searches": order.searches,
    }
    plan.write_text(json.dumps(handed), encoding="utf-8")
    locustfile = SHIPPED / scenario.locustfile
    users = str(load.users) if isinstance(load, Closed) else "1"  # one user keeps the whole schedule
    argv = (
        *python("loadtests.engine"), *scenario.locust_args, "--locustfile", str(locustfile), "--headless",
        "--host", order.hosts[0], "--users", users, "--spawn-rate", users, "--only-summary", "--loglevel", "ERROR",
        "--exit-code-on-error", "0",
    )  # fmt: skip
    env = {"LOAD_PLAN": str(plan), **importing()}
    cwd = locustfile.parent if scenario.client == "locust" else SHIPPED
    with Program(
        "the load generator", argv, env=env, cwd=cwd, cpus=cpus, log=log, piped=True, fed=order.searches
    ) as program:
        yield LoadGenerator(program, output, order.longest_s)

"""Locust under control: the plan it is handed, and the lines it tells while it runs."""

import json
import os
import selectors
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.errors import BenchError
from bench.model.config import Closed, Load, Scenario, Timing
from bench.places import SHIPPED
from bench.plan.turns import SlicePlan
from bench.run.host.process import Program
from bench.run.host.signals import POLL_S, StopRequest

START_S = 30.0
SPARE_S = 15.0


class LoadGenerator:
    """A running Locust: its process, what it tells, and the file of its samples, there once it has told its `end`."""

    def __init__(self, program: Program, output: Path, longest_s: float) -> None:
        self.program = program
        self.output = output
        self._longest_s = longest_s

    def events(self, stop: StopRequest, watched: Sequence[Program]) -> Iterator[dict[str, Any]]:
        """Each event as Locust tells it, up to `end`.

        Raises BenchError where Locust ends or hangs without one, and as soon as a watched program has ended.
        """
        end_s = time.monotonic() + self._longest_s
        for line in self._lines(stop, watched, end_s):
            if not line.startswith(b"{"):
                continue
            try:
                event: dict[str, Any] = json.loads(line)
            except ValueError:  # a locustfile may print what it likes
                continue
            if "event" not in event:
                continue
            yield event
            if event["event"] == "end":
                return
        raise BenchError(f"the load generator ended before its window did{self.program.log_tail()}")

    def _lines(self, stop: StopRequest, watched: Sequence[Program], end_s: float) -> Iterator[bytes]:
        """Whole lines of Locust's output until it closes."""
        descriptor = self.program.stdout.fileno()
        pending = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                stop.check()
                for program in watched:
                    program.check_alive()
                if time.monotonic() > end_s:
                    raise BenchError(f"the load generator said nothing more in time{self.program.log_tail()}")
                if not selector.select(POLL_S):
                    continue
                data = os.read(descriptor, 65536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                yield from lines


@dataclass(frozen=True, slots=True)
class Turns:
    """The slices in which the hosts take turns under load, and the seconds over which users start in each."""

    slices: tuple[SlicePlan, ...]
    spread_s: float


@contextmanager
def running_load(
    scenario: Scenario,
    load: Load,
    timing: Timing,
    seed: int,
    hosts: list[str],
    cpus: Sequence[int],
    folder: Path,
    log: Path,
    turns: Turns | None = None,
) -> Iterator[LoadGenerator]:
    """Locust on its way, its plan and its samples in `folder`. `seed` is that of Poisson arrivals.

    With `turns` the hosts take turns under load, and the window of `timing` is no matter.
    """
    output = folder / "requests.npz"
    plan = folder / "load.json"
    handed = {
        "hosts": hosts,
        "load": asdict(load) if isinstance(load, Closed) else {**asdict(load), "seed": seed},
        "timeout_s": scenario.timeout_s,
        "warmup_s": timing.warmup_s,
        "window_s": timing.window_s,
        "window_limit_s": timing.window_limit_s,
        "output": str(output),
        "path": scenario.path,
        "status": scenario.status,
        "body": scenario.body,
        **(asdict(turns) if turns is not None else {}),
    }
    plan.write_text(json.dumps(handed), encoding="utf-8")
    users = str(load.users) if isinstance(load, Closed) else "1"  # one user keeps the whole schedule
    argv = (
        sys.executable, "-m", "locust", "--locustfile", str(SHIPPED / scenario.locustfile), "--headless",
        "--host", hosts[0], "--users", users, "--spawn-rate", users, "--only-summary", "--loglevel", "ERROR",
        "--exit-code-on-error", "0",
    )  # fmt: skip
    env = {"LOAD_PLAN": str(plan), "PYTHONPATH": str(SHIPPED)}
    drains, loaded_s = 1, 2 * timing.warmup_s + timing.window_limit_s
    if turns is not None:
        drains, loaded_s = len(turns.slices), sum(one.length_s for one in turns.slices)
    longest_s = START_S + loaded_s + drains * scenario.timeout_s + SPARE_S
    with Program("the load generator", argv, env=env, cwd=SHIPPED, cpus=cpus, log=log, piped=True) as program:
        yield LoadGenerator(program, output, longest_s)

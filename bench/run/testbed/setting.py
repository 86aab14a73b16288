"""What all cells of a session share."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.judge.capacity.grid import LOWEST_RPS
from bench.judge.cell.conditions import Conditions
from bench.model.cell import CellKey
from bench.model.config import Plan, Scenario
from bench.model.loads import load_name, most_in_flight
from bench.model.search import Key
from bench.run.host.cpus import CpuSets
from bench.run.host.locks import Cores
from bench.run.host.signals import StopRequest

LOG_NAME_LENGTH = 200
"""File systems allow 255 bytes."""


class Progress(Protocol):
    """Takes a cell, the phase that it is in, and how it goes."""

    def __call__(self, key: Key, name: str, live: str = "") -> None:
        """Show or note it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A plan, its seed, the cores, the folder of the logs, the request to stop and who shows the progress.

    `in_flight`: the most requests that any load may have in flight at one server; by default what the plan's loads may.
    `looks`: whether the load goes on after a window, for looks at the server. `other_spread`: see
    `Conditions`. `taken`: the cores as the session has taken them; None: nobody asks who else uses them.
    """

    plan: Plan
    seed: int
    cpus: CpuSets
    logs: Path
    stop: StopRequest
    progress: Progress
    in_flight: int = 0
    looks: bool = True
    other_spread: float = 0.0
    taken: Cores | None = None

    def conditions(self, key: Key) -> Conditions:
        """What a cell is measured under; of a search, its lowest rate."""
        cores = os.cpu_count() or 1
        stack = self.plan.stacks[key.stack]
        return Conditions(
            stack,
            self.scenario(key),
            key.load if isinstance(key, CellKey) else key.sought.load(LOWEST_RPS),
            len(self.cpus.server) or cores,
            len(self.cpus.load) or cores,
            pinned=bool(self.cpus.server),
            other_spread=self.other_spread,
            companions=self.plan.companions_of(stack),
        )

    def scenario(self, key: Key) -> Scenario:
        """The scenario of a cell."""
        return self.plan.scenarios[key.scenario]

    def most_in_flight(self) -> int:
        """The most requests that may be in flight at one server."""
        return self.in_flight or most_in_flight(self.plan.profile)

    def round_seed(self, key: Key) -> int:
        """The seed of a round's delays and arrivals: the same for all stacks, and another one in each round."""
        return self.seed * 1000 + key.round

    def log(self, key: Key, program: str) -> Path:
        """A log file of its own for each program that a cell starts, whatever characters the names have."""
        load = load_name(key.load) if isinstance(key, CellKey) else "capacity"
        name = re.sub(r"[^\w.=,-]+", "_", f"{key.order:03d}-{load}-{key.stack}-{key.scenario}", flags=re.ASCII)
        return self.logs / f"{name[:LOG_NAME_LENGTH]}.{program}.log"

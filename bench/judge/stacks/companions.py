"""What a service costs: its server and what stands beside it, over the rounds of a stack under a scenario and load."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.judge.cell.metrics import MEMORY
from bench.judge.stats.intervals import Estimate
from bench.judge.stats.rounds import over_rounds
from bench.model.cell import Cell, CompanionUse, Measurement
from bench.model.config import Load, Plan

SERVER = "server"
TOGETHER = "together"


@dataclass(frozen=True, slots=True)
class Cost:
    """What the server, a companion, or all of them together used: cores, CPU seconds for each request, bytes of memory.

    Over the rounds whose CPU figures are reliable; None where there is none.
    """

    stack: str
    scenario: str
    load: Load
    name: str
    cores: Estimate | None
    s_per_request: Estimate | None
    memory_bytes: Estimate | None


def costs(cells: Iterable[Cell], plan: Plan) -> tuple[Cost, ...]:
    """Rows for each stack, scenario and load with companions: the server, each companion, and all together."""
    groups: dict[tuple[str, str, Load, str], list[CompanionUse]] = {}
    for cell in cells:
        for one in _parts(cell.measurements[0]):
            groups.setdefault((cell.stack, cell.scenario, cell.load, one.name), []).append(one)
    return tuple(
        Cost(
            *place,
            cores=_over(place, [one.cores for one in found], plan),
            s_per_request=_over(place, [one.s_per_request for one in found], plan),
            memory_bytes=_over(place, [one.memory_bytes for one in found], plan),
        )
        for place, found in groups.items()
    )


def _over(place: tuple[str, str, Load, str], values: Sequence[float | None], plan: Plan) -> Estimate | None:
    known = [value for value in values if value is not None]
    if known and min(known) <= 0:  # one that only waits uses nothing in some rounds, which have no geometric mean
        return Estimate(math.fsum(known) / len(known), None, None, tuple(known))
    return over_rounds(known, plan, place[0])


def _parts(one: Measurement) -> list[CompanionUse]:
    """The server's share, each companion's and the sum; none without companions, or where CPU is not reliable."""
    if not one.companions or one.cpu is None or any("cpu" in problem.voids for problem in one.problems):
        return []
    memory = MEMORY.read(one)
    server = CompanionUse(SERVER, one.cpu.server_cores, one.cpu.server_s_per_request, memory)
    parts = [server, *one.companions]
    return [
        *parts,
        CompanionUse(
            TOGETHER,
            sum(part.cores for part in parts),
            _sum([part.s_per_request for part in parts]),
            _sum([part.memory_bytes for part in parts]),
        ),
    ]


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None

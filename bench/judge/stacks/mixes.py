"""The requests of each mix, over the rounds of a stack under a scenario and load."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.judge.stats.intervals import Estimate
from bench.judge.stats.rounds import over_rounds
from bench.model.cell import Cell, Measurement, Route
from bench.model.config import Load, Plan


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One request of a mix: how many there were in all rounds, how many failed, and percentiles of its latency.

    The percentiles are in seconds, over the rounds whose latency is reliable; None where there is none. `answered`:
    whether any round has a latency, reliable or not.
    """

    stack: str
    scenario: str
    load: Load
    name: str
    asked: int
    failed: int
    answered: bool
    p50: Estimate | None
    p95: Estimate | None
    p99: Estimate | None


def route_rows(cells: Iterable[Cell], plan: Plan) -> tuple[RouteRow, ...]:
    """A row for each request of each mix or locustfile that was recorded, in the order in which they come."""
    groups: dict[tuple[str, str, Load, str], list[tuple[Measurement, Route]]] = {}
    for cell in cells:
        for route in cell.measurements[0].routes:
            place = cell.stack, cell.scenario, cell.load, route.name
            groups.setdefault(place, []).append((cell.measurements[0], route))
    return tuple(_row(plan, *place, found) for place, found in groups.items())


def _row(
    plan: Plan, stack: str, scenario: str, load: Load, name: str, found: Sequence[tuple[Measurement, Route]]
) -> RouteRow:
    requests = [route.requests for _, route in found]
    reliable = [
        route.latency_s
        for measured, route in found
        if route.latency_s is not None and not any("latency" in problem.voids for problem in measured.problems)
    ]
    return RouteRow(
        stack,
        scenario,
        load,
        name,
        asked=sum(one.asked for one in requests),
        failed=sum(one.failed for one in requests),
        answered=any(route.latency_s is not None for _, route in found),
        p50=over_rounds([one.p50 for one in reliable], plan, stack),
        p95=over_rounds([one.p95 for one in reliable], plan, stack),
        p99=over_rounds([one.p99 for one in reliable], plan, stack),
    )

"""The requests of each mix, over the rounds of a stack under a scenario and load."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.judge.stats.intervals import Estimate, estimate
from bench.model.cell import Cell, Distribution, Measurement, Route
from bench.model.config import Load


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


def route_rows(cells: Iterable[Cell]) -> tuple[RouteRow, ...]:
    """A row for each request of each mix that was recorded, in the order of the cells and of the mix."""
    groups: dict[tuple[str, str, Load, int], list[tuple[Measurement, Route]]] = {}
    for cell in cells:
        for number, route in enumerate(cell.measurements[0].routes):
            groups.setdefault((cell.stack, cell.scenario, cell.load, number), []).append((cell.measurements[0], route))
    return tuple(_row(stack, scenario, load, found) for (stack, scenario, load, _), found in groups.items())


def _row(stack: str, scenario: str, load: Load, found: Sequence[tuple[Measurement, Route]]) -> RouteRow:
    requests = [route.requests for _, route in found]
    failed = sum(one.errors + one.timeouts + one.dropped for one in requests)
    reliable = [
        route.latency_s
        for measured, route in found
        if route.latency_s is not None and not any("latency" in problem.voids for problem in measured.problems)
    ]
    return RouteRow(
        stack,
        scenario,
        load,
        found[0][1].name,
        asked=failed + sum(one.ok for one in requests),
        failed=failed,
        answered=any(route.latency_s is not None for _, route in found),
        p50=_over(reliable, "p50"),
        p95=_over(reliable, "p95"),
        p99=_over(reliable, "p99"),
    )


def _over(reliable: Sequence[Distribution], name: str) -> Estimate | None:
    return estimate([getattr(one, name) for one in reliable])

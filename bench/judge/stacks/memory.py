"""Memory against requests in flight: what each request costs a stack."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.judge.cell.metrics import BY_NAME
from bench.judge.stats.intervals import reach
from bench.model.cell import Cell
from bench.model.config import Plan

LEAST_CELLS = 3
"""A line through two places fits them whatever they are, and so has no interval."""

APART = 1.25
"""Where the most requests in flight are not so many times the fewest, they are equal to within their noise."""

Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Growth:
    """How a stack's memory grows with the requests in flight, under one scenario: a straight line through its rounds.

    `per_request_bytes` with its 95 % interval, and `base_bytes`, the line at no request, are None with fewer than
    LEAST_CELLS cells, and where all had about as many in flight. `places`, ascending: for each cell that counts
    (requests in flight, PSS or where there is none USS, RSS), the memory in bytes.
    """

    stack: str
    scenario: str
    per_request_bytes: float | None
    low: float | None
    high: float | None
    base_bytes: float | None
    places: tuple[Place, ...]


def growth(cells: Iterable[Cell], plan: Plan) -> tuple[Growth, ...]:
    """The growth of each stack that has a place: scenarios, then stacks, as planned.

    Cells whose memory is unreliable are left out, as are failed cells and those of an A/B.
    """
    found: dict[tuple[str, str], list[Place]] = {}
    for cell in cells:
        if len(cell.measurements) != 1:
            continue
        one = cell.measurement
        ranked_bytes = BY_NAME["memory"].value(one)
        if ranked_bytes is not None and one.memory is not None and one.in_flight is not None:
            place = one.in_flight, float(ranked_bytes), float(one.memory.median.rss_bytes)
            found.setdefault((cell.scenario, cell.stack), []).append(place)
    planned = ((scenario, stack) for scenario in plan.profile.loads for stack in plan.profile.stacks)
    return tuple(
        _growth(stack, scenario, sorted(found[scenario, stack]), started=plan.stacks[stack].url is None)
        for scenario, stack in planned
        if (scenario, stack) in found
    )


def _growth(stack: str, scenario: str, places: Sequence[Place], *, started: bool) -> Growth:
    """`started`: each round had a fresh server; the cells of others are no independent places."""
    if not started or len(places) < LEAST_CELLS or places[-1][0] < APART * places[0][0] or places[-1][0] <= 0:
        return Growth(stack, scenario, None, None, None, None, tuple(places))
    slope, around, base = _line([place[0] for place in places], [place[1] for place in places])
    return Growth(stack, scenario, slope, slope - around, slope + around, base, tuple(places))


def _line(across: Sequence[float], up: Sequence[float]) -> tuple[float, float, float]:
    """The slope of the least-squares line, how far its interval reaches to each side, and the line at 0.

    Each place counts as one value. Source: Draper and Smith, Applied Regression Analysis (3rd ed. 1998), section 1.4.
    """
    count = len(across)
    middle, height = math.fsum(across) / count, math.fsum(up) / count
    spread = math.fsum((x - middle) ** 2 for x in across)
    slope = math.fsum((x - middle) * (y - height) for x, y in zip(across, up, strict=True)) / spread
    left = math.fsum((y - height - slope * (x - middle)) ** 2 for x, y in zip(across, up, strict=True))
    return slope, reach(left / (count - 2) / spread, count - 2), height - slope * middle

"""What limits a stack, where that takes another cell to say: the same stack at its lowest load."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from bench.judge.cell.bottleneck import NEAR
from bench.judge.cell.metrics import P95
from bench.model.cell import Bottleneck, Cell, Distribution, Limit
from bench.model.loads import amount, load_name
from bench.units import percent, seconds

LONGER = 1.5
"""Where P50 is so many times that at the lowest load, requests wait somewhere."""


def compared(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells in their order; a bottleneck that no cell shows by itself is named where the lowest load shows it.

    Latency as at the lowest load, in the same round: nothing limits the stack. Longer, with all requests read and an
    idle server: a limit inside the application. An A/B has no bottlenecks.
    """
    found = list(cells)
    for places in _groups(cells):
        for place, cell in zip(places, _compared([cells[place] for place in places]), strict=True):
            found[place] = cell
    return tuple(found)


def _groups(cells: Sequence[Cell]) -> Iterator[Sequence[int]]:
    """The places of the cells of one stack, scenario, round and load model, loads ascending; that have a latency."""

    def key(place: int) -> tuple[str, str, int, str]:
        cell = cells[place]
        return cell.stack, cell.scenario, cell.round, cell.load.model

    able = [
        place
        for place, cell in enumerate(cells)
        if len(cell.measurements) == 1 and P95.value(cell.measurement) is not None
    ]
    for _, group in groupby(sorted(able, key=lambda place: (*key(place), amount(cells[place].load))), key=key):
        yield list(group)


def _compared(group: Sequence[Cell]) -> Iterator[Cell]:
    lowest, *higher = group
    least = lowest.measurement.latency_s
    if least is None:
        raise ValueError("a cell without a latency cannot be compared")
    named = [_named(cell, lowest, least) for cell in higher]
    if any(_as_short(cell, least) and _limit(cell) == "nothing" for cell in named):
        lowest = _with(lowest, "nothing", f"P50 and P95 stay within {percent(NEAR - 1)} of these at a higher load")
    yield from (lowest, *named)


def _limit(cell: Cell) -> Limit | None:
    found = cell.measurement.bottleneck
    return None if found is None else found.limit


def _as_short(cell: Cell, least: Distribution) -> bool:
    """Whether latency is about that of the lowest load, or shorter."""
    now = cell.measurement.latency_s
    return now is not None and now.p50 <= NEAR * least.p50 and now.p95 <= NEAR * least.p95


def _named(cell: Cell, lowest: Cell, least: Distribution) -> Cell:
    now, found = cell.measurement.latency_s, cell.measurement.bottleneck
    if now is None or found is None:
        return cell
    if _as_short(cell, least):
        within = f"P50 and P95 are within {percent(NEAR - 1)} of those at {load_name(lowest.load)}"
        return _with(cell, "nothing", within)
    if "application" in found.consistent_with and now.p50 >= LONGER * least.p50:
        longer = f"P50 is {seconds(now.p50)}, at {load_name(lowest.load)} it is {seconds(least.p50)}"
        return _with(cell, "application", f"{found.evidence}; {longer}")
    return cell


def _with(cell: Cell, limit: Limit, evidence: str) -> Cell:
    """The cell with this bottleneck, where it did not know one."""
    found = cell.measurement.bottleneck
    if found is None or found.limit != "not known":
        return cell
    named: Bottleneck = replace(found, limit=limit, evidence=evidence, consistent_with=())
    return replace(cell, measurements=(replace(cell.measurement, bottleneck=named),))

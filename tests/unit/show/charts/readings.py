"""Readings of made-up runs: cells with these figures, and what charts show of their raw samples."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bench.judge.cell.percentiles import Curve
from bench.judge.cell.timeline import Timeline
from bench.judge.stacks.rows import Row, rows
from bench.model.cell import Cell, Memory, MemoryFigure, Problem
from bench.model.config import Load, Plan
from bench.model.loads import amount
from bench.reading import JudgedRun
from tests.unit.builders import Shape, cell, changed, plan, run_of

TAILS = tuple(10 ** (step / 12) for step in range(37))
LATE = Problem("upstream late", "off by 6 ms", ("latency",))
LOST = Problem("upstream calls", "none of them came", ("throughput", "latency", "memory", "cpu"))
LONG = "A long title " * 12


def reading(planned: Plan, cells: Iterable[Cell], curves: Mapping[int, Curve] = {}) -> JudgedRun:
    """The reading of these cells, in the order in which they stand."""
    numbered = tuple(replace(one, order=number) for number, one in enumerate(cells))
    return JudgedRun(run_of(planned, numbered), curves, {})


def rows_of(found: JudgedRun) -> tuple[Row, ...]:
    return rows(found.run.cells, found.run.config)


def crowd(
    count: int,
    *,
    closed: Sequence[int] = (1, 10, 100, 500),
    rates: Sequence[float] = (50.0, 300.0),
    rounds: int = 3,
    problems: tuple[Problem, ...] = (),
    names: Sequence[str] = (),
) -> JudgedRun:
    """Everything that charts can show, of so many stacks: with these names, then with names of 40 characters."""
    stacks = [*names, *(f"{'x' * 36}-{number:03d}" for number in range(count))][:count]
    few = {"health": tuple(closed[:1]), "compute": tuple(closed[:2])} if closed else {}
    planned = plan(
        dict.fromkeys(stacks, Shape(1, slots=8)),
        {"weather": tuple(closed), **few},
        rounds=rounds,
        rates={"weather": tuple(rates)},
        titles={"weather": LONG, **{name: name for name in names}},
    )
    found = reading(
        planned,
        [
            made(stack, place, scenario, load, number, problems)
            for place, stack in enumerate(stacks, start=1)
            for scenario, loads in planned.profile.loads.items()
            for load in loads
            for number in range(1, rounds + 1)
        ],
    )
    ascending = sorted(found.run.cells, key=lambda one: amount(one.load))
    highest = {(one.scenario, one.load.model): one.load for one in ascending}
    curves = {
        one.order: curve(latency_s.p50)
        for one in found.run.cells
        if (latency_s := one.measurement.latency_s) is not None and highest[one.scenario, one.load.model] == one.load
    }
    timed = found.run.cells[-1].order
    return replace(found, curves=curves, timelines={timed: second_by_second()}, timed=timed)


def made(stack: str, place: int, scenario: str, load: Load, number: int, problems: tuple[Problem, ...]) -> Cell:
    """A cell whose figures grow with the load, and differ from stack to stack and from round to round."""
    much = amount(load)
    pss_bytes = round(40e6 * place + 5e4 * place * much + 1e5 * number)
    one = cell(
        stack,
        number=number,
        scenario=scenario,
        load=load,
        throughput_rps=min(8.0 * much, 300.0 * place) * (1 + number / 50),
        p95_s=max(0.1, much / 300 / place) * (1 + number / 70),
        cpu_s=0.001 * place * (1 + number / 40),
        problems=problems,
    )
    memory = MemoryFigure(pss_bytes, round(1.4 * pss_bytes), round(0.9 * pss_bytes))
    return changed(one, memory=Memory(memory, memory, memory), in_flight=0.95 * much + number / 10)


def curve(least_s: float, places: int = len(TAILS)) -> Curve:
    """A curve that begins at `least_s` and doubles every nine places."""
    return Curve(TAILS[:places], tuple(least_s * 2 ** (step / 9) for step in range(places)))


def second_by_second() -> Timeline:
    """Two seconds of warm-up and six of a window, the last of them without an answer or a reading."""
    return Timeline(
        start_s=tuple(float(number) for number in range(8)),
        throughput_rps=(10.0, 800.0, 900.0, 910.0, 905.0, 890.0, 900.0, 0.0),
        p95_s=(0.9, 0.2, 0.11, 0.12, 0.13, 0.11, 0.12, None),
        failed_rps=(0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0),
        cores=(0.2, 0.9, 0.98, 0.99, 0.98, 0.97, 0.98, None),
        memory_bytes=(40e6, 41e6, 42e6, 42e6, 43e6, 43e6, 43e6, None),
        window_start_s=2.0,
        window_end_s=8.0,
    )

"""Synthetic A/B runs and ordinary ones: figures with the noise that real sessions have, and effects put into head."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from bench.model.cell import (
    Bottleneck,
    Cell,
    Cpu,
    Distribution,
    Limit,
    Measurement,
    Memory,
    MemoryFigure,
    Outcome,
    Problem,
    Requests,
    SliceFigures,
    Window,
)
from bench.model.config import Closed, Load, Open, Plan
from bench.model.run import AB, Gated, Revision, Run
from tests.unit.builders import FASTAPI, FLASK, PROBE, plan, run_of

CLOSED: Load = Closed(users=100)
OPEN: Load = Open(rate_rps=600.0, arrivals="fixed", max_in_flight=500)
SHAPES = {"flask-gthread": FLASK, "fastapi-aiohttp": FASTAPI}
STACKS = tuple(SHAPES)
GATED: Mapping[Load, tuple[str, ...]] = {
    CLOSED: ("cpu", "cpu_mean", "tail", "tail_mean", "memory", "errors"),
    OPEN: ("p95", "tail", "errors"),
}
DEVIATIONS: Mapping[str, float] = {"cpu": 0.01, "throughput": 0.01, "p95": 0.02, "memory": 0.003}
"""The standard deviation of a restart's log-ratio of head and base."""

SLICES = 4
"""The slices of one side of a restart."""

DRIFT = 0.05
"""That of what both sides of a restart have in common: the machine's speed."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one measurement, the same in each of its slices; `tail`: the share of slow requests."""

    throughput: float = 845.0
    cpu: float = 0.0011
    p95: float = 0.0345
    memory: float = 34e6
    errors: float = 0.0
    tail: float = 0.0
    problems: tuple[Problem, ...] = ()
    outcome: Outcome = "ok"


TRUE: Mapping[str, Figures] = {
    "flask-gthread": Figures(),
    "fastapi-aiohttp": Figures(throughput=939.0, cpu=0.00095, p95=0.0302, memory=39e6),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A session: how many restarts, what the seed is, and by what factor head's figures differ, by stack and metric."""

    restarts: int = 10
    seed: int = 1
    effects: Mapping[tuple[str, str], float] = field(default_factory=dict)
    touched: tuple[str, ...] = ("flask-gthread",)


def session(recipe: Recipe = Recipe()) -> Run:
    """The A/B run of a recipe; the same recipe gives the same figures, to six digits, everywhere."""
    random = Random(recipe.seed)
    cells = [
        ab_cell(stack, load, number, *_twins(random, stack, load, recipe.effects))
        for number in range(1, recipe.restarts + 1)
        for load in (CLOSED, OPEN)
        for stack in STACKS
    ]
    return ab_run(cells, restarts=recipe.restarts, touched=recipe.touched)


def ordinary(rounds: int = 6, seed: int = 1, effects: Mapping[tuple[str, str], float] = {}) -> Run:
    """A run of `bench run`, its effects in all rounds of it."""
    random = Random(seed)
    cells = [
        cell_of(stack, load, number, _twins(random, stack, load, effects, drift=0.0)[1])
        for number in range(1, rounds + 1)
        for load in (CLOSED, OPEN)
        for stack in STACKS
    ]
    return replace(run_of(_plan(rounds), tuple(cells)), id=f"run-{seed}")


def ab_run(
    cells: Iterable[Cell],
    *,
    restarts: int = 10,
    touched: Iterable[str] = ("flask-gthread",),
    family: Iterable[Gated] | None = None,
    looks: tuple[int, ...] = (),
) -> Run:
    """An A/B run of these cells, in which the code of the touched stacks differs; without looks it has one, its end."""
    code = {stack: f"{stack}, as it was" for stack in STACKS}
    base = Revision("main", "1" * 40, dirty=False, lock_sha256="ab" * 32, code=code)
    head = replace(
        base, ref=".", commit="2" * 40, dirty=True, code=code | {name: f"{name}, changed" for name in touched}
    )
    every = [Gated(stack, "weather", load, name) for stack in STACKS for load, names in GATED.items() for name in names]
    ab = AB(base, head, tuple(every if family is None else family), pilots=(), slice_s=1.0, looks=looks or (restarts,))
    return replace(run_of(_plan(restarts), tuple(cells)), id="20260102-030405-ab", argv=("ab", "--base", "main"), ab=ab)


def ab_cell(stack: str, load: Load, restart: int, base: Figures, head: Figures) -> Cell:
    """The cell of one restart, without samples."""
    sides = (measurement(base), measurement(head))
    return Cell(stack, "weather", load, restart, 0, sides, window=Window(100.0, 101.0, 113.0), probe=PROBE)


def cell_of(stack: str, load: Load, number: int, figures: Figures, *, limit: Limit = "nothing") -> Cell:
    """The cell of one round of an ordinary run, without samples."""
    one = replace(measurement(figures), slices=(), bottleneck=Bottleneck(None, 0.1, 10.0, limit, "so the figures show"))
    return Cell(stack, "weather", load, number, 0, (one,), window=Window(100.0, 101.0, 113.0), probe=PROBE)


def measurement(figures: Figures) -> Measurement:
    """A measurement with these figures."""
    failed = round(figures.errors * 10_000)
    memory = MemoryFigure(
        round(figures.memory * 1.6), round(figures.memory * 2), round(figures.memory * 1.5), round(figures.memory)
    )
    return Measurement(
        outcome=figures.outcome,
        problems=figures.problems,
        requests=Requests(10_000 - failed, failed, 0, 0, {"status 500": failed} if failed else {}),
        throughput_rps=figures.throughput,
        latency_s=Distribution(figures.p95, figures.p95, figures.p95, figures.p95, figures.p95, figures.p95),
        memory=Memory(memory, memory, memory),
        cpu=Cpu(figures.cpu, 0.9, 0.3, 0.1, 0.01, 5, 100.0, 0.0, 0.0),
        slices=(SliceFigures(figures.throughput, figures.p95, figures.cpu, figures.tail, disturbed=0.01),) * SLICES,
    )


def _plan(rounds: int) -> Plan:
    return plan(SHAPES, {"weather": (100,)}, rounds=rounds, rates={"weather": (600.0,)})


def _twins(
    random: Random, stack: str, load: Load, effects: Mapping[tuple[str, str], float], drift: float = DRIFT
) -> tuple[Figures, Figures]:
    """Base and head of one restart: the machine's drift is common to both. Memory has none, nor has an open rate."""
    common = {name: random.gauss(0, drift) for name in DEVIATIONS} | {"memory": 0.0}

    def one(factors: Mapping[str, float]) -> Figures:
        noisy = {}
        for name, deviation in DEVIATIONS.items():
            noise = math.exp(common[name] + random.gauss(0, deviation / math.sqrt(2)))
            noisy[name] = float(f"{getattr(TRUE[stack], name) * factors.get(name, 1.0) * noise:.6g}")
        throughput = load.rate_rps if isinstance(load, Open) else noisy["throughput"]
        return Figures(throughput, noisy["cpu"], noisy["p95"], noisy["memory"])

    base = one({})
    return base, one({name: effects.get((stack, name), 1.0) for name in DEVIATIONS})

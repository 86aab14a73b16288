"""Runs to export: figures that are easy to tell apart, some of them unreliable."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from bench.model.cell import Cell, Problem
from bench.model.config import Load
from bench.model.run import Run
from bench.reading import read_run
from bench.record.store import load_run
from tests.unit.builders import FASTAPI, FLASK, cell, plan, run_of
from tests.unit.judge.capacity.test_rows import SOUGHT, search

ROOT = Path(__file__).resolve().parents[4]
REFERENCE = ROOT / "results" / "reference"
SESSIONS = ROOT / "tests" / "sessions"

LATE = Problem("upstream late", "off by 6 ms", ("latency",))
"""No fault of the service: the other rounds stand."""

BEHIND = Problem("falling behind", "40 more requests arrived than were answered", ("latency",))
"""The service's own doing: the other rounds are a biased choice."""


@cache
def reference() -> Run:
    """The run that README shows: every load is closed-loop, and fastapi-httpx has no reliable latency."""
    return read_run(REFERENCE).run


def stored(name: str) -> Run:
    """One of the synthetic A/B sessions."""
    return load_run(SESSIONS / name)


def of_cells(*cells: Cell, rounds: int = 3, rates: tuple[float, ...] = ()) -> Run:
    """A run of these cells of `flask` and `fastapi`, under 10 users unless a cell says otherwise."""
    planned = plan({"flask": FLASK, "fastapi": FASTAPI}, {"weather": (10,)}, rounds=rounds, rates={"weather": rates})
    return run_of(replace(planned, profile=replace(planned.profile, sought={"weather": SOUGHT})), cells)


def three(stack: str, *problems: Problem | None, load: Load | None = None) -> tuple[Cell, ...]:
    """A cell for each of three rounds, with a P95 of 0.1, 0.2 and 0.3 s, and with these problems."""
    given = [*problems, None, None, None]
    return tuple(
        cell(stack, 10, number, p95_s=number / 10, load=load, problems=() if one is None else (one,))
        for number, one in enumerate(given[:3], start=1)
    )


def with_searches(run: Run) -> Run:
    """The run with a capacity of flask over three rounds, a lower bound of that of fastapi."""
    flask = [search("flask", number, rate) for number, rate in enumerate((500.0, 520.0, 510.0), start=1)]
    fastapi = [search("fastapi", 1, 900.0, "at least", "it was the most"), search("fastapi", 2, 950.0)]
    return replace(run, searches=(*flask, *fastapi))

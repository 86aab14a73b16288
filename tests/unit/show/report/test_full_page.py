"""The page of a run of the largest profile: it stays small enough to send."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.judge.cell.timeline import Timeline
from bench.judge.stacks.ratios import ratios
from bench.judge.stacks.rows import rows
from bench.plan.config import load_config, make_plan
from bench.plan.schedule import visits
from bench.reading import JudgedRun, curve_loads
from bench.show.charts.gallery import pictures
from bench.show.charts.tracks import time_lines
from bench.show.report.document import report
from bench.show.report.json import figures
from bench.show.text.page import html
from tests.unit.show.charts.readings import curve, made, reading

MOST_BYTES = 3_000_000
MOST_FIGURES_BYTES = 3_000_000
CELLS = 1740
PLAN = make_plan(load_config([Path(__file__).resolve().parents[4] / "bench.toml"]), "full")


def full(seconds: int) -> JudgedRun:
    """A run of the profile, each of its cells with a time line of so many seconds in which no value is the same."""
    random = np.random.default_rng(0)
    stacks = PLAN.profile.stacks
    keys = [key for cells in visits(PLAN, seed=7) for key in cells]
    found = reading(
        PLAN, [made(key.stack, stacks.index(key.stack) + 1, key.scenario, key.load, key.round, ()) for key in keys]
    )
    highest = curve_loads(found.run)
    curves = {
        one.order: curve(0.1 * random.random())
        for one in found.run.cells
        if highest[one.scenario, one.load.model] == one.load
    }
    lines = {one.order: line(seconds, random) for one in found.run.cells}
    return replace(found, curves=curves, timelines=lines, timed=0)


def line(seconds: int, random: np.random.Generator) -> Timeline:
    def values(most: float) -> tuple[float, ...]:
        return tuple(float(value) for value in most * random.random(seconds))

    return Timeline(
        start_s=tuple(float(number) for number in range(seconds)),
        throughput_rps=values(2000),
        p95_s=values(2),
        failed_rps=(0.0,) * seconds,
        cores=values(1),
        memory_bytes=values(90e6),
        window_start_s=5.0,
        window_end_s=float(seconds),
    )


@pytest.mark.slow
def test_the_page_of_the_largest_profile_has_every_cell_that_it_has_room_for() -> None:
    typical = full(20)
    assert len(typical.run.cells) == CELLS
    found, compared = rows(typical.run.cells, PLAN), ratios(typical.run.cells, PLAN)
    assert len(figures(typical.run, found, compared)) < MOST_FIGURES_BYTES
    drawn = tuple(pictures(typical, found))
    for seconds, every in ((20, True), (55, False)):
        lines = time_lines(full(seconds))
        page = html.render(report(typical.run, found, compared, pictures=drawn, lines=lines))
        (held,) = re.findall(r'<script type="application/json" id="timelines">(.*?)</script>', page)
        carried = len(json.loads(held)["lines"])
        assert len(page.encode()) < MOST_BYTES
        assert (carried == CELLS) is every
        assert carried > CELLS / 3
        assert (f"{carried} of {CELLS} cells can be chosen here" in page) is not every

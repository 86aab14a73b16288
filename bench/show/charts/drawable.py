"""What of a run is drawn: a run may have more stacks, scenarios and loads than a chart can show."""

from collections.abc import Sequence
from dataclasses import replace

from bench.judge.stacks.rows import Row
from bench.model.config import Load
from bench.model.loads import amount
from bench.reading import JudgedRun
from bench.show.charts.style import MARKERS, SHADES
from bench.show.text.words import listed, plural

MOST_STACKS = min(map(len, SHADES.values())) * len(MARKERS)
"""So many have a mark of their own: after them a shade comes with the same marker again."""

MOST_SCENARIOS = 12
MOST_LOADS = 30
MOST_ROWS = 1000


def drawable(reading: JudgedRun, rows: Sequence[Row]) -> tuple[JudgedRun, Sequence[Row], str]:
    """The part of the run that is drawn, its rows, and a sentence about what is left out; empty where nothing is.

    Of the stacks those of the headline and the first, of the scenarios the first, of the loads of each the highest.
    """
    profile, timed = reading.run.config.profile, [one for one in reading.run.cells if one.order == reading.timed]
    first = dict.fromkeys((*(cell.stack for cell in timed), *(profile.compare or ()), *profile.stacks))
    stacks = set(list(first)[:MOST_STACKS])
    loads: dict[str, set[Load]] = {}
    shown: list[Row] = []
    for scenario in dict.fromkeys((*(cell.scenario for cell in timed), *profile.loads)):
        own = [row for row in rows if row.scenario == scenario and row.stack in stacks]
        highest = set(sorted({row.load for row in own}, key=amount)[-MOST_LOADS:])
        own = [row for row in own if row.load in highest]
        if loads and (len(loads) == MOST_SCENARIOS or len(shown) + len(own) > MOST_ROWS):
            break
        loads[scenario] = highest
        shown += own
    if len(shown) == len(rows):
        return reading, rows, ""
    left_out = [
        plural(number, noun)
        for number, noun in (
            (len(profile.stacks) - len(stacks), "stack"),
            (len(profile.loads) - len(loads), "scenario"),
            (
                len({(row.scenario, row.load) for row in rows if row.scenario in loads})
                - sum(map(len, loads.values())),
                "load",
            ),
        )
        if number > 0
    ]
    kept = {(row.stack, row.scenario, row.load) for row in shown}
    cells = tuple(
        cell
        for cell in reading.run.cells
        if (cell.stack, cell.scenario, cell.load) in kept or cell.order == reading.timed
    )
    part = replace(
        profile,
        stacks=tuple(name for name in profile.stacks if name in stacks),
        loads={name: profile.loads[name] for name in profile.loads if name in loads},
    )
    run = replace(reading.run, cells=cells, config=replace(reading.run.config, profile=part))
    order = {scenario: place for place, scenario in enumerate(profile.loads)}
    shown.sort(key=lambda row: order[row.scenario])  # as planned, whichever of them has the time line
    return replace(reading, run=run), shown, f"Not drawn, because there is no room: {listed(left_out)}."

"""The figures of several runs that mean the same, as one series each, and what is left out of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.judge.capacity.rows import capacity_ratios, capacity_rows
from bench.judge.cell.metrics import MEMORY, P95, THROUGHPUT
from bench.judge.gate.comparable import settings_differences
from bench.judge.stacks.failures import Failures
from bench.judge.stacks.ratios import compared_stacks, ratios, same_meaning
from bench.judge.stacks.rows import rows
from bench.judge.stats.intervals import Estimate
from bench.model.config import Companion, Load, Plan, Sought, Stack
from bench.model.loads import most_in_flight
from bench.model.run import Run

Part = Literal["ratios", "capacity", "absolute"]
PARTS: tuple[Part, ...] = ("ratios", "capacity", "absolute")
"""Ratios are within a run, and survive another machine. The others do not."""

CAPACITY = "capacity"
"""The metric of a capacity, and of a ratio of two."""

FOLLOWED = (THROUGHPUT, P95, MEMORY)
"""The absolute figures that are followed."""

NO_FIGURE, BOUND = "there is no reliable figure", "only a bound was found"

SIZED = ("{users}", "{connections}")
"""Placeholders that the highest load of a run fills: with another one it is another server."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is followed from run to run: a metric of `stack`, divided by that of `against` in the part "ratios".

    `against` is the stack itself in the other parts. `under`: the load, or the objective of a capacity.
    """

    part: Part
    scenario: str
    stack: str
    against: str
    metric: str
    under: Load | Sought


@dataclass(frozen=True, slots=True)
class Point:
    """The figure of one run, with its interval over the run's rounds. `run`: the place of the run, from 0."""

    run: int
    found: Estimate


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A figure of a run that its series lacks, and why."""

    run: int
    subject: Subject
    why: str


@dataclass(frozen=True, slots=True)
class Series:
    """A subject and its figures, in the order of the runs, each with the same meaning as the newest.

    `reconnected`: the one of its two stacks that was sent each request over a new connection, where the other was not.
    """

    subject: Subject
    points: tuple[Point, ...]
    reconnected: str | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one run. `reconnected`: as of a series."""

    found: Estimate
    reconnected: str | None = None


Figures = Mapping[Subject, Figure | str]
"""The figures of a run, or why there is none that could be followed."""


def gathered(runs: Sequence[Run]) -> tuple[tuple[Series, ...], tuple[LeftOut, ...]]:
    """The series of these runs, which are in order of time, and what is left out of them.

    A figure belongs to a series if its run means the same as the newest run that has it: same stacks, companions,
    scenario, and load or objective.
    """
    found = [_figures(run) for run in runs]
    subjects = dict.fromkeys(subject for figures in reversed(found) for subject in figures)
    series, left_out = [], []
    for subject in sorted(subjects, key=lambda one: PARTS.index(one.part)):
        values = [figures.get(subject) for figures in found]
        newest = next(
            ((run, one) for run, one in zip(reversed(runs), reversed(values), strict=True) if isinstance(one, Figure)),
            None,
        )
        points = []
        for place, (run, value) in enumerate(zip(runs, values, strict=True)):
            why = _missing(subject, run.config, value)
            if newest is not None and isinstance(value, Figure):
                why = _unlike(subject, (run, value), newest)
                points += [] if why is not None else [Point(place, value.found)]
            left_out += [] if why is None else [LeftOut(place, subject, why)]
        if newest is not None and points:
            series.append(Series(subject, tuple(points), newest[1].reconnected))
    return tuple(series), tuple(left_out)


def _figures(run: Run) -> Figures:
    return dict((*_capacities(run), *_ratios(run), *_absolute(run)))


def _capacities(run: Run) -> Iterator[tuple[Subject, Figure | str]]:
    for one in capacity_ratios(run.searches, run.config):
        subject = Subject("ratios", one.scenario, one.stack, one.against, CAPACITY, one.sought)
        yield subject, BOUND if one.bound else Figure(one.estimate)
    for row in capacity_rows(run):
        subject = Subject("capacity", row.scenario, row.stack, row.stack, CAPACITY, row.sought)
        none = BOUND if row.at_least else "no rate was found"
        yield subject, none if row.at_least or row.rate_rps is None else Figure(row.rate_rps)


def _ratios(run: Run) -> Iterator[tuple[Subject, Figure | str]]:
    for one in ratios(run.cells, run.config):
        subject = Subject("ratios", one.scenario, one.stack, one.against, one.metric, one.load)
        yield subject, _failed(one.failures) or Figure(one.estimate, one.reconnected)


def _absolute(run: Run) -> Iterator[tuple[Subject, Figure | str]]:
    for row in rows(run.cells, run.config):
        for metric in FOLLOWED:
            subject = Subject("absolute", row.scenario, row.stack, row.stack, metric.name, row.load)
            failed = _failed(() if row.failures is None else (row.failures,))
            found = row.estimates.get(metric.name)
            yield subject, failed or (NO_FIGURE if found is None else Figure(found))


def _failed(failures: Sequence[Failures]) -> str | None:
    return f"requests failed ({', '.join(one.stack for one in failures)})" if failures else None


def _missing(subject: Subject, plan: Plan, value: Figure | str | None) -> str | None:
    """Why a run of this plan has no figure; None where it has one."""
    if isinstance(value, str):
        return value
    if value is not None:
        return None
    return NO_FIGURE if _planned(subject, plan) else "not measured"


def _planned(subject: Subject, plan: Plan) -> bool:
    """Whether a run of this plan was to measure it."""
    profile = plan.profile
    under = (*profile.loads.get(subject.scenario, ()), profile.sought.get(subject.scenario))
    pair = (subject.stack, subject.against)
    both = pair in compared_stacks(plan) if subject.part == "ratios" else subject.stack in profile.stacks
    if isinstance(subject.under, Sought) and profile.searched:
        both &= {subject.stack, subject.against} <= set(profile.searched)
    return both and subject.under in under


def _unlike(subject: Subject, one: tuple[Run, Figure], other: tuple[Run, Figure]) -> str | None:
    """In what the figure of a run does not mean the same as that of `other`, the newest; None where it does."""
    (run, figure), (newest, latest) = one, other
    here, there = newest.config, run.config
    stacks = dict.fromkeys((subject.stack, subject.against))
    if any(here.stacks[name].url is not None for name in stacks):
        return "a stack ran already, so its settings are not known"
    highest = [most_in_flight(plan.profile) for plan in (there, here)]
    if highest[0] != highest[1] and any(_sized(here, name) for name in stacks):
        return f"its stacks were started for up to {highest[0]} requests in flight, not {highest[1]}"
    if figure.reconnected != latest.reconnected:
        return "which stack got a new connection for each request is not as in the newest run"
    if subject.metric != CAPACITY and here.profile.timing != there.profile.timing:
        return "the lengths of warm-up and window are not those of the newest run"
    if same_meaning(subject, here, there):
        return None
    fields = [one.field for one in settings_differences(run, newest, stacks, subject.scenario)]
    return f"other settings than in the newest run ({', '.join(fields) or 'the readiness check'})"


def _sized(plan: Plan, name: str) -> bool:
    """Whether the highest load of the run is in the stack's command, or in those of its companions."""
    stack = plan.stacks[name]
    programs: tuple[Stack | Companion, ...] = (stack, *plan.companions_of(stack))
    texts = (text for one in programs for text in (*one.argv, *one.env.values()))
    return any(sized in text for text in texts for sized in SIZED)

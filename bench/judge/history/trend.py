"""How figures moved over several runs: the steps that were shown, and where the machine changed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from bench.judge.capacity.grid import RATIO
from bench.judge.cell.metrics import BY_NAME
from bench.judge.gate.comparable import Difference, machine_differences
from bench.judge.history.series import CAPACITY, PARTS, LeftOut, Point, Series, Subject, gathered
from bench.judge.history.steps import detectable, enough, likeliest
from bench.judge.stats.significance import holm
from bench.model.run import Run

LARGEST = math.log(10)
"""No larger step is told to be detectable: with so few runs it is a guess."""


@dataclass(frozen=True, slots=True)
class Change:
    """What another machine, or another installation, `run` had than the run before it."""

    run: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """The geometric mean of a figure in its points from `first` to `last`, between which no step was shown."""

    first: int
    last: int
    mean: float


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was shown: the last run before it, the run in which it began, and the levels of both sides.

    `p`: adjusted for all tests of the part. `machine`: how the machine changed between the two runs. `by_machine`: the
    figure depends on the machine, so that its change is the first explanation.
    """

    before: int
    run: int
    was: float
    now: float
    p: float
    machine: tuple[Difference, ...]
    by_machine: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """A series, judged. `levels`: in order; they end at each step, and of what depends on the machine where it changed.

    `reconnected`: see `Series`. `scatter`: the standard deviation of the logarithms around their levels; None of too
    few points. `detectable`: the step in the middle that half of such series would show, as a factor; None where no
    stretch of it has enough runs.
    """

    subject: Subject
    points: tuple[Point, ...]
    reconnected: str | None
    levels: tuple[Level, ...]
    steps: tuple[Step, ...]
    scatter: float | None
    detectable: float | None


@dataclass(frozen=True, slots=True)
class Trend:
    """Several runs in order of time, and what was followed through them.

    `alpha`: the chance of naming any step in a part whose figures have none is at most that.
    """

    runs: tuple[Run, ...]
    alpha: float
    changes: tuple[Change, ...]
    followed: tuple[Followed, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class _Test:
    """A test of the points [first, last) of a series: for a step anywhere, or for one at `place`."""

    series: Series
    first: int
    last: int
    place: int | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A step that a test shows: its place among the points of the series, and its adjusted p."""

    place: int
    p: float


def trend(runs: Sequence[Run], alpha: float) -> Trend:
    """How the figures of these runs moved; they may come in any order.

    Absolute figures are not compared across a change of the machine, except to say what it changed.
    """
    ordered = tuple(sorted(runs, key=lambda run: (run.started, run.id)))
    changes = tuple(
        Change(place, found)
        for place, (before, after) in enumerate(pairwise(ordered), start=1)
        if (found := machine_differences(before, after))
    )
    series, left_out = gathered(ordered)
    followed = [
        one for part in PARTS for one in _judged([one for one in series if one.subject.part == part], changes, alpha)
    ]
    return Trend(ordered, alpha, changes, tuple(followed), left_out)


def least_change(subject: Subject) -> float:
    """A step below this factor is not named: the metric's noise threshold, and of capacities the grid of the rates."""
    return RATIO if subject.metric == CAPACITY else 1 + BY_NAME[subject.metric].noise


def _judged(series: Sequence[Series], changes: Sequence[Change], alpha: float) -> Iterator[Followed]:
    """The series of one part. Their stretches on one machine are one family of tests, under Holm's correction.

    A part of a stretch between steps that were shown is tested again; its p is multiplied by the size of the family.
    What a change of the machine changed is a second family: it compares the levels before and after it.
    """
    tests = [
        _Test(one, first, last)
        for one in series
        for first, last in pairwise([0, *_machine_places(one, changes), len(one.points)])
        if enough(last - first)
    ]
    own = _family(tests, alpha)
    borders = [
        _Test(one, first, last, place - first)
        for one in series
        for first, place, last in _borders(one, own.get(one.subject, ()), changes)
        if enough(last - first, place - first)
    ]
    moved = _family(borders, alpha)
    level = alpha / len(tests) if tests else 0.0
    for one in series:
        found = (*own.get(one.subject, ()), *moved.get(one.subject, ()))
        yield _followed(one, {step.place: step.p for step in found}, changes, level)


def _family(tests: Sequence[_Test], alpha: float) -> dict[Subject, list[_Found]]:
    """The steps that these tests show, of each series."""
    splits = [likeliest(_logs(test.series, test.first, test.last), test.place) for test in tests]
    known = [(test, split) for test, split in zip(tests, splits, strict=True) if split is not None]
    found: dict[Subject, list[_Found]] = {}
    for (test, split), p in zip(known, holm([split.p for _, split in known]), strict=True):
        steps = _shown(test, _Found(test.first + split.place, p), alpha, len(known))
        found.setdefault(test.series.subject, []).extend(steps)
    return found


def _borders(series: Series, own: Sequence[_Found], changes: Sequence[Change]) -> Iterator[tuple[int, int, int]]:
    """Each place where the machine changed, between the begin of the level before it and the end of that after it."""
    machine = _machine_places(series, changes)
    ends = sorted({0, *machine, *(one.place for one in own), len(series.points)})
    return (
        (first, place, last) for first, place, last in zip(ends, ends[1:], ends[2:], strict=False) if place in machine
    )


def _machine_places(series: Series, changes: Sequence[Change]) -> list[int]:
    """The places of the points before which the machine changed, of a series that depends on it."""
    if series.subject.part == "ratios":
        return []
    return [
        place
        for place, (before, after) in enumerate(pairwise(series.points), start=1)
        if _between(changes, before.run, after.run)
    ]


def _between(changes: Sequence[Change], before: int, after: int) -> tuple[Difference, ...]:
    """How the machine changed after the run `before`, up to the run `after`."""
    return tuple(one for change in changes if before < change.run <= after for one in change.differences)


def _shown(test: _Test, found: _Found, alpha: float, family: int) -> list[_Found]:
    """The step that was found, if it is shown and large enough, and those in the parts on both sides of it."""
    sides = (test.first, found.place), (found.place, test.last)
    was, now = (fmean(_logs(test.series, *side)) for side in sides)
    if found.p > alpha or abs(now - was) <= math.log(least_change(test.series.subject)):
        return []
    steps = [found]
    for first, last in sides if test.place is None else ():
        split = likeliest(_logs(test.series, first, last))
        if split is not None:
            p = max(found.p, min(1.0, split.p * family))
            part = _Test(test.series, first, last)
            steps += _shown(part, _Found(first + split.place, p), alpha, family)
    return steps


def _followed(series: Series, found: Mapping[int, float], changes: Sequence[Change], level: float) -> Followed:
    """The series with the steps that were found: by the place of the first point after each, its p."""
    points, places = series.points, _machine_places(series, changes)
    ends = sorted({0, *found, *places, len(points)})
    logs = [_logs(series, first, last) for first, last in pairwise(ends)]
    levels = [
        Level(first, last - 1, math.exp(fmean(part))) for (first, last), part in zip(pairwise(ends), logs, strict=True)
    ]
    steps = [
        Step(before, run, was.mean, now.mean, found[now.first], _between(changes, before, run), now.first in places)
        for was, now in pairwise(levels)
        if now.first in found
        for before, run in [(points[was.last].run, points[now.first].run)]
    ]
    freedom = len(points) - len(levels)
    squares = math.fsum((value - fmean(part)) ** 2 for part in logs for value in part)
    scatter = math.sqrt(squares / freedom) if freedom > 0 else None
    longest = max(map(len, logs))
    smallest = math.inf if scatter is None else detectable(scatter, longest, level)
    factor = max(math.exp(smallest), least_change(series.subject)) if smallest < LARGEST else None
    return Followed(series.subject, points, series.reconnected, tuple(levels), tuple(steps), scatter, factor)


def _logs(series: Series, first: int, last: int) -> list[float]:
    return [math.log(point.found.mean) for point in series.points[first:last]]

"""What the tables say, in words and numbers, before it is dressed for a terminal or for Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.judge.cell.metrics import METRICS, Metric
from bench.judge.stacks.ratios import Ratio
from bench.judge.stacks.rows import Kept, Row, Seen, kept, unmeasured
from bench.model.config import Load
from bench.model.run import Run
from bench.show.report import bottlenecks, reproduction
from bench.show.report import ratios as compared
from bench.show.report.answer import Answer, answer
from bench.show.report.reproduction import Reproduction
from bench.show.text.markdown import plural
from bench.show.text.sheet import Passage
from bench.show.text.titles import headers, load_title, under
from bench.units import NOTHING, figure, interval, rate, seconds


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure as text, or the word that stands for it, and its interval or nothing.

    `mark`: the number of the problem that it owes some or all of its rounds to. `struck`: it was read, but is void.
    `sort`: the figure in its base unit, to order a column by; None where there is no sound one.
    """

    value: str
    around: str = ""
    mark: int | None = None
    struck: bool = False
    # No part of what is shown: two figures that read alike are alike.
    sort: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: the stack, a figure for each metric, and words."""

    stack: str
    figures: tuple[Shown, ...]
    rounds: str
    notes: str


@dataclass(frozen=True, slots=True)
class Group:
    """The stacks under one scenario and load."""

    title: str
    headers: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """All tables, then what must be said of them: how to read them, numbered problems, what was not run.

    Above these the answer; after them the ratios between stacks, why each stack stops where it does, and whether a
    reference is reproduced.
    """

    groups: tuple[Group, ...]
    legend: tuple[str, ...]
    problems: tuple[str, ...]
    remarks: tuple[str, ...]
    answer: Answer
    ratios: Passage | None = None
    reasons: Passage | None = None
    reproduction: Passage | None = None


def content(run: Run, rows: Sequence[Row], ratios: Sequence[Ratio], reproduced: Reproduction | None = None) -> Content:
    """The words and numbers of a run's tables; names and titles in them are as they stand in the run."""
    problems: list[str] = []
    groups: dict[tuple[str, Load], list[Line]] = {}
    for row in rows:
        groups.setdefault((row.scenario, row.load), []).append(_line(row, run, problems))
    missing = (f"{_where(*group)} was not measured: the run ended early." for group in unmeasured(rows, run.config))
    return Content(
        groups=tuple(
            Group(
                f"{run.config.scenarios[scenario].title}, {load_title(load)}",
                ("stack", *headers(run, load.model), "rounds", "notes"),
                tuple(lines),
            )
            for (scenario, load), lines in groups.items()
        ),
        legend=_legend(run, rows),
        problems=tuple(problems),
        remarks=(*run.notes, *(line for one in kept(run.config) for line in _kept(one)), *missing),
        answer=answer(run, rows, ratios),
        ratios=compared.passage(run, rows, ratios),
        reasons=bottlenecks.passage(run, rows),
        reproduction=None if reproduced is None else reproduction.passage(reproduced),
    )


def _legend(run: Run, rows: Sequence[Row]) -> tuple[str, ...]:
    if not rows:
        return ("No cell was recorded.",)
    models = {row.load.model for row in rows}
    lines = []
    if "closed" in models:
        lines.append(
            "Closed loads: users never pause, so P95 at saturation is what waiting in a full queue costs, and not what "
            "a visitor waits."
        )
    if "open" in models:
        lines.append(
            "Open loads: requests arrive on schedule, whatever the server does; achieved is how many of them were "
            "answered rightly, and P95 counts from when each was due."
        )
    lines.append(f"Memory: median {'PSS' if run.machine.has_pss else 'USS (this machine has no PSS)'}.")
    estimates = [found for row in rows for found in row.estimates.values()]
    if any(found.low is not None for found in estimates):
        lines.append("Figures are geometric means over rounds, in brackets their 95 % intervals.")
    if any(found.low is None for found in estimates):
        lines.append("A figure without brackets is from a single round and has no interval.")
    if any(name in row.estimates for row in rows for name in row.voids):
        lines.append("A figure with a number beside it rests on fewer rounds than were recorded.")
    if any(seen.figure is not None and name not in row.estimates for row in rows for name, seen in row.voids.items()):
        lines.append("A void figure is what the first void round read, struck out: its number leads to the reason.")
    return tuple(lines)


def _line(row: Row, run: Run, problems: list[str]) -> Line:
    """The row's line; its problems are added to the list that is numbered from 1, in the order of reading."""
    numbers: dict[str, int] = {}

    def number(seen: Seen) -> int:
        # What voids a figure is a problem of the row, under its name or in its words; what it says there counts.
        same = (one for one in row.problems if one.name == seen.name or one.detail == seen.detail)
        problem = next(same, seen)
        if problem.name not in numbers:
            problems.append(f"{_where(row.stack, row.scenario, row.load)}: {_seen(problem, row)}")
            numbers[problem.name] = len(problems)
        return numbers[problem.name]

    figures = tuple(
        _figure(row, metric, number(row.voids[metric.name]) if metric.name in row.voids else None) for metric in METRICS
    )
    # A number that stands beside a figure needs no repeating.
    beside = {shown.mark for shown in figures}
    marks = " ".join(f"[{mark}]" for mark in map(number, row.problems) if mark not in beside)
    planned = run.config.profile.rounds
    return Line(
        stack=row.stack,
        figures=figures,
        rounds=str(row.rounds) if row.rounds >= planned else f"{row.rounds} of {planned}",
        notes=", ".join(part for part in (_outcome(row), _bound(row), _ceiling(row), marks) if part),
    )


def _figure(row: Row, metric: Metric, mark: int | None) -> Shown:
    found = row.estimates.get(metric.name)
    if found is not None:
        return Shown(*interval(found.mean, found.low, found.high, metric.unit), mark=mark, sort=found.mean)
    void = row.voids.get(metric.name)
    if void is None:
        return Shown(NOTHING)
    if void.figure is not None:
        return Shown(figure(void.figure, metric.unit), mark=mark, struck=True)
    return Shown("failed" if set(row.outcomes) == {"failed"} else "void", mark=mark)


def _seen(seen: Seen, row: Row) -> str:
    rounds = f" in {seen.rounds} of {plural(row.rounds, 'round')}" if row.rounds > 1 else ""
    return f"{seen.name}{rounds}: {seen.detail}"


def _outcome(row: Row) -> str:
    return "" if row.outcomes == ("ok",) else " / ".join(row.outcomes)


def _bound(row: Row) -> str:
    bounds = [bound for bound in row.bounds if bound != "nothing"]
    if bounds:
        return f"bound by {' / '.join(bounds)}{' in some rounds' if 'nothing' in row.bounds else ''}"
    # Where a stack fails or was not measured, nothing can be said of higher loads.
    if not row.bounds or "ok" not in row.outcomes:
        return ""
    return _NOTHING_BINDS[row.load.model]


_NOTHING_BINDS: Mapping[str, str] = {"closed": "load not high enough", "open": "nothing binds"}


def _ceiling(row: Row) -> str:
    return f"ceiling {rate(row.ceiling_rps)}" if row.ceiling_rps is not None else ""


def _where(stack: str, scenario: str, load: Load) -> str:
    return f"{stack} on {scenario} {under([load])}"


def _kept(one: Kept) -> list[str]:
    """A sentence for each load model that has loads from which the stack is kept."""
    why = "its profile says so."
    if one.slots is not None and one.ceiling_rps is not None:
        each = ", each" if one.slots > 1 else ","
        why = (
            f"its {plural(one.slots, 'slot')}{each} held for at least {seconds(one.hold_s)}, "
            f"allow{'' if one.slots > 1 else 's'} at most {rate(one.ceiling_rps)}."
        )
    by_model: dict[str, list[Load]] = {}
    for load in one.loads:
        by_model.setdefault(load.model, []).append(load)
    return [f"{one.stack} was not run {under(loads)} on {one.scenario}: {why}" for loads in by_model.values()]

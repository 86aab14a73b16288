"""What the tables say, in words and numbers, before it is dressed for a terminal or for Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.judge.comparison import Kept, Row, Seen, kept, unmeasured
from bench.judge.metrics import METRICS, Metric
from bench.model import Load, Run
from bench.show.text import plural
from bench.units import NOTHING, interval, rate, seconds, users

HEADERS = {"throughput": "throughput", "p95": "P95 at saturation", "memory": "memory", "cpu": "CPU per request"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table. A figure is two texts: the value or what stands for it, and its interval or nothing."""

    stack: str
    figures: tuple[tuple[str, str], ...]
    rounds: str
    notes: str


@dataclass(frozen=True, slots=True)
class Group:
    """The stacks under one scenario and load."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """All tables, then what must be said of them: how to read them, numbered problems, what was not run."""

    headers: tuple[str, ...]
    groups: tuple[Group, ...]
    legend: tuple[str, ...]
    problems: tuple[str, ...]
    remarks: tuple[str, ...]


def content(run: Run, rows: Sequence[Row]) -> Content:
    """The words and numbers of a run's tables; names and titles in them are as they stand in the run."""
    problems: list[str] = []
    groups: dict[tuple[str, Load], list[Line]] = {}
    for row in rows:
        groups.setdefault((row.scenario, row.load), []).append(_line(row, run, problems))
    missing = (f"{_where(*group)} was not measured: the run ended early." for group in unmeasured(rows, run.config))
    memory = "memory, PSS" if run.machine.has_pss else "memory, USS"
    return Content(
        headers=("stack", *((HEADERS | {"memory": memory})[metric.name] for metric in METRICS), "rounds", "notes"),
        groups=tuple(
            Group(f"{run.config.scenarios[scenario].title}, {users(load.users)}", tuple(lines))
            for (scenario, load), lines in groups.items()
        ),
        legend=_legend(run, rows),
        problems=tuple(problems),
        remarks=(*run.notes, *(_kept(one) for one in kept(run.config)), *missing),
    )


def _legend(run: Run, rows: Sequence[Row]) -> tuple[str, ...]:
    if not rows:
        return ("No cell was recorded.",)
    kind = "PSS" if run.machine.has_pss else "USS (this machine has no PSS)"
    lines = [
        f"P95 at saturation: users never pause, so this is what waiting in a full queue costs. Memory: median {kind}."
    ]
    estimates = [found for row in rows for found in row.estimates.values()]
    if any(found.low is not None for found in estimates):
        lines.append("Figures are geometric means over rounds, in brackets their 95 % intervals.")
    if any(found.low is None for found in estimates):
        lines.append("A figure without brackets is from a single round and has no interval.")
    return tuple(lines)


def _line(row: Row, run: Run, problems: list[str]) -> Line:
    """The row's line; its problems are added to the list that is numbered from 1."""
    numbers: dict[Seen, int] = {}
    for seen in (*row.problems, *row.voids.values()):
        same = next((one for one in numbers if seen.detail == one.detail or seen.name == one.name), None)
        if same is None:
            problems.append(f"{_where(row.stack, row.scenario, row.load)}: {_seen(seen, row)}")
        numbers[seen] = len(problems) if same is None else numbers[same]
    # A number that stands beside a figure needs no repeating.
    beside = {numbers[void] for void in row.voids.values()}
    marks = " ".join(f"[{number}]" for number in dict.fromkeys(numbers.values()) if number not in beside)
    planned = run.config.profile.rounds
    return Line(
        stack=row.stack,
        figures=tuple(_figure(row, metric, numbers) for metric in METRICS),
        rounds=str(row.rounds) if row.rounds >= planned else f"{row.rounds} of {planned}",
        notes=", ".join(part for part in (_outcome(row), _bound(row), marks) if part),
    )


def _figure(row: Row, metric: Metric, numbers: dict[Seen, int]) -> tuple[str, str]:
    void = row.voids.get(metric.name)
    found = row.estimates.get(metric.name)
    mark = f" [{numbers[void]}]" if void else ""
    if found is None:
        word = NOTHING if void is None else "failed" if void.name == "failed" else "void"
        return word + mark, ""
    value, around = interval(found.mean, found.low, found.high, metric.unit)
    return value + mark, around


def _seen(seen: Seen, row: Row) -> str:
    rounds = f" in {seen.rounds} of {plural(row.rounds, 'round')}" if row.rounds > 1 else ""
    return f"{seen.name}{rounds}: {seen.detail}"


def _outcome(row: Row) -> str:
    return "" if row.outcomes == ("ok",) else " / ".join(row.outcomes)


def _bound(row: Row) -> str:
    bound = f"bound by {' / '.join(row.bounds)}" if row.bounds else ""
    limit = f"ceiling {rate(row.ceiling_rps)}" if row.ceiling_rps is not None else ""
    return ", ".join(part for part in (bound, limit) if part)


def _where(stack: str, scenario: str, load: Load) -> str:
    return f"{stack} on {scenario} with {users(load.users)}"


def _kept(one: Kept) -> str:
    said = f"{one.stack} was not run beyond {users(one.max_users)} on {one.scenario}"
    if one.slots is None or one.ceiling_rps is None:
        return f"{said}: its profile says so."
    each = ", each" if one.slots > 1 else ","
    return (
        f"{said}: its {plural(one.slots, 'slot')}{each} held for at least {seconds(one.hold_s)}, "
        f"allow{'' if one.slots > 1 else 's'} at most {rate(one.ceiling_rps)} at any load."
    )

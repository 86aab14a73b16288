"""What each stack carries within a latency objective: sentences, and a table for each scenario."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bench.judge.capacity.grid import COMMON_RPS
from bench.judge.capacity.overload import collapses
from bench.judge.capacity.rows import CapacityRatio, CapacityRow, capacity_ratios, capacity_rows, cores_for
from bench.judge.stacks.rows import Row
from bench.judge.stats.intervals import Estimate
from bench.model.loads import objective_name
from bench.model.run import Run
from bench.model.search import Ending
from bench.show.report import crossover
from bench.show.text.document import Cell, Column, Note, Section, Table, paragraphs
from bench.show.text.titles import under
from bench.show.text.words import listed, plural
from bench.units import NOTHING, interval, offered, percent, rate, ratio, significant, tick

SAME = 0.05
"""A ratio whose interval lies within 1 +- SAME is called equal: the rates that are tried are 4 % apart."""

COSTS = ("CPU per request", "cores", "memory", "per GiB", "P95 at 50 %", "P95 at 80 %")
COMMON = tuple(f"{title} at {offered(COMMON_RPS)}" for title in ("CPU per request", "achieved"))
"""What the table of costs has of each stack."""

PLANNED_RPS = 5000.0
"""The rate that the plan in the report is for."""

ARRIVALS = {"poisson": "Poisson", "fixed": "evenly spaced"}

ENDINGS: Mapping[Ending, str] = {
    "at least": "at least: a higher rate could not be tried",
    "never": "never: the objective held at no rate",
    "not known": "not known: no rate was found",
    "failed": "failed: the search could not be carried out",
}
"""What a footnote says of a search that ended so, with a reason."""

HARMED = (
    "harmed by overload: after an overload it failed at rates far below one that had held, and held them again after a "
    "restart"
)
"""What a footnote says of a stack of which that was seen in more than one round."""

READING = (
    "Capacity is the arrival rate ({arrivals} arrivals) at which the objective holds in two windows of three. The "
    "stacks stand side by side and take turns window by window, so their ratio holds better than any rate. Memory is "
    "anonymous memory, which each further process needs again, after the overloads of the search."
)


def section(run: Run) -> Section | None:
    """The tables; None where nothing was searched for."""
    rows = capacity_rows(run)
    if not rows:
        return None
    ratios = capacity_ratios(run.searches, run.config)
    parts = tuple(
        Section(
            f"capacity-{number}",
            f"{run.config.scenarios[scenario].title}, {objective_name(sought.objective)}",
            (
                _carried(run, [row for row in rows if row.scenario == scenario], ratios),
                Section(f"capacity-costs-{number}", "What that costs", (_costs(rows, scenario),), detail=True),
                *_crossover(run, scenario, number),
            ),
        )
        for number, (scenario, sought) in enumerate(run.config.profile.sought.items(), start=1)
        if any(row.scenario == scenario for row in rows)
    )
    plans = (line for scenario in run.config.profile.sought for line in _plan(scenario, rows))
    arrivals = {sought.arrivals for sought in run.config.profile.sought.values()}
    told = READING.format(arrivals=listed(sorted(ARRIVALS[kind] for kind in arrivals)))
    reading = Section("capacity-reading", "How to read it", paragraphs((told, *plans)), detail=True)
    return Section("capacity", "How much each stack carries", (*parts, reading))


def _crossover(run: Run, scenario: str, number: int) -> tuple[Section, ...]:
    found = crossover.section(run, scenario, f"capacity-crossover-{number}")
    return () if found is None else (found,)


def sentences(run: Run) -> Iterator[str]:
    """For each scenario what the stacks carry, each compared with the second of the profile's pair."""
    rows, ratios = capacity_rows(run), capacity_ratios(run.searches, run.config)
    for scenario in run.config.profile.sought:
        own = [row for row in rows if row.scenario == scenario]
        if own:
            yield from _sentences(run, own, [one for one in ratios if one.scenario == scenario])
            yield from crossover.sentences(run, scenario)


def limits(run: Run) -> Iterator[str]:
    """What is not known of the capacities."""
    rows = capacity_rows(run)
    for row in rows:
        if row.rate_rps is None and "never" not in row.endings:
            yield f"The capacity of {row.stack} on {row.scenario} is not known: {'; '.join(row.why)}."
    single = listed_stacks(row for row in rows if row.rate_rps is not None and len(row.rate_rps.values) == 1)
    if single:
        yield f"The capacity of {single} is from a single round and has no interval."


def listed_stacks(rows: Iterable[CapacityRow]) -> str:
    """The stacks of these rows; empty where there is none."""
    names = list(dict.fromkeys(row.stack for row in rows))
    return listed(names) if names else ""


def _sentences(run: Run, rows: Sequence[CapacityRow], ratios: Sequence[CapacityRatio]) -> Iterator[str]:
    """The headline's pair, then all others against the second of the pair, then those of which there is no ratio."""
    within = f"Within {objective_name(rows[0].sought.objective).replace(' within', '')} on {rows[0].scenario}"
    cores = len(run.server_cpus)
    where = " on all cores" if not cores else " on one core" if cores == 1 else f" on {plural(cores, 'core')}"
    if any(run.config.stacks[row.stack].url is not None for row in rows):  # it runs wherever it runs
        where = ""
    by_stack = {row.stack: row for row in rows}
    if ratios:
        first, *others = ratios
        yield f"{within}, {_pair(first, by_stack[first.stack], by_stack[first.against], where)}."
        if others:
            told = [f"{one.stack} {_ratio(one)} ({_figure(by_stack[one.stack].rate_rps)})" for one in others]
            yield f"Compared with {first.against}, the others carry: {listed(told)}."
    compared = {name for one in ratios for name in (one.stack, one.against)}
    for row in rows:
        if row.stack not in compared and row.rate_rps is not None:
            least = "at least " if row.at_least else ""
            yield f"{within}, {row.stack} carries {least}{_figure(row.rate_rps)}{where}."
        elif row.rate_rps is None and "never" in row.endings:
            yield f"{row.stack} never kept {objective_name(row.sought.objective)} on {row.scenario}, {row.why[0]}."


def _pair(one: CapacityRatio, over: CapacityRow, under: CapacityRow, where: str) -> str:
    """How the two stacks of a ratio compare; `where`: on how many cores, as the end of a clause."""
    theirs = f"({_figure(under.rate_rps)})"
    if one.estimate.low is None:
        return (
            f"{one.stack} carried {_ratio(one)} as much as {one.against}{where} {theirs} in a single round, which has "
            "no interval: --rounds 3 shows whether they differ"
        )
    match _direction(one):
        case "differs":
            return f"{one.stack} carries {_amount(over)}{where}, {_ratio(one)} as much as {one.against} {theirs}"
        case "same":
            return f"{one.stack} carries the same as {one.against}{where} {theirs}: {_ratio(one)}"
        case _:
            return f"no difference between {one.stack} and {one.against}{where} {theirs} was shown: {_ratio(one)}"


def overloaded(run: Run, rows: Sequence[Row]) -> Iterator[str]:
    """A sentence about each stack that serves far less under an overload than it carries."""
    for one in collapses(run, rows):
        yield (
            f"On {one.row.scenario} {under([one.row.load])}, {one.row.stack} serves {rate(one.served_rps)}, less than "
            f"half of the {rate(one.carried_rps)} that it carries: with more requests in flight it serves fewer."
        )


def _direction(one: CapacityRatio) -> str:
    """Whether the interval of a ratio lies on one side of 1, within 1 +- SAME, or neither."""
    low, high = one.estimate.low, one.estimate.high
    if low is None or high is None:
        return "unclear"
    if low >= 1 - SAME and high <= 1 + SAME:
        return "same"
    return "differs" if low > 1 or high < 1 else "unclear"


def _ratio(one: CapacityRatio) -> str:
    bound = f"{one.bound} " if one.bound is not None else ""
    return f"{bound}{ratio(one.estimate.mean, one.estimate.low, one.estimate.high)}"


def _amount(row: CapacityRow) -> str:
    """The capacity with its interval in brackets."""
    found = row.rate_rps
    if found is None:
        return "not known"
    value, around = interval(found.mean, found.low, found.high, "requests/s")
    return f"{'at least ' if row.at_least else ''}{value} {around}".rstrip()


def _figure(found: Estimate | None) -> str:
    if found is None:
        return "not known"
    value, around = interval(found.mean, found.low, found.high, "requests/s")
    return f"{value}{f', {around[1:-1]}' if around else ''}"


def _plan(scenario: str, rows: Sequence[CapacityRow]) -> Iterator[str]:
    """How many cores a rate needs under this scenario, if capacity grows with the cores."""
    own = (row for row in rows if row.scenario == scenario)
    needed = {row.stack: cores for row in own if (cores := cores_for(row, PLANNED_RPS)) is not None}
    if needed:
        parts = [
            f"{low if low == high else f'{low} to {high}'} cores of {stack}" for stack, (low, high) in needed.items()
        ]
        yield (
            f"For {tick(PLANNED_RPS)}/s on {scenario}: {listed(parts)}, if twice the cores carry twice as "
            "much, which was not measured."
        )


def _carried(run: Run, rows: Sequence[CapacityRow], ratios: Sequence[CapacityRatio]) -> Table:
    """What each stack carries, and how that compares."""
    against = {one.stack: one for one in ratios if one.scenario == rows[0].scenario}
    base = f"against {ratios[0].against}" if ratios else "ratio"
    columns = (Column("stack"), *(Column(title, "right") for title in ("capacity", base, "rounds")))
    return Table(columns, tuple(_carries(run, row, against.get(row.stack)) for row in rows), 0, sortable=True)


def _carries(run: Run, row: CapacityRow, one: CapacityRatio | None) -> tuple[Cell, ...]:
    notes = tuple(_notes(run, row))
    if row.rate_rps is not None:
        value, around = interval(row.rate_rps.mean, row.rate_rps.low, row.rate_rps.high, "requests/s")
        capacity = Cell(f"{'at least ' if row.at_least else ''}{value}", around, notes, value=row.rate_rps.mean)
    else:
        never = "never" in row.endings
        capacity = Cell("0" if never else NOTHING, notes=notes, value=0.0 if never else None)
    compared = Cell(NOTHING) if one is None else Cell(_ratio(one), value=one.estimate.mean)
    return Cell(row.stack), capacity, compared, Cell(str(row.rounds))


def _notes(run: Run, row: CapacityRow) -> Iterator[Note]:
    """What kept the searches of a row from a rate, each reason once."""
    own = [one for one in run.searches if (one.stack, one.scenario) == (row.stack, row.scenario)]
    for ending, why in dict.fromkeys((one.ending, one.why) for one in own if one.ending in ENDINGS):
        yield Note(ENDINGS[ending], f"{row.stack} on {row.scenario}: {why}")
    if row.harmed > 1:  # in one round it may be chance
        yield Note(HARMED, f"{row.stack} on {row.scenario}: in {row.harmed} of {plural(row.rounds, 'round')}")


def _costs(rows: Sequence[CapacityRow], scenario: str) -> Table:
    """What the stacks use at their capacity, and how long they take below it."""
    own = [row for row in rows if row.scenario == scenario]
    common = any(row.common_achieved for row in own)
    columns = (Column("stack"), *(Column(title, "right") for title in (*COSTS, *(COMMON if common else ()))))
    return Table(columns, tuple((*_cost(row), *(_common(row) if common else ())) for row in own), 0, sortable=True)


def _cost(row: CapacityRow) -> tuple[Cell, ...]:
    return (
        Cell(row.stack),
        _cell(row.s_per_request, "s", row),
        _mean(row.cores, lambda cores: significant(cores, 2), row),
        _cell(row.memory_bytes, "bytes", row),
        _mean(row.per_gib_rps, rate, row),
        *(_cell(row.p95_s.get(share), "s", row) for share in (0.5, 0.8)),
    )


def _common(row: CapacityRow) -> tuple[Cell, ...]:
    """The figures at COMMON_RPS."""
    shares = row.common_achieved
    mean = math.fsum(shares) / len(shares) if shares else None
    achieved = Cell(NOTHING) if mean is None else Cell(percent(mean), _of_rounds(len(shares), row), value=mean)
    return _cell(row.common_s_per_request, "s", row), achieved


def _mean(found: Estimate | None, shown: Callable[[float], str], row: CapacityRow) -> Cell:
    """A figure that follows from others, without an interval of its own."""
    if found is None:
        return Cell(NOTHING)
    return Cell(shown(found.mean), _of_rounds(len(found.values), row), value=found.mean)


def _cell(found: Estimate | None, unit: str, row: CapacityRow) -> Cell:
    if found is None:
        return Cell(NOTHING)
    value, around = interval(found.mean, found.low, found.high, unit)
    return Cell(value, " ".join(filter(None, (around, _of_rounds(len(found.values), row)))), value=found.mean)


def _of_rounds(number: int, row: CapacityRow) -> str:
    """That a figure is not from all rounds of its row, or nothing."""
    return f"from {number} of {plural(row.rounds, 'round')}" if number < row.rounds else ""

"""From which load on which of two stacks is ahead: a table for each scenario, and a sentence about the headline."""

from collections.abc import Iterator, Sequence

from bench.judge.capacity.crossover import Crossover, Lead, crossovers
from bench.judge.cell.metrics import CPU, MEMORY, P95
from bench.model.run import Run
from bench.show.report.ratios import thresholds
from bench.show.text.document import Cell, Column, Section, Table, paragraphs
from bench.show.text.words import listed
from bench.units import RATE, rate

AHEAD = {
    CPU.name: "needs less CPU per request",
    MEMORY.name: "needs less memory",
    P95.name: "has the lower P95",
}
"""What it means to be ahead in a metric."""

READING = (
    "The stack that needs less, or has the lower P95, and the arrival rates at which it does. From a rate means up to "
    "the highest that could be compared. In brackets are all rates that could be compared: 26 % apart, carried by both "
    "stacks in at least two rounds, between windows no further than a factor of 2.15 apart. Beyond the capacity of one "
    "of the two, the ratio of their capacities tells which is ahead.",
    "A stack is ahead where the whole 95 % interval of the ratio lies beyond the noise threshold ({noise}). A rate "
    "counts if one beside it shows the same, or none beside it could be compared. With so many comparisons, some may "
    "still show a difference by chance. Memory is that after the first overload of the search, which hardly depends on "
    "the rate.",
)


def section(run: Run, scenario: str, name: str) -> Section | None:
    """Every stack against the second of the profile's pair; None where there are no two."""
    found = [one for one in crossovers(run.searches, run.config) if one.scenario == scenario]
    if not found:
        return None
    lines = {(one.stack, one.against): [each for each in found if each.stack == one.stack] for one in found}
    metrics = [one.metric for one in next(iter(lines.values()))]
    table = Table(
        tuple(map(Column, ("stacks", *(metric.under("open").title for metric in metrics)))),
        tuple((Cell(f"{stack} / {against}"), *map(_cell, own)) for (stack, against), own in lines.items()),
        key=0,
    )
    noise = thresholds(metrics)
    reading = paragraphs(text.format(noise=noise) for text in READING)
    return Section(name, "From which load on which is ahead", (table, *reading), detail=True)


def sentences(run: Run, scenario: str) -> Iterator[str]:
    """One about the pair of the profile, where their windows could be compared."""
    found = [
        one
        for one in crossovers(run.searches, run.config)
        if one.scenario == scenario and (one.stack, one.against) == run.config.profile.compare
    ]
    if any(one.rates for one in found):
        unknown = [AHEAD[one.metric.name] for one in found if not one.leads]
        told = [_clause(one) for one in found if one.leads]
        told += [f"which {' or '.join(unknown)} was not shown"] if unknown else []
        yield f"Of {found[0].stack} and {found[0].against} on {scenario}, {'; '.join(told)}."


def _clause(one: Crossover) -> str:
    """`flask needs less memory at every rate that both carry (50.1 to 501/s)`; of a change both stacks."""
    what = AHEAD[one.metric.name]
    if _everywhere(one):
        return f"{one.throughout} {what} at every rate that was compared ({_rates(one)})"
    first, *others = _by_stack(one).items()
    rest = [f"{stack} {_where(one, leads)}" for stack, leads in others]
    return listed([f"{first[0]} {what} {_where(one, first[1])}", *rest])


def _cell(one: Crossover) -> Cell:
    if not one.rates:
        return Cell("not compared")
    if _everywhere(one):
        return Cell(f"{one.throughout} at every rate", f"({_rates(one)})")
    told = [f"{stack} {_where(one, leads)}" for stack, leads in _by_stack(one).items()]
    return Cell("; ".join(told) or "not shown", f"({_rates(one)})")


def _everywhere(one: Crossover) -> bool:
    """Whether one stack is ahead at all of several rates."""
    return one.throughout is not None and len(one.rates) > 1


def _by_stack(one: Crossover) -> dict[str, list[Lead]]:
    """The leads of each stack, that with the lowest rate first."""
    found: dict[str, list[Lead]] = {}
    for lead in one.leads:
        found.setdefault(lead.stack, []).append(lead)
    return found


def _where(one: Crossover, leads: Sequence[Lead]) -> str:
    """`at 31.6 to 200/s`; `from 200/s` where that is up to the highest rate that could be compared."""
    return listed([_range(one, lead) for lead in leads])


def _range(one: Crossover, lead: Lead) -> str:
    if lead.low_rps < lead.high_rps == one.rates[-1].rate_rps:
        return f"from {rate(lead.low_rps)}"
    return f"at {_between(lead.low_rps, lead.high_rps)}"


def _rates(one: Crossover) -> str:
    """The rates that could be compared."""
    return ", ".join(_between(low, high) for low, high in one.runs)


def _between(low_rps: float, high_rps: float) -> str:
    return rate(low_rps) if low_rps == high_rps else f"{RATE.number(low_rps)} to {rate(high_rps)}"

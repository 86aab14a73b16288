"""The stacks ranked by what they serve, with what each is compared to the second of the profile's pair."""

from collections.abc import Iterator, Mapping, Sequence

from bench.judge.cell.metrics import CPU, P95, THROUGHPUT, Metric
from bench.judge.stacks.ratios import Ratio
from bench.judge.stacks.rows import Row, highest
from bench.model.loads import amount
from bench.model.run import Run
from bench.show.report.problems import value_cell
from bench.show.report.ratios import ratio_cell
from bench.show.report.results import said_cell
from bench.show.text.document import Cell, Column, Paragraph, Section, Table
from bench.show.text.titles import load_title, wording
from bench.show.text.words import listed
from bench.units import interval

FEWEST = 3
"""Stacks that are worth a ranking."""

MOST_LOADS = 2
"""Of more closed loads the results have one table, in which a stack's place can be seen under each."""

READING = "The order is that of the means. Neighbours whose intervals overlap are not shown to differ."

RANKED = (THROUGHPUT, CPU)
"""What the ranking compares; its order is that of the first."""


def section(run: Run, rows: Sequence[Row], ratios: Sequence[Ratio]) -> Section | None:
    """A table for each scenario, at its highest closed load; None where no scenario has stacks to rank."""
    found = tuple(_scenarios(run, rows, ratios))
    return Section("ranking", "Ranked by throughput", (Paragraph(READING), *found)) if found else None


def _scenarios(run: Run, rows: Sequence[Row], ratios: Sequence[Ratio]) -> Iterator[Section]:
    by_place = {(one.scenario, one.load, one.stack, one.metric): one for one in ratios}
    for number, scenario in enumerate(run.config.profile.loads, start=1):
        own = [row for row in highest(rows) if row.scenario == scenario]
        loads = {row.load for row in rows if row.scenario == scenario and row.load.model == "closed"}
        load = max(loads, key=amount, default=None)
        ranked = sorted((row for row in own if row.load == load), key=_place)
        if load is None or len(loads) > MOST_LOADS or len(ranked) < FEWEST:
            continue
        against = {
            (row.stack, metric.name): by_place.get((scenario, load, row.stack, metric.name))
            for row in ranked
            for metric in RANKED
        }
        yield Section(
            f"ranking-{number}",
            f"{run.config.scenarios[scenario].title}, {load_title(load)}",
            (*_sentences(ranked, [row.stack for row in own if row.load != load]), _table(run, ranked, against)),
        )


def _place(row: Row) -> tuple[bool, float]:
    """What serves most comes first; what has no reliable throughput comes last."""
    found = row.estimates.get(THROUGHPUT.name)
    return found is None, 0.0 if found is None else -found.mean


def _sentences(ranked: Sequence[Row], absent: Sequence[str]) -> Iterator[Paragraph]:
    """The two ends of each figure, of the stacks that have it; who is not in the order."""
    text = "; ".join(_ends(metric, have) for metric in RANKED if len(have := _having(metric, ranked)) > 1)
    if text:
        yield Paragraph(f"{text[0].upper()}{text[1:]}.")
    if absent:
        yield Paragraph(f"Measured with fewer users only, and so not ranked: {listed(absent)}.")


def _having(metric: Metric, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if metric.name in row.estimates]


def _ends(metric: Metric, have: Sequence[Row]) -> str:
    ends = (choose(have, key=lambda row: row.estimates[metric.name].mean) for choose in (min, max))
    low, high = (f"{_figure(row, metric)} with {row.stack}" for row in ends)
    return f"{metric.title} goes from {low} to {high}"


def _figure(row: Row, metric: Metric) -> str:
    found = row.estimates[metric.name]
    return " ".join(part for part in interval(found.mean, found.low, found.high, metric.unit) if part)


def _table(run: Run, ranked: Sequence[Row], against: Mapping[tuple[str, str], Ratio | None]) -> Table:
    pair = run.config.profile.compare
    columns = [Column("stack")]
    for metric in RANKED:
        columns.append(Column(wording(run, metric, "closed").header, "right"))
        if pair is not None:
            columns.append(Column(f"against {pair[1]}", "right"))
    columns += [Column(wording(run, P95, "closed").header, "right"), Column("notes")]
    return Table(
        tuple(columns),
        tuple(
            (
                Cell(row.stack),
                *(cell for metric in RANKED for cell in _compared(run, row, metric, against)),
                value_cell(row, P95),
                said_cell(run, row, (*RANKED, P95)),
            )
            for row in ranked
        ),
        key=0,
        sortable=True,
    )


def _compared(run: Run, row: Row, metric: Metric, against: Mapping[tuple[str, str], Ratio | None]) -> Iterator[Cell]:
    yield value_cell(row, metric)
    if run.config.profile.compare is not None:
        yield ratio_cell(against[row.stack, metric.name])

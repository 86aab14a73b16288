"""The ratios between stacks: those of the profile's pair as sentences, all of them as tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.judge.cell.metrics import BY_NAME, METRICS, THROUGHPUT, Metric
from bench.judge.stacks.ratios import Ratio, headline
from bench.judge.stacks.rows import Row
from bench.model.config import Load
from bench.model.loads import load_name
from bench.model.run import Run
from bench.show.text.document import Cell, Column, Note, Section, Table, paragraphs, points
from bench.show.text.titles import MODELS, headers
from bench.show.text.words import listed
from bench.units import NOTHING, percent, ratio, threshold

SINGLE = "A single round has no interval, so no difference can be shown."


def section(run: Run, rows: Sequence[Row], found: Sequence[Ratio]) -> Section | None:
    """What the ratios say; None where the run has none."""
    pair = run.config.profile.compare
    if pair is None or not found:
        return None
    told = headline(found, run.config)
    sentences = tuple(_sentences(told)) or (
        f"{pair[0]} / {pair[1]}: {'no difference was shown' if told else 'there is no ratio'}.",
    )
    single = [SINGLE] if any(one.estimate.low is None for one in found) else []
    notes = (*unsaid(rows, told, pair), *single, _reading(pair))
    return Section("ratios", "Ratios", (*points(sentences), *paragraphs(notes), *_tables(run, found)))


def unsaid(rows: Sequence[Row], told: Sequence[Ratio], pair: tuple[str, str]) -> list[str]:
    """Where no difference between the pair was shown, and where there is no ratio at all."""
    notes = []
    unclear = [one for one in told if one.direction == "unclear"]
    if unclear:
        parts = _by_load((one.scenario, one.load, name(one)) for one in unclear)
        notes.append(f"No difference was shown: {'; '.join(parts)}.")
    reasons: dict[str, list[tuple[str, Load, str]]] = {}
    for scenario, load, metric in _missing(rows, told, pair):
        # Failures leave the ratio of throughput, so its reason is another one.
        failed = metric is not THROUGHPUT and (scenario, load) in _failing(rows, pair)
        why = "a stack failed requests" if failed else "a value is unreliable or missing"
        reasons.setdefault(why, []).append((scenario, load, metric.under(load.model).title))
    notes += [f"No ratio, because {why}: {'; '.join(_by_load(missing))}." for why, missing in reasons.items()]
    return notes


def name(one: Ratio) -> str:
    """The metric of a ratio, as it is called under its load."""
    return BY_NAME[one.metric].under(one.load.model).title


def figure(one: Ratio) -> str:
    """The ratio with its interval."""
    return ratio(one.estimate.mean, one.estimate.low, one.estimate.high)


def place(one: Ratio) -> str:
    """Which two stacks, and where: `a / b, weather, 100 users`."""
    return f"{one.stack} / {one.against}, {one.scenario}, {load_name(one.load)}"


def mark(one: Ratio) -> str:
    """What must stand beside a ratio, in brackets, or nothing: that a stack failed, or was not treated as the other."""
    said = [f"{failed.stack} failed {percent(failed.share)} of the requests" for failed in one.failures]
    if one.reconnected is not None:
        said.append(f"{one.reconnected} was sent each request over a new connection")
    return f" ({listed(said)})" if said else ""


def thresholds(metrics: Iterable[Metric]) -> str:
    """The noise thresholds: `1 % for throughput and memory, 3 % for P95`."""
    limits: dict[str, list[str]] = {}
    for metric in metrics:
        limits.setdefault(threshold(metric.noise), []).append(metric.title)
    return ", ".join(f"{limit} for {listed(titles)}" for limit, titles in limits.items())


def _reading(pair: tuple[str, str]) -> str:
    return (
        f"{ratio(0.5, None, None)} is half of the value of {pair[1]} in the same round. Brackets contain the 95 % "
        "confidence interval over the rounds. A ratio shows a difference if its whole interval lies beyond the noise "
        f"threshold ({thresholds(METRICS)})."
    )


def _sentences(told: Iterable[Ratio]) -> list[str]:
    """One for each scenario and load that shows something."""
    clear: dict[str, list[str]] = {}
    for one in told:
        if one.direction == "same":
            same = f"{name(one)} equal within {threshold(BY_NAME[one.metric].noise)}"
            clear.setdefault(place(one), []).append(same + mark(one))
        elif one.direction != "unclear":
            clear.setdefault(place(one), []).append(f"{name(one)} {figure(one)}{mark(one)}")
    return [f"{where}: {', '.join(texts)}" for where, texts in clear.items()]


def _by_load(found: Iterable[tuple[str, Load, str]]) -> list[str]:
    """Metrics by scenario and load: `weather, 10 users (throughput, memory)`."""
    parts: dict[str, list[str]] = {}
    for scenario, load, metric in found:
        parts.setdefault(f"{scenario}, {load_name(load)}", []).append(metric)
    return [f"{where} ({', '.join(names)})" for where, names in parts.items()]


def _missing(rows: Sequence[Row], told: Sequence[Ratio], pair: tuple[str, str]) -> list[tuple[str, Load, Metric]]:
    """The metrics without a ratio though both stacks were measured."""
    have = {(one.scenario, one.load, one.metric) for one in told}
    measured = [{(row.scenario, row.load) for row in rows if row.stack == stack} for stack in pair]
    both = dict.fromkeys(where for row in rows if (where := (row.scenario, row.load)) in measured[0] & measured[1])
    return [
        (scenario, load, metric)
        for scenario, load in both
        for metric in METRICS
        if (scenario, load, metric.name) not in have
    ]


def _failing(rows: Sequence[Row], pair: tuple[str, str]) -> set[tuple[str, Load]]:
    """The scenarios and loads in which one of the pair failed requests."""
    return {(row.scenario, row.load) for row in rows if row.stack in pair and row.failures is not None}


def _tables(run: Run, found: Sequence[Ratio]) -> Iterator[Section]:
    """A table for each scenario and load model: every stack against the second of the pair."""
    tables: dict[tuple[str, str], dict[tuple[Load, str], dict[str, Ratio]]] = {}
    for one in found:
        lines = tables.setdefault((one.scenario, one.load.model), {})
        lines.setdefault((one.load, one.stack), {})[one.metric] = one
    unlike = {
        one.stack: Note("a new connection for each request: that takes time and CPU", one.reconnected)
        for one in found
        if one.reconnected is not None
    }
    for number, ((scenario, _), lines) in enumerate(tables.items(), start=1):
        model = next(iter(lines))[0].model
        yield Section(
            f"ratios-{number}",
            f"{run.config.scenarios[scenario].title} ({MODELS[model]}), against {found[0].against}",
            (Table(tuple(map(Column, ("load", "stack", *headers(run, model)))), tuple(_lines(lines, unlike)), key=1),),
            detail=True,
        )


def _lines(
    lines: Mapping[tuple[Load, str], Mapping[str, Ratio]], unlike: Mapping[str, Note]
) -> Iterator[tuple[Cell, ...]]:
    """The rows; a stack that was not treated as the other has a note, the same in each row that it holds for."""
    for (load, stack), own in lines.items():
        notes = (unlike[stack],) if any(one.reconnected is not None for one in own.values()) else ()
        yield (
            Cell(load_name(load)),
            Cell(stack, notes=notes),
            *(ratio_cell(own.get(metric.name)) for metric in METRICS),
        )


def ratio_cell(one: Ratio | None) -> Cell:
    """A ratio; where it is not a difference, a word before it says so. Its note says which stack failed requests."""
    if one is None:
        return Cell(NOTHING)
    word = f"{one.direction}: " if one.direction in {"same", "unclear"} else ""
    notes = (Note("failed requests: only correct answers count as throughput", f"{place(one)}{mark(one)}"),)
    return Cell(f"{word}{figure(one)}", notes=notes if one.failures else ())

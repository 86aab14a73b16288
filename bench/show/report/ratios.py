"""The ratios between stacks in words: those of the headline's pair as sentences, all of them as tables."""

from collections.abc import Iterable, Sequence

from bench.judge.cell.metrics import BY_NAME, METRICS
from bench.judge.stacks.ratios import Ratio, headline
from bench.judge.stacks.rows import Row
from bench.model.config import Load
from bench.model.loads import load_name
from bench.model.run import Run
from bench.show.text.markdown import listed
from bench.show.text.sheet import Passage, Sheet
from bench.show.text.titles import headers, metric_title
from bench.units import NOTHING, ratio, threshold

_Where = tuple[str, Load]


def passage(run: Run, rows: Sequence[Row], found: Sequence[Ratio]) -> Passage | None:
    """What the ratios say; None where the run has none."""
    pair = run.config.profile.compare
    if pair is None or not found:
        return None
    said = headline(found, run.config)
    notes = unsaid(rows, said, pair)
    if any(one.estimate.low is None for one in found):
        notes.append("A single round has no interval, and shows no difference.")
    notes.append(_reading(pair))
    return Passage(
        "Ratios",
        points=tuple(_sentences(said)) or (f"{pair[0]} / {pair[1]}: {'no difference shown' if said else 'no ratio'}.",),
        notes=tuple(notes),
        sheets=tuple(_sheets(run, found)),
    )


def unsaid(rows: Sequence[Row], said: Sequence[Ratio], pair: tuple[str, str]) -> list[str]:
    """Where no difference between the pair was shown, and where there is no ratio at all."""
    notes = []
    unclear = [one for one in said if one.direction == "unclear"]
    if unclear:
        parts = _by_load((one.scenario, one.load, name(one)) for one in unclear)
        notes.append(f"No difference shown: {'; '.join(parts)}.")
    missing = _missing(rows, said, pair)
    if missing:
        notes.append(f"No ratio, because a figure is void or missing: {'; '.join(_by_load(missing))}.")
    return notes


def name(one: Ratio) -> str:
    """The metric of a ratio, as it is called under its load."""
    return metric_title(BY_NAME[one.metric], one.load.model)


def figure(one: Ratio) -> str:
    """The ratio with its interval."""
    return ratio(one.estimate.mean, one.estimate.low, one.estimate.high)


def place(one: Ratio) -> str:
    """Which two stacks, and where: `a / b, weather, 100 users`."""
    return f"{one.stack} / {one.against}, {one.scenario}, {load_name(one.load)}"


def _reading(pair: tuple[str, str]) -> str:
    limits: dict[str, list[str]] = {}
    for metric in METRICS:
        limits.setdefault(threshold(metric.noise), []).append(metric.title)
    noise = ", ".join(f"{limit} for {listed(titles)}" for limit, titles in limits.items())
    return (
        f"\u00d70.50 is half of what {pair[1]} has in the same round. In brackets the 95 % interval over rounds; a "
        f"difference is one whose whole interval is beyond the noise ({noise})."
    )


def _sentences(said: Iterable[Ratio]) -> list[str]:
    """One for each scenario and load that shows something."""
    clear: dict[str, list[str]] = {}
    for one in said:
        if one.direction == "same":
            text = f"{name(one)} the same within {threshold(BY_NAME[one.metric].noise)}"
        elif one.direction != "unclear":
            text = f"{name(one)} {figure(one)}"
        else:
            continue
        clear.setdefault(place(one), []).append(text)
    return [f"{where}: {', '.join(texts)}" for where, texts in clear.items()]


def _by_load(found: Iterable[tuple[str, Load, str]]) -> list[str]:
    """Metrics by scenario and load: `weather, 10 users (throughput, memory)`."""
    parts: dict[str, list[str]] = {}
    for scenario, load, metric in found:
        parts.setdefault(f"{scenario}, {load_name(load)}", []).append(metric)
    return [f"{where} ({', '.join(names)})" for where, names in parts.items()]


def _missing(rows: Sequence[Row], said: Sequence[Ratio], pair: tuple[str, str]) -> list[tuple[str, Load, str]]:
    """The metrics of which there is no ratio though both stacks were measured."""
    have = {(one.scenario, one.load, one.metric) for one in said}
    measured = [{(row.scenario, row.load) for row in rows if row.stack == stack} for stack in pair]
    both = dict.fromkeys(where for row in rows if (where := (row.scenario, row.load)) in measured[0] & measured[1])
    return [
        (scenario, load, metric_title(metric, load.model))
        for scenario, load in both
        for metric in METRICS
        if (scenario, load, metric.name) not in have
    ]


def _sheets(run: Run, found: Sequence[Ratio]) -> Iterable[Sheet]:
    """A table for each scenario and load model: every stack against the second of the pair."""
    tables: dict[tuple[str, str], dict[tuple[Load, str], dict[str, Ratio]]] = {}
    for one in found:
        lines = tables.setdefault((one.scenario, one.load.model), {})
        lines.setdefault((one.load, one.stack), {})[one.metric] = one
    for (scenario, _), lines in tables.items():
        model = next(iter(lines))[0].model
        yield Sheet(
            f"{run.config.scenarios[scenario].title} ({model} loads), against {found[0].against}",
            ("load", "stack", *headers(run, model)),
            tuple(
                (load_name(load), stack, *(_cell(own.get(metric.name)) for metric in METRICS))
                for (load, stack), own in lines.items()
            ),
        )


def _cell(one: Ratio | None) -> str:
    """A ratio with the word that keeps it from being read as a difference."""
    if one is None:
        return NOTHING
    return f"{one.direction}: {figure(one)}" if one.direction in {"same", "unclear"} else figure(one)

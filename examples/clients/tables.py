"""The tables of docs/httpx.md, in Markdown."""

from collections.abc import Sequence

from bench.judge.cell.metrics import BY_NAME, Metric
from bench.judge.stacks.ratios import Ratio
from bench.judge.stacks.rows import Row
from bench.model.config import Load
from bench.model.loads import load_name
from bench.model.run import Run
from bench.show.text.document import UNRELIABLE
from bench.show.text.markdown import escaped, table
from bench.show.text.words import plural
from bench.units import NOTHING, count, figure, interval, percent, points, ratio, seconds, significant, users
from examples.clients.flames import Flame, by_package, total
from examples.clients.profiles import COUNTED, PARTS, Profile, call_s, counted_a_call, parts_s, top

SHOWN = ("httpx", "httpx-1000", "httpx2-1000", "aiohttp")
"""The clients whose functions are listed, each with SHOWN_CONCURRENCY concurrent calls."""

SHOWN_CONCURRENCY = 100
MOST = 6
FLAME_MOST = 8
FLAME_LEAST = 0.01
"""Packages with a smaller share in both flames are taken together."""


def figures(run: Run, rows: Sequence[Row], metric: str) -> str:
    """A metric of each stack under each load."""
    by_place = {(row.stack, row.load): row for row in rows}
    loads = _loads(run)
    lines = [
        [escaped(stack), *(_figure(by_place.get((stack, load)), BY_NAME[metric]) for load in loads)]
        for stack in run.config.profile.stacks
    ]
    return _table(("client", *map(load_name, loads)), lines)


def against(run: Run, ratios: Sequence[Ratio], metric: str) -> str:
    """A metric of each stack divided by that of the second stack of the profile's pair, under each load."""
    by_place = {(one.stack, one.load): one.estimate for one in ratios if one.metric == metric}
    loads = _loads(run)
    lines = []
    for stack in dict.fromkeys(name for name, _ in by_place):
        found = [by_place.get((stack, load)) for load in loads]
        said = (NOTHING if one is None else ratio(one.mean, one.low, one.high) for one in found)
        lines.append([escaped(stack), *said])
    return _table(("client", *map(load_name, loads)), lines)


def problems(rows: Sequence[Row]) -> tuple[str, ...]:
    """The problems of the figures, one sentence for each problem of each stack and load."""
    return tuple(
        f"{row.stack} with {load_name(row.load)}: {seen.name} in {seen.rounds} of {plural(row.rounds, 'round')}: "
        f"{seen.detail}"
        for row in rows
        for seen in row.problems
    )


def parts(profiles: Sequence[Profile]) -> str:
    """CPU time per call of each client, in total and by part, and the connections that it opens."""
    lines = []
    for one in profiles:
        spent = parts_s(one)
        lines.append(
            [
                escaped(one.client),
                str(one.concurrency),
                _calls(one),
                seconds(call_s(one)),
                *(seconds(spent.get(part)) for part in PARTS),
                _number(one.connections / one.calls if one.calls else None),
            ]
        )
    heads = ("client", "concurrency", "calls measured", "CPU per call", *PARTS, "connections opened per call")
    return _table(heads, lines)


def functions(profiles: Sequence[Profile]) -> str:
    """The functions with the most CPU time of their own, for some clients."""
    lines = [
        [escaped(one.client), f"`{where.function}`", escaped(where.package), where.part, percent(share)]
        for client in SHOWN
        for one in profiles
        if (one.client, one.concurrency) == (client, SHOWN_CONCURRENCY)
        for where, share in top(one, MOST)
    ]
    heads = (f"client, concurrency {SHOWN_CONCURRENCY}", "function", "package", "part", "share of CPU time")
    return _table(heads, lines, words=4)


def flame_totals(flames: Sequence[Flame], function: str) -> str:
    """The share of a function with what it calls, of each client under each load."""
    by_place = {(one.client, one.users): percent(total(one, function)) for one in flames}
    clients, loads = (list(dict.fromkeys(found)) for found in zip(*by_place, strict=True))
    lines = [[escaped(client), *(by_place.get((client, load), NOTHING) for load in loads)] for client in clients]
    return _table(("client", *map(users, loads)), lines)


def flame_functions(flames: Sequence[Flame]) -> str:
    """The functions with the most CPU time of their own, for each flame."""
    lines = [
        [escaped(one.client), f"`{found.name}`", escaped(found.package), percent(found.share), percent(found.total)]
        for one in flames
        for found in one.functions[:FLAME_MOST]
    ]
    return _table(("client", "function", "package", "self", "total"), lines, words=3)


def flame_packages(one: Flame, other: Flame) -> str:
    """The share of each package in two flames and the difference, which differs most first."""
    first, second = by_package(one), by_package(other)
    shares = {name: (first.get(name, 0.0), second.get(name, 0.0)) for name in {*first, *second}}
    large = {name: pair for name, pair in shares.items() if max(pair) >= FLAME_LEAST}
    small = [pair for name, pair in shares.items() if name not in large]
    ordered = sorted(large.items(), key=lambda found: (-abs(found[1][0] - found[1][1]), found[0]))
    if small:
        ordered.append(("all others", (sum(left for left, _ in small), sum(right for _, right in small))))
    lines = [
        [escaped(name), percent(left), percent(right), points(left - right, None, None)[0]]
        for name, (left, right) in ordered
    ]
    return _table(("package", one.client, other.client, "difference"), lines)


def counts(profiles: Sequence[Profile]) -> str:
    """How often functions of the pool are called per call, for the clients that have such a pool."""
    lines = [
        [escaped(one.client), str(one.concurrency), *(_number(counted_a_call(one, name)) for name in COUNTED)]
        for one in profiles
        if any(one.counted.values())
    ]
    return _table(("client", "concurrency", *COUNTED.values()), lines)


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]], words: int = 1) -> str:
    """A table with `words` columns of words, then columns of figures."""
    return table(heads, [*["---"] * words, *["---:"] * (len(heads) - words)], lines)


def _loads(run: Run) -> list[Load]:
    return list(dict.fromkeys(load for own in run.config.profile.loads.values() for load in own))


def _figure(row: Row | None, metric: Metric) -> str:
    if row is None:
        return NOTHING
    found = row.estimates.get(metric.name)
    if found is not None:
        return " ".join(part for part in interval(found.mean, found.low, found.high, metric.unit) if part)
    void = row.voids.get(metric.name)
    return UNRELIABLE if void is None or void.figure is None else f"~~{figure(void.figure, metric.unit)}~~"


def _calls(profile: Profile) -> str:
    return count(profile.calls) + (f", {count(profile.failed)} failed" if profile.failed else "")


def _number(value: float | None) -> str:
    return NOTHING if value is None else significant(value, 2 if value < 1 else 3)

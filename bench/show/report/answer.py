"""The answer of a run in a few sentences, and what it cannot tell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.judge.stacks.ratios import Ratio, headline
from bench.judge.stacks.rows import Row, highest, unmeasured
from bench.model.cell import Limit
from bench.model.config import Load
from bench.model.loads import amount, load_name
from bench.model.run import Run
from bench.show.report import ratios as compared
from bench.show.text.markdown import listed, plural
from bench.show.text.titles import under
from bench.units import rate

ANSWER = "The answer"
LIMITS = "What this run cannot tell"

_BINDS: dict[Limit, str] = {
    "slots": "slots bind",
    "server cpu": "the server's CPU binds",
    "event loop": "a blocked event loop binds",
    "client pool": "the pool of its client binds",
    "upstream": "the upstream binds",
    "generator": "the load generator binds",
    "nothing": "nothing yet binds",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One to three sentences with their intervals, and what cannot be concluded, each with its reason."""

    sentences: tuple[str, ...]
    limits: tuple[str, ...]


def answer(run: Run, rows: Sequence[Row], ratios: Sequence[Ratio]) -> Answer:
    """What the run found of the two stacks that its profile compares, what binds, and what it leaves open."""
    said = headline(ratios, run.config)
    sentences = [*_differences(run, said), *_bounds(run, rows)]
    if not rows:
        sentences = ["Nothing was measured."]
    return Answer(tuple(sentences), tuple(_limits(run, rows, ratios)))


def _differences(run: Run, said: Sequence[Ratio]) -> Iterator[str]:
    """A sentence for each load model: under the first scenario that has ratios, at the highest load.

    Which load speaks does not depend on what it says: else it would be the one that differs most by chance.
    """
    scenarios = list(run.config.profile.loads)
    for model in ("closed", "open"):
        by_place: dict[tuple[str, Load], list[Ratio]] = {}
        for one in said:
            if one.load.model == model:
                by_place.setdefault((one.scenario, one.load), []).append(one)
        if by_place:
            yield _sentence(by_place[max(by_place, key=lambda place: (-scenarios.index(place[0]), amount(place[1])))])


def _sentence(found: Sequence[Ratio]) -> str:
    """All that is clear of two stacks under one load."""
    first = found[0]
    where = f"On {first.scenario} {under([first.load])}"
    differ = [
        f"{compared.figure(one)} the {compared.name(one)}" for one in found if one.direction in {"higher", "lower"}
    ]
    same = [compared.name(one) for one in found if one.direction == "same"]
    if differ:
        alike = f", at the same {listed(same)}" if same else ""
        return f"{where}, {first.stack} had {listed(differ)} of {first.against}{alike}."
    if same:
        return f"{where}, {first.stack} and {first.against} had the same {listed(same)}."
    return f"{where}, no difference was shown between {first.stack} and {first.against}."


def _bounds(run: Run, rows: Sequence[Row]) -> Iterator[str]:
    """What binds each stack under the first scenario, at the highest closed load of which its throughput is sound."""
    scenario = next(iter(run.config.profile.loads))
    sound = (row for row in rows if row.scenario == scenario and row.bottlenecks and "throughput" in row.estimates)
    by_stack = {row.stack: row for row in highest(sound)}
    by_bound: dict[str, list[str]] = {}
    for row in (by_stack[stack] for stack in run.config.profile.stacks if stack in by_stack):
        binds = " or ".join(_BINDS[bound] for bound in row.bottlenecks)
        ceiling = f", ceiling {rate(row.slots_rps)}" if "slots" in row.bottlenecks else ""
        throughput = rate(row.estimates["throughput"].mean)
        by_bound.setdefault(binds, []).append(f"{row.stack} ({throughput} with {load_name(row.load)}{ceiling})")
    if by_bound:
        parts = [f"{binds} {listed(stacks)}" for binds, stacks in by_bound.items()]
        yield f"On {scenario}, at the highest load of each: {'; '.join(parts)}."


def _limits(run: Run, rows: Sequence[Row], ratios: Sequence[Ratio]) -> Iterator[str]:
    if rows and all(row.rounds == 1 for row in rows):
        yield "A single round has no interval: no difference can be concluded from it."
    pair, said = run.config.profile.compare, headline(ratios, run.config)
    if pair is None:
        yield "The profile compares no two stacks, so no ratio is given."
    else:
        unsaid = compared.unsaid(rows, said, pair)
        alone = [] if said else [f"{listed(pair)} were not measured under one load, so no ratio is given."]
        yield from unsaid or alone
    models = {row.load.model for row in rows}
    if models == {"closed"}:
        yield "Only closed loads were given: they do not tell how long visitors wait who come at their own time."
    if models == {"open"}:
        yield "Only open loads were given: they do not tell what a stack is capable of."
    yield from _not_at_the_limit(rows)
    failed = [row for row in rows if "failed" in row.outcomes]
    if failed:
        names = dict.fromkeys(f"{row.stack} on {row.scenario}" for row in failed)
        yield f"Cells failed and have no figure: {listed(list(names))}."
    missing = unmeasured(rows, run.config)
    if missing:
        yield f"The run ended early: {plural(len(missing), 'combination')} of stack, scenario and load not measured."
    if rows and len(run.server_cpus) == 1:
        yield "The server had one core: what stacks make of more cores was not measured."


def _not_at_the_limit(rows: Sequence[Row]) -> Iterator[str]:
    """The stacks that would have served more at a higher load."""
    free: dict[str, list[str]] = {}
    for row in highest(rows):
        if set(row.bottlenecks) == {"nothing"} and row.outcomes == ("ok",):
            free.setdefault(row.scenario, []).append(row.stack)
    for scenario, stacks in free.items():
        yield f"On {scenario} the load was not high enough to find what {listed(stacks)} can serve at most."

"""The answer of a run in a few sentences, and what the run cannot tell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.judge.cell.metrics import BY_NAME, THROUGHPUT
from bench.judge.stacks.ratios import Ratio, headline
from bench.judge.stacks.rows import Row, highest, unmeasured
from bench.model.config import Load
from bench.model.loads import amount
from bench.model.run import Run
from bench.show.report import capacity, failures, measured
from bench.show.report import ratios as compared
from bench.show.report.machine import speed_range_s
from bench.show.text.document import Section, paragraphs, points
from bench.show.text.titles import MODELS, limited, under
from bench.show.text.words import listed, plural
from bench.units import rate, significant

UNSTEADY = 1.2
"""The speed of the machine is named where it varied by so much."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A few sentences with their intervals, and what cannot be concluded, each with its reason."""

    sentences: tuple[str, ...]
    limits: tuple[str, ...]


def answer(run: Run, rows: Sequence[Row], ratios: Sequence[Ratio]) -> Answer:
    """Which stacks failed, how the pair of the profile differs, what limits each stack, and what the run cannot tell.

    Of a stack about which none of this can be said: its figures, or why it has none. So no answer is empty.
    """
    found = headline(ratios, run.config)
    return Answer(tuple(_sentences(run, rows, found)), tuple(_limits(run, rows, found)))


def sections(found: Answer) -> tuple[Section, ...]:
    """The answer, and what the run cannot tell if there is anything."""
    limits = Section("limits", "What this run cannot tell", points(found.limits))
    told = Section("answer", "The answer", paragraphs(found.sentences), prominent=True)
    return (told, limits) if found.limits else (told,)


def _sentences(run: Run, rows: Sequence[Row], found: Sequence[Ratio]) -> Iterator[str]:
    if not rows and not run.searches:
        yield "Nothing was measured."
    yield from capacity.sentences(run)
    yield from capacity.overloaded(run, rows)
    limits = _limited(run, rows)
    by_stack = {stack: [row for row in rows if row.stack == stack] for stack in run.config.profile.stacks}
    for own in by_stack.values():
        yield from failures.sentences(run, own)
    yield from _differences(run, found)
    yield from _bottlenecks(run, limits)
    told = {name for one in found for name in (one.stack, one.against)} | set(limits)
    for stack, own in by_stack.items():
        if stack not in told and not all(_bad(row) for row in own):
            yield measured.sentence(own)


def _bad(row: Row) -> bool:
    """Whether the service failed in it, or it could not be measured at all: that is said before anything else."""
    return row.failures is not None or set(row.outcomes) == {"failed"}


def _differences(run: Run, found: Sequence[Ratio]) -> Iterator[str]:
    """A sentence for each load model: under the first scenario that has ratios, at the highest load.

    The load is chosen whatever its result. Otherwise it would be the one that differs most by chance.
    """
    scenarios = list(run.config.profile.loads)
    for model in MODELS:
        by_place: dict[tuple[str, Load], list[Ratio]] = {}
        for one in found:
            if one.load.model == model:
                by_place.setdefault((one.scenario, one.load), []).append(one)
        if by_place:
            yield _sentence(by_place[max(by_place, key=lambda place: (-scenarios.index(place[0]), amount(place[1])))])


def _sentence(found: Sequence[Ratio]) -> str:
    """All that is clear about two stacks under one load."""
    first = found[0]
    where, marked = f"On {first.scenario} {under([first.load])}", compared.mark(first)
    differ = [one for one in found if one.direction in {"higher", "lower"}]
    same = [compared.name(one) for one in found if one.direction == "same"]
    if differ:
        alike = f", at the same {listed(same)}" if same else ""
        return f"{where}, {first.stack} {_clauses(differ)}{alike}{marked}."
    if same:
        return f"{where}, {first.stack} and {first.against} had the same {listed(same)}{marked}."
    return f"{where}, no difference between {first.stack} and {first.against} was shown{marked}."


def _clauses(found: Sequence[Ratio]) -> str:
    """Ratios by their verbs: `served 2.00x the requests/s of flask and used 0.50x the memory`."""
    by_verb: dict[str, list[str]] = {}
    for one in found:
        words = BY_NAME[one.metric].under(one.load.model)
        other = f" of {one.against}" if one is found[0] else ""
        by_verb.setdefault(words.verb, []).append(f"{compared.figure(one)} the {words.noun}{other}")
    *clauses, last = (f"{verb} {listed(amounts)}" for verb, amounts in by_verb.items())
    comma = "," if len(clauses) > 1 or " and " in last else ""
    return f"{', '.join(clauses)}{comma} and {last}" if clauses else last


def _limited(run: Run, rows: Sequence[Row]) -> dict[str, Row]:
    """Each stack's row under the first scenario, at its highest closed-loop load with a reliable throughput.

    Without the stacks that failed there, or at a higher load.
    """
    scenario = next(iter(run.config.profile.loads))
    own = (row for row in rows if row.scenario == scenario)
    telling = (row for row in own if _bad(row) or (row.bottlenecks and THROUGHPUT.name in row.estimates))
    by_stack = {row.stack: row for row in highest(telling) if not _bad(row)}
    return {stack: by_stack[stack] for stack in run.config.profile.stacks if stack in by_stack}


def _bottlenecks(run: Run, rows: Mapping[str, Row]) -> Iterator[str]:
    """What limits each stack, in these rows of one scenario."""
    by_limit: dict[str, list[tuple[str, str]]] = {}
    for stack, row in rows.items():
        allowed = f"; slots allow {rate(row.slots_rps)}" if "slots" in row.limits and row.slots_rps else ""
        served = f"({rate(row.estimates[THROUGHPUT.name].mean)} {under([row.load])}{allowed})"
        by_limit.setdefault(limited(row.limits, run.config.stacks[stack]), []).append((stack, served))
    for limit, found in by_limit.items():
        where = f"On {rows[found[0][0]].scenario}"
        if not limit:
            yield f"{where}, what limits {listed([f'{stack} {served}' for stack, served in found])} is not known."
        elif len(found) == 1:
            yield f"{where}, {found[0][0]} is {limit} {found[0][1]}."
        else:
            yield f"{where}, {listed([f'{stack} {served}' for stack, served in found])} are {limit}."


def _limits(run: Run, rows: Sequence[Row], found: Sequence[Ratio]) -> Iterator[str]:
    if rows and all(row.rounds == 1 for row in rows):
        yield "A single round has no interval, so this run cannot show a difference."
    yield from capacity.limits(run)
    yield from _speed(run)
    pair = run.config.profile.compare
    if not rows and run.searches:
        return
    if pair is None:
        yield "The profile compares no two stacks, so there is no ratio."
    else:
        alone = [] if found else [f"{listed(pair)} were not measured under the same load, so there is no ratio."]
        yield from compared.unsaid(rows, found, pair) or alone
    models = {row.load.model for row in rows}
    if models == {"closed"} and not run.searches:
        yield "All loads were closed-loop, and closed-loop loads do not measure latency at a given arrival rate."
    if models == {"open"}:
        yield "All loads were open-loop, and open-loop loads do not measure how much a stack can serve."
    yield from _unsaturated(rows)
    failed = dict.fromkeys(f"{row.stack} on {row.scenario}" for row in rows if "failed" in row.outcomes)
    if failed:
        yield f"Measurements failed and have no values: {listed(list(failed))}."
    missing = len(unmeasured(rows, run.config))
    if missing:
        were = "was" if missing == 1 else "were"
        yield f"The run ended early: {plural(missing, 'combination')} of stack, scenario and load {were} not measured."
    started = any(run.config.stacks[row.stack].url is None for row in rows)
    if started and len(run.server_cpus) == 1:
        yield "The server had one core, so the run does not show how stacks use more cores."


def _speed(run: Run) -> Iterator[str]:
    """By how much the machine's own speed varied, where that is more than the ratios of most stacks."""
    took_s = speed_range_s(run)
    if took_s is not None and took_s[1] / took_s[0] >= UNSTEADY:
        yield (
            f"The machine's own speed varied by a factor of {significant(took_s[1] / took_s[0])} during the run (CPU "
            "probe), so absolute rates and CPU times may differ by as much on another day. Ratios are taken within a "
            "round, and vary less."
        )


def _unsaturated(rows: Sequence[Row]) -> Iterator[str]:
    """The stacks that would have served more at a higher load."""
    found: dict[str, list[str]] = {}
    for row in highest(rows):
        if row.limits == ("nothing",) and row.outcomes == ("ok",):
            found.setdefault(row.scenario, []).append(row.stack)
    for scenario, stacks in found.items():
        its = "its" if len(stacks) == 1 else "their"
        yield f"On {scenario} no load saturated {listed(stacks)}, so {its} maximum throughput is unknown."

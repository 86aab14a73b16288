"""Two ordinary runs judged against each other: first whether they may be, then round against round, unpaired."""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from bench.judge.cell.metrics import ERRORS, UNPAIRED
from bench.judge.gate import context, evidence
from bench.judge.gate.comparable import differences
from bench.judge.gate.decision import Design, Member, findings, shown
from bench.judge.gate.evidence import Evidence, Ruling
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Judgement, Side, overall, unused
from bench.judge.stats.intervals import quotient
from bench.judge.stats.significance import detectable_unpaired, least_mann_whitney_p, mann_whitney_p, needed_unpaired
from bench.model.cell import Cell
from bench.model.config import Load
from bench.model.loads import load_name
from bench.model.run import Run

_Place = tuple[str, str, Load]


def judge_unpaired(base: Run, head: Run, gate: Gate) -> Judgement:
    """The verdict on head, a run of `bench run`, against base, another.

    Where the runs are not comparable as a whole, nothing else is said: figures side by side would be read all the same.
    """
    sides = _side(base), _side(head)
    notes = (*(f"Base: {note}" for note in base.notes), *(f"Head: {note}" for note in head.notes))
    unlike = differences(base, head)
    if unlike:
        return Judgement("not comparable", (), DESIGN.unit, *sides, gate, differences=unlike, notes=notes)
    here, there = _places(base), _places(head)
    gated = {place: _gated(place, cells) for place, cells in here.items()}
    found = findings(
        [_member(place, name, here, there, (base, head)) for place in here for name in gated[place]], DESIGN, gate
    )
    others = [(place, name) for place in here for name in UNPAIRED if name not in gated[place] and place in there]
    verdict, deciding, _ = overall(found)
    return Judgement(
        verdict=verdict,
        deciding=deciding,
        unit=DESIGN.unit,
        base=sides[0],
        head=sides[1],
        gate=gate,
        findings=found,
        ungated=shown([_member(place, name, here, there, (base, head)) for place, name in others], DESIGN, gate),
        notes=(*notes, *_new(here, there), *unused(gate, found)),
    )


def _places(run: Run) -> dict[_Place, list[Cell]]:
    """The recorded rounds of each stack under each scenario and load."""
    places: dict[_Place, list[Cell]] = {}
    for cell in sorted(run.cells, key=lambda cell: cell.round):
        places.setdefault((cell.stack, cell.scenario, cell.load), []).append(cell)
    return places


def _gated(place: _Place, base: Sequence[Cell]) -> tuple[str, ...]:
    """The metrics that are gated there: throughput only where the server's CPU is what limits it in base.

    Where something else does it is blind to the cost of a request, which CPU per request shows. A closed P95 is what a
    full queue costs, so it follows throughput and is not gated.
    """
    bounds = [cell.ceiling.bound for cell in base if cell.ceiling is not None]
    cost = "throughput" if 2 * bounds.count("server cpu") > len(bounds) else "cpu"
    latency = ("p95",) if place[2].model == "open" else ()
    return (cost, *latency, "memory", ERRORS.name)


def _member(
    place: _Place,
    name: str,
    base: Mapping[_Place, list[Cell]],
    head: Mapping[_Place, list[Cell]],
    runs: tuple[Run, Run],
) -> Member:
    metric, scenario = UNPAIRED[name], runs[0].config.scenarios[place[1]]
    if place in head:
        seen = evidence.unpaired(metric, base[place], head[place])
    else:
        seen = Evidence(ruling=Ruling("not comparable", _missing(place, runs[1])))
    return Member(*place, metric, seen, beside=context.companions(context.UNPAIRED, metric, seen, scenario))


def _missing(place: _Place, head: Run) -> str:
    stack, scenario, load = place
    profile = head.config.profile
    planned = stack in profile.stacks and load in profile.loads.get(scenario, ())
    return "head planned it and has not one round of it" if planned else "head did not plan it"


def _new(base: Iterable[_Place], head: Iterable[_Place]) -> tuple[str, ...]:
    known = set(base)
    return tuple(
        f"Only in head, so not compared: {stack}, {scenario}, {load_name(load)}."
        for stack, scenario, load in head
        if (stack, scenario, load) not in known
    )


def _side(run: Run) -> Side:
    return Side(run.id, run.commit, run.dirty)


def _interval(head: Sequence[float], base: Sequence[float]) -> tuple[float, float, float]:
    """Welch's interval of the difference; `quotient` takes what the values are the logarithms of."""
    found = quotient([math.exp(value) for value in head], [math.exp(value) for value in base])
    if found is None:
        raise ValueError("there is no interval of no rounds")
    if found.low is None or found.high is None:
        return math.log(found.mean), -math.inf, math.inf
    return math.log(found.mean), math.log(found.low), math.log(found.high)


def _deviation(head: Sequence[float], base: Sequence[float]) -> float:
    """The pooled standard deviation of one round."""
    freedom = len(head) + len(base) - 2
    if not freedom:
        return math.nan
    squares = sum(statistics.variance(side) * (len(side) - 1) for side in (head, base) if len(side) > 1)
    return math.sqrt(squares / freedom)


DESIGN = Design(
    unit="round",
    p=mann_whitney_p,
    interval=_interval,
    deviation=_deviation,
    least_p=least_mann_whitney_p,
    detectable=detectable_unpaired,
    needed=lambda deviation, margin, level, least: needed_unpaired(deviation, margin, level, least=least),
    equal_anyway=True,
)

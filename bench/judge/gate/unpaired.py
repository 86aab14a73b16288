"""The verdict on two separate runs: first whether they are comparable, then their rounds, which form no pairs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bench.judge.cell.wrong_answers import first_of_each
from bench.judge.gate import evidence
from bench.judge.gate.comparable import differences, notable
from bench.judge.gate.context import context_figures
from bench.judge.gate.decision import Member, findings, shown
from bench.judge.gate.evidence import Evidence, Ruling
from bench.judge.gate.looks import levels
from bench.judge.gate.policy import UNPAIRED
from bench.judge.gate.thresholds import Gate
from bench.judge.gate.verdict import Judgement, Side, overall, unused
from bench.model.cell import SIDES, Measurement
from bench.model.config import Load
from bench.model.loads import load_name
from bench.model.run import Run

_Place = tuple[str, str, Load]
_Rounds = Mapping[_Place, Sequence[Measurement]]
"""The recorded rounds of each stack under each scenario and load."""


def judge_unpaired(base: Run, head: Run, gate: Gate) -> Judgement:
    """The verdict on head, a run of `bench run`, against base, another one.

    Runs that are not comparable get no figures at all: readers would compare them anyway.
    """
    sides = _side(base), _side(head)
    notes = (
        *(f"Base: {note}" for note in base.notes),
        *(f"Head: {note}" for note in head.notes),
        *(
            f"Base and head differ in {one.field}: {one.base} in base and {one.head} in head."
            for one in notable(base, head)
        ),
    )
    unlike = differences(base, head)
    if unlike:
        return Judgement("not comparable", (), UNPAIRED.unit, *sides, gate, gate.alpha, differences=unlike, notes=notes)
    here, there = _rounds(base), _rounds(head)
    gated = {place: UNPAIRED.gated(place[2], rounds) for place, rounds in here.items()}
    found = findings(
        [
            _member(place, name, (rounds, there.get(place)), (base, head))
            for place, rounds in here.items()
            for name in gated[place]
        ],
        UNPAIRED,
        gate,
        levels(1, gate.alpha),
    )
    others = [
        _member(place, name, (rounds, there[place]), (base, head))
        for place, rounds in here.items()
        for name in UNPAIRED.metrics
        if name not in gated[place] and place in there
    ]
    verdict, deciding, _ = overall(found)
    return Judgement(
        verdict=verdict,
        deciding=deciding,
        unit=UNPAIRED.unit,
        base=sides[0],
        head=sides[1],
        gate=gate,
        alpha=gate.alpha,
        findings=found,
        ungated=shown(others, UNPAIRED, gate),
        notes=(*notes, *_only_in_head(here, there), *unused(gate, found)),
        wrong_answers=(first_of_each(base.cells), first_of_each(head.cells)),
    )


def _rounds(run: Run) -> _Rounds:
    rounds: dict[_Place, list[Measurement]] = {}
    for cell in sorted(run.cells, key=lambda cell: cell.round):
        rounds.setdefault((cell.stack, cell.scenario, cell.load), []).append(cell.measurement)
    return rounds


def _member(
    place: _Place, name: str, rounds: tuple[Sequence[Measurement], Sequence[Measurement] | None], runs: tuple[Run, Run]
) -> Member:
    """A metric of one place; `rounds`: those of base and of head, None where head has none."""
    metric = UNPAIRED.metrics[name]
    base, head = rounds
    if head is None:
        return Member(*place, metric, Evidence(ruling=Ruling("not comparable", _missing(place, runs[1]))))
    found = evidence.unpaired(metric, base, head)
    # Which rounds are missing may not be chance: a run ends early where it goes wrong.
    doubts = (found.doubt, *_not_recorded((base, head), runs))
    found = replace(found, doubt="; ".join(doubt for doubt in doubts if doubt))
    wanted, scenario = UNPAIRED.context.get(name, ()), runs[1].config.scenarios[place[1]]
    return Member(*place, metric, found, beside=context_figures(wanted, found.base, found.head, scenario))


def _not_recorded(rounds: Sequence[Sequence[Measurement]], runs: Sequence[Run]) -> Iterator[str]:
    """How many of the planned rounds of a side were not recorded, for each side that lacks some."""
    for name, own, run in zip(SIDES, rounds, runs, strict=True):
        planned = run.config.profile.rounds
        if len(own) < planned:
            yield f"{planned - len(own)} of {planned} rounds of {name} were not recorded"


def _missing(place: _Place, head: Run) -> str:
    stack, scenario, load = place
    profile = head.config.profile
    planned = stack in profile.stacks and load in profile.loads.get(scenario, ())
    return "head planned it but recorded no round of it" if planned else "head did not plan it"


def _only_in_head(base: _Rounds, head: _Rounds) -> tuple[str, ...]:
    return tuple(
        f"Only head measured this, so it is not compared: {stack}, {scenario}, {load_name(load)}."
        for stack, scenario, load in head
        if (stack, scenario, load) not in base
    )


def _side(run: Run) -> Side:
    return Side(run.id, run.commit, run.dirty)

"""An A/B session: base and head of each stack run side by side, restart after restart, and take turns under load."""

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from bench import units
from bench.errors import BenchError
from bench.judge.cell.metrics import INSTRUCTIONS
from bench.judge.gate.family import family, in_flight, loads, size
from bench.judge.gate.looks import levels, looks_of, not_before
from bench.judge.gate.paired import judge_paired
from bench.judge.gate.policy import PAIRED
from bench.judge.gate.thresholds import Gate
from bench.model.cell import SIDES, Cell, CellKey
from bench.model.config import Plan
from bench.model.instructions import CountedPair
from bench.model.run import AB, Run
from bench.places import CHECKOUT, RESULTS
from bench.plan.duration import LOAD_S
from bench.plan.turns import Pace, slices
from bench.record import store
from bench.run.cell.visit import Visit
from bench.run.host.cpus import cpu_sets, pinned
from bench.run.host.locks import Cores, taken
from bench.run.host.signals import StopRequest
from bench.run.session.counting import refuse, say
from bench.run.session.fitness import descriptors_for, tested
from bench.run.session.folder import (
    check_place,
    make_folder,
    owned,
    point_latest_to,
    refuse_another_run,
    unused,
)
from bench.run.session.instructions import compare_checkouts
from bench.run.session.leftovers import clean_up
from bench.run.session.locustfiles import inspected
from bench.run.session.measure import RunResult, measure, setting
from bench.run.session.pilots import closed_load, companions_on, take_pilots
from bench.run.session.plain import into, new_run
from bench.run.session.progress import RunProgress
from bench.run.session.recorder import Recorder
from bench.run.testbed.revisions import Checkout, checked_out
from bench.run.testbed.setting import Setting
from bench.run.testbed.testbed import Start

START_S = 5.0
GAP_S = 0.1
"""About what it takes to start and settle two servers and the load generator; and what lies between two slices."""


@dataclass(frozen=True, slots=True)
class Question:
    """What an A/B is asked: two revisions of a repository, how to measure them, and what passes.

    `closed_only`: no open load; `slice_s`: the least seconds of a slice; `anyway`: measure what did not change too;
    `counted`: what to count instructions of, None: of nothing.
    """

    repository: Path
    base: str
    head: str
    closed_only: bool
    slice_s: float
    gate: Gate
    anyway: bool
    counted: Plan | None


def start(
    plan: Plan, question: Question, seed: int, argv: Sequence[str], out: Path | None, stop: StopRequest, *, force: bool
) -> RunResult:
    """Measure both revisions, into a new folder.

    Raises BenchError where a revision cannot be had or does not serve, the machine cannot bear the load, or so few
    restarts could show nothing; Interrupted where a signal came. What was finished by then is recorded.
    """
    if plan.profile.sought:
        raise BenchError(f"an A/B searches for no capacity: remove `capacity` from profiles.{plan.profile.name}")
    if question.counted is not None:
        refuse(question.counted)
    looks = _looks(plan, question)
    plan = replace(plan, profile=replace(plan.profile, rounds=looks[-1]))
    plan = inspected(plan, stop, ab=True)
    _refuse_shared(plan)
    cpus = cpu_sets(plan.profile.server_cpus)
    run = new_run(plan, seed, argv, cpus, CHECKOUT or question.repository)
    folder = out or RESULTS / unused(run.id)
    most = in_flight(closed_load(plan.profile, scenario).users for scenario in plan.profile.loads)
    descriptors_for(2 * most)
    check_place(folder)
    left = clean_up(stop)
    with (
        taken(cpus.used, into(folder, argv), force=force) as cores,
        checked_out(question.repository, question.base, question.head) as sides,
    ):
        for stack in plan.stacks.values():  # before anything is measured: whether both revisions have it
            for side in sides:
                side.stack(stack)
        lacks = _say_what_is_lacking(sides)
        run = replace(run, id=folder.name, notes=(*run.notes, *left, *lacks))
        make_folder(folder)
        with owned(folder), pinned(run.load_cpus):
            refuse_another_run(folder)
            session = _Session(run, question, looks, sides, folder, most, stop, cores)
            return session.measure(lambda run: tested(run, cpus, stop, force=force))


def _refuse_shared(plan: Plan) -> None:
    """Raise BenchError where a companion cannot be there twice, once for each side."""
    for one in plan.companions.values():
        why = "runs elsewhere" if one.url_from is not None else f"has a port of its own, {one.port}"
        if one.url_from is not None or one.port is not None:
            raise BenchError(
                f"companions.{one.name} {why}, and an A/B starts one for each side: give its argv a {{port}}"
            )


def _say_what_is_lacking(sides: Sequence[Checkout]) -> list[str]:
    """A note on each side that lacks submodules. It is said before anything is measured, too."""
    notes = [side.lacks for side in sides if side.lacks is not None]
    for note in notes:
        print(note, file=sys.stderr)
    return notes


def _looks(plan: Plan, question: Question) -> tuple[int, ...]:
    """After how many restarts to judge: not before a regression can be found. BenchError where the last is too few."""
    members = size(len(plan.profile.stacks) * len(plan.profile.loads), closed_only=question.closed_only)
    restarts, alpha = plan.profile.rounds, question.gate.alpha
    looks = looks_of(restarts)
    least = PAIRED.least_rounds(members, levels(len(looks), alpha).regressed)
    if least is None or restarts < least:
        way_out = "take a larger --alpha" if least is None else f"take --restarts {least} or more"
        raise BenchError(
            f"{restarts} restarts cannot show anything at alpha {alpha:g} with {members} gated metrics: "
            f"{way_out}, or fewer --stacks"
        )
    return not_before(least, looks)


class _Session:
    """The measuring of one A/B."""

    def __init__(
        self,
        run: Run,
        question: Question,
        looks: tuple[int, ...],
        sides: tuple[Checkout, Checkout],
        folder: Path,
        most: int,
        stop: StopRequest,
        cores: Cores,
    ) -> None:
        self.run = run
        self.plan = run.config
        self.question = question
        self.looks = looks
        self.sides = dict(zip(SIDES, sides, strict=True))
        self.folder = folder
        self.most = most
        self.stop = stop
        self.cores = cores

    def measure(self, tested: Callable[[Run], Run]) -> RunResult:
        """Pilots, then restarts until one of the looks decides; `tested` adds a selftest to the run."""
        pilots, code = take_pilots(self.run, self.sides, self.folder, self._setting)
        base, head = (replace(side.revision, code=code[name]) for name, side in self.sides.items())
        unchanged = (base.code, base.lock_sha256) == (head.code, head.lock_sha256) and not self.question.anyway
        gated = () if unchanged else family(pilots, closed_only=self.question.closed_only)
        pairs = () if unchanged else self._counted()
        ab = AB(base, head, gated, pilots, self.question.slice_s, self.looks, unchanged, pairs)
        self.run = replace(self.run if unchanged else tested(self.run), ab=ab)
        store.save_run(self.folder, self.run)
        point_latest_to(self.folder)
        if unchanged:
            return RunResult(self.folder, 0)
        visits = list(self._visits(pilots))
        cells = [
            (key, self._length_s(visit.pace, place))
            for visit in visits
            for place, key in enumerate(visit.cells)
            if visit.pace is not None
        ]
        with RunProgress(cells) as progress:
            length_s = sum(cell_s for _, cell_s in cells)
            progress.say(
                f"{counted(self.looks)} restarts of base and head, up to about {units.clock(length_s)}, "
                f"into {self.folder}"
            )
            recorder = Recorder(self.run, self.folder, progress)
            return measure(self._until_decided(visits, recorder), self._setting(recorder), recorder)

    def _counted(self) -> tuple[CountedPair, ...]:
        """The instructions of both sides, if they are asked for; by the gate they decide what is counted again."""
        if self.question.counted is None:
            return ()
        gate = self.question.gate.asked(INSTRUCTIONS)
        cpus = cpu_sets(self.plan.profile.server_cpus).used
        base, head = (self.sides[side] for side in SIDES)
        changes = compare_checkouts(self.question.counted, (base, head), cpus, self.stop, say, gate)
        return tuple(one.pair for one in changes.changes)

    def _until_decided(self, visits: Sequence[Visit], recorder: Recorder) -> Iterator[Visit]:
        """The visits up to the look that decides."""
        for number, own in groupby(visits, key=lambda visit: visit.cells[0].round):
            if number - 1 in self.looks:
                run = replace(self.run, cells=tuple(recorder.cells))
                found = judge_paired(run, self.question.gate)
                recorder.progress.say(f"after {number - 1} restarts: {found.verdict}")
                if found.decided is not None:
                    return
            yield from own

    def _setting(self, recorder: Recorder) -> Setting:
        return setting(self.run, recorder, self.stop, self.cores, self.most)

    def _visits(self, pilots: Sequence[Cell]) -> Iterator[Visit]:
        """Each restart of each stack with its loads. Stacks take turns in seeded random order."""
        order = 0
        for number in range(1, self.plan.profile.rounds + 1):
            shuffled = list(pilots)
            random.Random(f"{self.run.seed}/{number}").shuffle(shuffled)  # noqa: S311 (an order, not a secret)
            for pilot in shuffled:
                wanted = loads(pilot, closed_only=self.question.closed_only)
                keys = (
                    CellKey(pilot.stack, pilot.scenario, load, number, order + place)
                    for place, load in enumerate(wanted)
                )
                yield Visit(tuple(keys), self._starts(pilot.stack, number), self._pace(pilot))
                order += len(wanted)

    def _starts(self, stack: str, restart: int) -> tuple[Start, ...]:
        """Both sides of a stack, with the same hash seed, and another one in each restart."""
        hash_seed = str(random.Random(f"{self.run.seed}/{restart}").randrange(2**32))  # noqa: S311 (no secret)
        whole = self.plan.stacks[stack]
        own = {name: side.stack(whole) for name, side in self.sides.items()}
        return tuple(
            Start(
                name,
                replace(one, env={"PYTHONHASHSEED": hash_seed, **one.env}),
                self.sides[name].environment,
                companions_on(self.sides[name], self.plan, whole),
            )
            for name, one in own.items()
        )

    def _pace(self, pilot: Cell) -> Pace:
        latency_s = pilot.measurement.latency_s
        if latency_s is None:
            raise BenchError(f"the pilot of {pilot.stack} has no latency")
        return Pace(latency_s.p50, self.question.slice_s)

    def _length_s(self, pace: Pace, place: int) -> float:
        """Seconds that a load of a restart takes, the first of them with the start of both servers."""
        each = slices(pace, self.plan.profile.timing, "")
        return (LOAD_S if place else START_S) + sum(one.length_s + pace.p50_s + GAP_S for one in each)


def counted(looks: Sequence[int]) -> str:
    """`10, 13, 16 or 20`."""
    *first, last = map(str, looks)
    return f"{', '.join(first)} or {last}" if first else last

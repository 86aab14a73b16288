"""An A/B session: two revisions of the services alive side by side, restart after restart, the load in turn on each."""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from bench import units
from bench.errors import BenchError
from bench.judge.gate.family import family, in_flight, least_restarts, loads, size
from bench.model.cell import ARMS, Cell, CellKey
from bench.model.config import Plan
from bench.model.run import AB, Run
from bench.places import CHECKOUT, RESULTS
from bench.plan.duration import LOAD_S, VISIT_S
from bench.plan.schedule import Visit
from bench.plan.turns import slices
from bench.record import store
from bench.run.cell.twins import run_twins
from bench.run.cell.visit import Setting, run_visit
from bench.run.host.cpus import CpuSets, cpu_sets, pinned
from bench.run.host.signals import Interrupted, StopRequest
from bench.run.session.fitness import descriptors_for, tested
from bench.run.session.folder import (
    check_place,
    make_folder,
    owned,
    point_latest_to,
    refuse_another_run,
    unused,
)
from bench.run.session.plain import RunResult, new_run
from bench.run.session.progress import RunProgress
from bench.run.session.recorder import Recorder
from bench.run.testbed.revisions import Side, checked_out, digest

START_S = 5.0
GAP_S = 0.1
"""About what it takes to start and settle two servers and the load generator; and what lies between two slices."""


@dataclass(frozen=True, slots=True)
class Question:
    """What an A/B is asked: two revisions of a repository, how to measure them, and how sure to be.

    `closed_only`: no open load; `slice_s`: the least seconds of a slice.
    """

    repository: Path
    base: str
    head: str
    closed_only: bool
    slice_s: float
    alpha: float


def start(
    plan: Plan, question: Question, seed: int, argv: Sequence[str], out: Path | None, stop: StopRequest, *, force: bool
) -> RunResult:
    """Measure both revisions, into a new folder.

    Raises BenchError where a revision cannot be had or does not serve, the machine cannot bear the load, or so few
    restarts could show nothing; Interrupted where a signal came. What was finished by then is recorded.
    """
    _refuse_too_few(plan, question)
    cpus = cpu_sets(plan.profile.server_cpus)
    run = new_run(plan, seed, argv, cpus, CHECKOUT or question.repository)
    folder = out or RESULTS / unused(run.id)
    users = [load.users for own in plan.profile.loads.values() for load in own if load.model == "closed"]
    most = in_flight(users)
    descriptors_for(2 * most)
    check_place(folder)
    with checked_out(question.repository, question.base, question.head) as sides:
        for stack in plan.stacks.values():  # before anything is measured: whether both revisions have it
            for side in sides:
                side.stack(stack)
        run = tested(replace(run, id=folder.name), cpus, stop, force=force)
        make_folder(folder)
        with owned(folder), pinned(run.load_cpus):
            refuse_another_run(folder)
            return _Session(run, question, sides, folder, most, stop).measure()


def _refuse_too_few(plan: Plan, question: Question) -> None:
    members = size(len(plan.profile.stacks) * len(plan.profile.loads), closed_only=question.closed_only)
    restarts, least = plan.profile.rounds, least_restarts(members, question.alpha)
    if restarts < least:
        raise BenchError(
            f"{restarts} restarts cannot show anything at alpha {question.alpha:g} with {members} gated metrics: "
            f"take --restarts {least} or more, or fewer --stacks"
        )


class _Session:
    """The measuring of one A/B."""

    def __init__(
        self, run: Run, question: Question, sides: tuple[Side, Side], folder: Path, most: int, stop: StopRequest
    ) -> None:
        self.run = run
        self.plan = run.config
        self.question = question
        self.sides = sides
        self.folder = folder
        self.most = most
        self.stop = stop

    def measure(self) -> RunResult:
        """Pilots, then every restart."""
        pilots, code = self._pilots()
        revisions = [replace(side.revision, code=code[arm]) for arm, side in zip(ARMS, self.sides, strict=True)]
        gated = family(pilots, closed_only=self.question.closed_only)
        self.run = replace(self.run, ab=AB(revisions[0], revisions[1], gated, tuple(pilots), self.question.slice_s))
        store.save_run(self.folder, self.run)
        point_latest_to(self.folder)
        visits = list(self._visits(pilots))
        cells = [(key, self._length_s(pilot, place)) for pilot, keys in visits for place, key in enumerate(keys)]
        length_s = sum(cell_s for _, cell_s in cells)
        with RunProgress(cells) as progress:
            progress.say(f"{len(cells)} cells of two arms, about {units.clock(length_s)}, into {self.folder}")
            recorder = Recorder(self.run, self.folder, progress)
            try:
                for pilot, keys in visits:
                    self._restart(pilot, keys, recorder)
            except Interrupted as interruption:
                raise Interrupted(interruption.signum, recorder.where()) from None
            except OSError as error:
                raise BenchError(f"{error}: {recorder.where()}") from error
        return RunResult(self.folder, sum(cell.outcome == "failed" for cell in recorder.cells))

    def _pilots(self) -> tuple[list[Cell], dict[str, dict[str, str]]]:
        """A cell of base for each stack, and for each arm and stack a digest of the code that it imported."""
        profile = self.plan.profile
        pairs = [(stack, scenario) for scenario in profile.loads for stack in profile.stacks]
        turns = [
            (CellKey(stack, scenario, profile.loads[scenario][0], 0, 2 * number + place), arm, side)
            for number, (stack, scenario) in enumerate(pairs)
            for place, (arm, side) in enumerate(zip(ARMS, self.sides, strict=True))
        ]
        pilots, code = [], {arm: dict[str, str]() for arm in ARMS}
        pilot_s = VISIT_S + profile.timing.warmup_s + profile.timing.window_s
        with RunProgress((key, pilot_s) for key, _, _ in turns) as progress:
            progress.say("pilots: which code each side runs, how long an answer takes, and what binds")
            recorder = Recorder(self.run, self.folder, progress)
            for key, arm, side in turns:
                side.forget_bytecode()
                cell = self._pilot(key, arm, side, recorder)
                code[arm][key.stack] = self._proof(side, key.stack)
                if arm == ARMS[0]:
                    pilots.append(cell)
        for side in self.sides:
            side.compile(self.plan.stacks.values())
        return pilots, code

    def _pilot(self, key: CellKey, arm: str, side: Side, recorder: Recorder) -> Cell:
        stacks = {**self.plan.stacks, key.stack: side.stack(self.plan.stacks[key.stack])}
        setting = self._setting(replace(self.plan, stacks=stacks), recorder, f"pilot-{arm}")
        try:
            with closing(run_visit(Visit((key,)), setting, side.environment)) as measured:
                cell, _ = next(measured)
        except BenchError as error:
            raise BenchError(f"{arm} ({side.revision.ref}): {error}") from error
        recorder.progress.finish(cell, key)
        if not cell.requests or not cell.requests.ok or cell.latency_s is None:
            raise BenchError(f"{arm} ({side.revision.ref}): {key.stack} serves nothing; its log is in {setting.logs}")
        return cell

    def _proof(self, side: Side, stack: str) -> str:
        files = side.ran(self.plan.stacks[stack])
        if not files:
            raise BenchError(
                f"{stack} imported nothing from {side.folder}, where {side.revision.ref} is checked out: its code "
                f"comes from elsewhere (installed into the environment? PYTHONPATH?), so both sides would be the same"
            )
        return digest(files)

    def _visits(self, pilots: Sequence[Cell]) -> Iterator[tuple[Cell, list[CellKey]]]:
        """Each restart of each stack: its pilot, and its loads. Stacks take turns in seeded random order."""
        order = 0
        for number in range(1, self.plan.profile.rounds + 1):
            shuffled = list(pilots)
            random.Random(f"{self.run.seed}/{number}").shuffle(shuffled)  # noqa: S311 (an order, not a secret)
            for pilot in shuffled:
                wanted = loads(pilot, closed_only=self.question.closed_only)
                yield (
                    pilot,
                    [
                        CellKey(pilot.stack, pilot.scenario, load, number, order + place)
                        for place, load in enumerate(wanted)
                    ],
                )
                order += len(wanted)

    def _length_s(self, pilot: Cell, place: int) -> float:
        """Seconds that a load of a restart takes, the first of them with the start of both servers."""
        timing = self.plan.profile.timing
        each = slices(_p50_s(pilot), self.question.slice_s, timing.window_s, timing.warmup_s, "")
        return (LOAD_S if place else START_S) + sum(one.length_s + _p50_s(pilot) + GAP_S for one in each)

    def _restart(self, pilot: Cell, keys: Sequence[CellKey], recorder: Recorder) -> None:
        """Measure one restart of a stack; a cell that cannot be measured is a failed one, and so are those after it."""
        left = list(keys)
        setting = self._setting(self.plan, recorder, "logs")
        try:
            with closing(run_twins(keys, self.sides, (_p50_s(pilot), self.question.slice_s), setting)) as measured:
                for cell, samples in measured:
                    recorder.record(left.pop(0), cell, samples)
        except BenchError as error:
            for key in left:
                recorder.fail(key, error)

    def _setting(self, plan: Plan, recorder: Recorder, logs: str) -> Setting:
        run = self.run
        return Setting(
            plan=plan,
            seed=run.seed,
            cpus=CpuSets(run.server_cpus, run.load_cpus),
            cores=(len(run.server_cpus) or run.machine.cpus, len(run.load_cpus) or run.machine.cpus),
            in_flight=self.most,
            logs=self.folder / logs,
            stop=self.stop,
            progress=recorder.phase,
        )


def _p50_s(pilot: Cell) -> float:
    if pilot.latency_s is None:
        raise BenchError(f"the pilot of {pilot.stack} has no latency")
    return pilot.latency_s.p50

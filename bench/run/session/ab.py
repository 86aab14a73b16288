"""An A/B session: base and head of each stack run side by side, restart after restart, and take turns under load."""

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from bench import units
from bench.errors import BenchError
from bench.judge.cell.wrong_answers import described
from bench.judge.gate.family import family, in_flight, loads, size
from bench.judge.gate.policy import PAIRED
from bench.model.cell import SIDES, Cell, CellKey
from bench.model.config import Closed, Companion, Plan, Profile, Stack
from bench.model.loads import load_name
from bench.model.run import AB, Run
from bench.places import CHECKOUT, RESULTS
from bench.plan.duration import LOAD_S, VISIT_S
from bench.plan.turns import Pace, slices
from bench.record import store
from bench.run.cell.visit import Visit, run_visit
from bench.run.host.cpus import cpu_sets, pinned
from bench.run.host.locks import Cores, taken
from bench.run.host.signals import StopRequest
from bench.run.session.fitness import descriptors_for, tested
from bench.run.session.folder import (
    check_place,
    make_folder,
    owned,
    point_latest_to,
    refuse_another_run,
    unused,
)
from bench.run.session.leftovers import clean_up
from bench.run.session.locustfiles import inspected
from bench.run.session.measure import RunResult, measure, setting
from bench.run.session.plain import into, new_run
from bench.run.session.progress import RunProgress
from bench.run.session.recorder import Recorder
from bench.run.testbed.revisions import Checkout, checked_out, digest
from bench.run.testbed.setting import Setting
from bench.run.testbed.testbed import Start

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
    if plan.profile.sought:
        raise BenchError(f"an A/B searches for no capacity: remove `capacity` from profiles.{plan.profile.name}")
    _refuse_too_few(plan, question)
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
        run = tested(run, cpus, stop, force=force)
        make_folder(folder)
        with owned(folder), pinned(run.load_cpus):
            refuse_another_run(folder)
            return _Session(run, question, sides, folder, most, stop, cores).measure()


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


def _refuse_too_few(plan: Plan, question: Question) -> None:
    members = size(len(plan.profile.stacks) * len(plan.profile.loads), closed_only=question.closed_only)
    restarts, least = plan.profile.rounds, PAIRED.least_rounds(members, question.alpha)
    if least is None or restarts < least:
        way_out = "take a larger --alpha" if least is None else f"take --restarts {least} or more"
        raise BenchError(
            f"{restarts} restarts cannot show anything at alpha {question.alpha:g} with {members} gated metrics: "
            f"{way_out}, or fewer --stacks"
        )


class _Session:
    """The measuring of one A/B."""

    def __init__(
        self,
        run: Run,
        question: Question,
        sides: tuple[Checkout, Checkout],
        folder: Path,
        most: int,
        stop: StopRequest,
        cores: Cores,
    ) -> None:
        self.run = run
        self.plan = run.config
        self.question = question
        self.sides = dict(zip(SIDES, sides, strict=True))
        self.folder = folder
        self.most = most
        self.stop = stop
        self.cores = cores

    def measure(self) -> RunResult:
        """Pilots, then every restart."""
        pilots, code = self._pilots()
        base, head = (replace(side.revision, code=code[name]) for name, side in self.sides.items())
        gated = family(pilots, closed_only=self.question.closed_only)
        self.run = replace(self.run, ab=AB(base, head, gated, tuple(pilots), self.question.slice_s))
        store.save_run(self.folder, self.run)
        point_latest_to(self.folder)
        visits = list(self._visits(pilots))
        cells = [
            (key, self._length_s(visit.pace, place))
            for visit in visits
            for place, key in enumerate(visit.cells)
            if visit.pace is not None
        ]
        with RunProgress(cells) as progress:
            length_s = sum(cell_s for _, cell_s in cells)
            progress.say(f"{len(cells)} cells of base and head, about {units.clock(length_s)}, into {self.folder}")
            recorder = Recorder(self.run, self.folder, progress)
            return measure(visits, self._setting(recorder), recorder)

    def _pilots(self) -> tuple[list[Cell], dict[str, dict[str, str]]]:
        """A cell of base for each stack, and for each side and stack a digest of the code that it imported."""
        profile = self.plan.profile
        pairs = [(stack, scenario) for scenario in profile.loads for stack in profile.stacks]
        turns = [
            (CellKey(stack, scenario, closed_load(profile, scenario), 0, 2 * number + place), name)
            for number, (stack, scenario) in enumerate(pairs)
            for place, name in enumerate(SIDES)
        ]
        pilots, code = [], {name: dict[str, str]() for name in SIDES}
        pilot_s = VISIT_S + profile.timing.warmup_s + profile.timing.window_s
        with RunProgress((key, pilot_s) for key, _ in turns) as progress:
            progress.say("pilots: which code each side runs, how long an answer takes, and what limits each stack")
            recorder = Recorder(self.run, self.folder, progress)
            for key, name in turns:
                self.sides[name].forget_bytecode()
                cell = self._pilot(key, name, recorder)
                code[name][key.stack] = self._proof(self.sides[name], key.stack)
                if name == SIDES[0]:
                    pilots.append(cell)
        for side in self.sides.values():
            side.compile(self.plan.stacks.values())
        return pilots, code

    def _pilot(self, key: CellKey, name: str, recorder: Recorder) -> Cell:
        side, place = self.sides[name], self._setting(recorder)
        stack = self.plan.stacks[key.stack]
        start = Start("server", side.stack(stack), side.environment, self._companions(side, stack))
        logs = self.folder / f"pilot-{name}"
        try:
            with closing(run_visit(Visit((key,), (start,)), replace(place, logs=logs))) as measured:
                cell, _ = next(measured)
        except BenchError as error:
            lacks = f"; {side.lacks}" if side.lacks is not None else ""
            raise BenchError(f"{name} ({side.revision.ref}): {error}{lacks}") from error
        recorder.progress.finish(cell, key)
        one = cell.measurement
        if not one.requests or not one.requests.ok or one.latency_s is None:
            said = "".join(f"; first {described(wrong)}" for wrong in one.wrong_answers[:1])
            raise BenchError(f"{name} ({side.revision.ref}): {key.stack} serves nothing; its log is in {logs}{said}")
        return cell

    def _setting(self, recorder: Recorder) -> Setting:
        return setting(self.run, recorder, self.stop, self.cores, self.most)

    def _proof(self, side: Checkout, stack: str) -> str:
        files = side.ran(self.plan.stacks[stack])
        if not files:
            raise BenchError(
                f"{stack} imported nothing from {side.folder}, where {side.revision.ref} is checked out: its code "
                f"comes from elsewhere (installed into the environment? PYTHONPATH?), so both sides would be the same"
            )
        return digest(files)

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
                self._companions(self.sides[name], whole),
            )
            for name, one in own.items()
        )

    def _companions(self, side: Checkout, stack: Stack) -> tuple[Companion, ...]:
        return tuple(side.companion(one) for one in self.plan.companions_of(stack))

    def _pace(self, pilot: Cell) -> Pace:
        latency_s = pilot.measurement.latency_s
        if latency_s is None:
            raise BenchError(f"the pilot of {pilot.stack} has no latency")
        return Pace(latency_s.p50, self.question.slice_s)

    def _length_s(self, pace: Pace, place: int) -> float:
        """Seconds that a load of a restart takes, the first of them with the start of both servers."""
        each = slices(pace, self.plan.profile.timing, "")
        return (LOAD_S if place else START_S) + sum(one.length_s + pace.p50_s + GAP_S for one in each)


def closed_load(profile: Profile, scenario: str) -> Closed:
    """The closed-loop load that an A/B measures. BenchError where the profile has none, or several."""
    found = [load for load in profile.loads[scenario] if isinstance(load, Closed)]
    if len(found) != 1 or len(profile.loads[scenario]) != 1:
        have = ", ".join(load_name(load) for load in profile.loads[scenario]) or "none"
        raise BenchError(
            f"an A/B measures one closed-loop load of {scenario}, and derives its open-loop load from it; "
            f"the profile {profile.name} has {have}: give one number to --users"
        )
    return found[0]

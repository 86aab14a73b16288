"""A run: every visit of every round, each cell recorded as soon as it is judged."""

import fcntl
import itertools
import os
import re
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console

from bench import units
from bench.errors import BenchError
from bench.judge.metrics import sent
from bench.judge.validity import BEHIND
from bench.loads import most_in_flight
from bench.model import SCHEMA_VERSION, Cell, CellKey, Plan, Problem, Run, Samples, Selftest
from bench.plan.config import ROOT
from bench.plan.demand import demand, refusal, unproven
from bench.plan.schedule import Visit, cell_name, visits
from bench.record import machine, store
from bench.run.cell import Setting, run_visit
from bench.run.cpus import CpuSets, cpu_sets, pinned
from bench.run.progress import RunProgress
from bench.run.selftest import Ladders, ladders_for, most_users, selftest
from bench.run.signals import Interrupted, StopRequest

RESULTS = ROOT / "results"
SELFTEST = RESULTS / "selftest.json"
SELFTEST_S = 3600.0
SELFTEST_SEED = 1
SOCKETS_PER_REQUEST = 4
SPARE_DESCRIPTORS = 200
OVERHEAD_S = 1.5


@dataclass(frozen=True, slots=True)
class RunResult:
    """Where the run lies and how many of its cells could not be measured."""

    folder: Path
    failed: int


def new_run(plan: Plan, seed: int, argv: Sequence[str], cpus: CpuSets) -> Run:
    """A run of this plan, here and now, that has no cells yet."""
    commit, dirty = machine.git_state(ROOT)
    now = datetime.now(UTC)
    here = machine.machine()
    profile = re.sub(r"[^\w.-]+", "_", plan.profile.name, flags=re.ASCII)  # the id is the name of a folder
    notes = [cpus.note] if cpus.note else []
    if not here.has_pss:
        notes.append("this platform tells no PSS: memory is USS, which leaves out what the processes share")
    return Run(
        schema_version=SCHEMA_VERSION,
        id=f"{now:%Y%m%d-%H%M%S}-{profile}",
        started=now.isoformat(timespec="seconds"),
        machine=here,
        versions=machine.versions(),
        commit=commit,
        dirty=dirty,
        lock_sha256=machine.file_sha256(ROOT / "requirements.lock"),
        config=plan,
        argv=tuple(argv),
        server_cpus=cpus.server,
        load_cpus=cpus.load,
        notes=tuple(notes),
        seed=seed,
    )


def start(
    plan: Plan, seed: int, argv: Sequence[str], out: Path | None, stop: StopRequest, *, force: bool = False
) -> RunResult:
    """Measure everything that is planned, into a new folder, once the selftest has found the machine fit for it.

    `force`: go on where it has not. Raises BenchError where the folder has a run already, or the machine cannot bear
    the load; Interrupted where a signal came. What was finished by then is recorded.
    """
    cpus = cpu_sets(plan.profile.server_cpus)
    run = new_run(plan, seed, argv, cpus)
    if out is None:
        run = replace(run, id=_unused(run.id))
    folder = out or RESULTS / run.id
    if folder.is_dir():
        with _owned(folder):
            _refuse_another_run(folder)
    descriptors_for(most_in_flight(plan.profile))
    run = _tested(run, cpus, stop, force=force)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(f"the run folder {folder} cannot be made: {error.strerror}") from error
    with _owned(folder):
        _refuse_another_run(folder)
        return _measure(run, folder, stop)


def _refuse_another_run(folder: Path) -> None:
    if (folder / "run.json").exists():
        raise BenchError(f"{folder} holds a run already: choose another --out, or go on with --resume {folder}")


def _tested(run: Run, cpus: CpuSets, stop: StopRequest, *, force: bool) -> Run:
    """The run with a selftest that covers it. Raises BenchError where the machine is not fit for it."""
    asked = demand(run.config)
    found = store.load_selftest(SELFTEST)
    if found is None or not _still_holds(found, cpus) or refusal(asked, found) or unproven(asked, found):
        found = take_selftest(cpus, ladders_for(asked), stop)
    reason = refusal(asked, found)
    if reason is not None and not force:
        raise BenchError(f"{reason}. Ask for less, free the machine, or go on with --force")
    seen = [f"selftest of {found.taken}: {problem}" for problem in found.problems if problem not in run.notes]
    notes = (f"forced: {reason}" if reason is not None else None, unproven(asked, found), *seen)
    return replace(run, selftest=found, notes=(*run.notes, *(note for note in notes if note is not None)))


def _still_holds(found: Selftest, cpus: CpuSets) -> bool:
    """Whether a selftest is of these cores, of the last hour and since the machine was started."""
    try:
        age_s = (datetime.now(UTC) - datetime.fromisoformat(found.taken)).total_seconds()
    except (ValueError, TypeError):  # no moment, or one of no time zone
        return False
    same = found.cpu_sets == (cpus.server, cpus.load)
    return same and 0 <= age_s <= min(SELFTEST_S, time.time() - psutil.boot_time())


def take_selftest(cpus: CpuSets, ladders: Ladders, stop: StopRequest) -> Selftest:
    """A selftest taken now, kept for the runs of the next hour. Raises BenchError where nothing can be tried at all."""
    descriptors_for(most_users(ladders), at_most=True)  # a trial that finds too few breaks down, and is not sound
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("selftest: what can this machine measure?")
    with pinned(cpus.load):
        found = selftest(cpus, ladders, SELFTEST_SEED, stop, lambda line: console.print(f"  {line}", markup=False))
    with suppress(OSError):  # kept for convenience: the run has it too
        store.save_selftest(SELFTEST, found)
    return found


def _unused(run_id: str) -> str:
    """The id, or one with a number behind it where a run of the same second has it already."""
    ids = itertools.chain([run_id], (f"{run_id}-{number}" for number in itertools.count(2)))
    return next(one for one in ids if not (RESULTS / one).exists())


def resume(folder: Path, stop: StopRequest) -> RunResult:
    """Measure what a run lacks: cells that are absent or failed.

    Raises BenchError where code, lock file or machine are no longer those of the run.
    """
    with _owned(folder):
        run = store.load_run(folder)
        now = new_run(run.config, run.seed, run.argv, cpu_sets(run.config.profile.server_cpus))
        for name in ("commit", "dirty", "lock_sha256", "machine", "server_cpus", "load_cpus"):
            before, today = getattr(run, name), getattr(now, name)
            if before != today:
                raise BenchError(f"{folder} cannot be resumed: its {name} was {before}, now it is {today}")
        kept = tuple(cell for cell in run.cells if cell.outcome != "failed")
        return _measure(replace(run, cells=kept), folder, stop)


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """The run folder for this process alone; the lock ends with the process, however it ends."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BenchError(f"{folder} cannot be used as a run folder: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchError(f"another run is under way in {folder}: wait for it, or choose another --out") from None
        yield
    finally:
        os.close(descriptor)


def _measure(run: Run, folder: Path, stop: StopRequest) -> RunResult:
    plan = run.config
    in_flight = most_in_flight(plan.profile)
    descriptors_for(in_flight)
    missing = list(_missing(run))
    try:
        store.save_run(folder, run)
    except OSError as error:
        raise BenchError(f"the run folder {folder} cannot be written: {error.strerror}") from error
    _point_latest_to(folder)
    count = sum(len(visit.cells) for visit in missing)
    cell_s = plan.profile.timing.warmup_s + plan.profile.timing.window_s + OVERHEAD_S
    with pinned(run.load_cpus), RunProgress(count, cell_s) as progress:
        progress.say(f"{count} cells, about {units.clock(count * cell_s)} or more, into {folder}")
        recorder = _Recorder(run, folder, progress)
        setting = Setting(
            plan=plan,
            seed=run.seed,
            cpus=CpuSets(run.server_cpus, run.load_cpus),
            cores=(len(run.server_cpus) or run.machine.cpus, len(run.load_cpus) or run.machine.cpus),
            in_flight=in_flight,
            logs=folder / "logs",
            stop=stop,
            progress=recorder.phase,
        )
        try:
            for visit in missing:
                _run_whole_visit(visit, setting, recorder)
        except Interrupted as interruption:
            raise Interrupted(interruption.signum, recorder.where()) from None
        except OSError as error:
            raise BenchError(f"{error}: {recorder.where()}", exit_code=1) from error
    return RunResult(folder, sum(cell.outcome == "failed" for cell in recorder.cells))


def _missing(run: Run) -> Iterator[Visit]:
    """What is planned and not recorded yet."""
    recorded = {cell.order for cell in run.cells}
    for visit in visits(run.config, run.seed):
        keys = tuple(key for key in visit.cells if key.order not in recorded)
        if keys:
            yield Visit(keys)


def _run_whole_visit(visit: Visit, setting: Setting, recorder: "_Recorder") -> None:
    """Every cell of a visit, recorded or failed; after one that leaves its mark the next has a fresh server.

    Requests that failed, whenever they did, may still be worked on; and a server that fell behind an open load held
    more requests than the next cell will, in memory that it does not give back.
    """
    left = list(visit.cells)
    while left:
        try:
            with closing(run_visit(Visit(tuple(left)), setting)) as measured:
                for cell, samples in measured:
                    recorder.record(left.pop(0), cell, samples)
                    failed = (samples.status < 0) & sent(samples)
                    if failed.any() or any(problem.name in BEHIND for problem in cell.problems):
                        break
        except BenchError as error:
            recorder.fail(left.pop(0), error)


class _Recorder:
    """Saves the run after each cell, and knows which phase of which cell is under way."""

    def __init__(self, run: Run, folder: Path, progress: RunProgress) -> None:
        self.run = run
        self.folder = folder
        self.cells = list(run.cells)
        self.progress = progress
        self.current = ""
        self.key: CellKey | None = None

    def phase(self, key: CellKey, name: str) -> None:
        self.key = key
        self.current = name
        self.progress.phase(key, name)

    def where(self) -> str:
        """What was under way, and how to go on with it."""
        during = f"{cell_name(self.key)}, in phase {self.current}; " if self.key is not None else ""
        kept = f"{len(self.cells)} finished cells are kept in {self.folder}"
        return f"{during}{kept}: go on with python -m bench run --resume {self.folder}"

    def record(self, key: CellKey, cell: Cell, samples: Samples) -> None:
        self.phase(key, "record")
        file = store.save_samples(self.folder, key.order, samples)
        self._save(replace(cell, samples=file))
        self.progress.finish(cell, key)

    def fail(self, key: CellKey, error: BenchError) -> None:
        detail = f"{self.current}: {error}"
        self._save(
            Cell(key.stack, key.scenario, key.load, key.round, key.order, "failed", (Problem("failed", detail),))
        )
        self.progress.fail(f"{cell_name(key)}: FAILED in phase {detail}")

    def _save(self, cell: Cell) -> None:
        self.cells.append(cell)
        self.cells.sort(key=lambda recorded: recorded.order)
        store.save_run(self.folder, replace(self.run, cells=tuple(self.cells)))


def descriptors_for(in_flight: int, *, at_most: bool = False) -> None:
    """Let this process, and those that it starts, open as many files as so many requests under way need.

    Raises BenchError where the hard limit does not allow it; `at_most`: then as many as it allows.
    """
    needed = SOCKETS_PER_REQUEST * in_flight + SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed and at_most:
        needed = hard
    elif hard != resource.RLIM_INFINITY and hard < needed:
        raise BenchError(
            f"{in_flight} requests under way need {needed} open files in one process, but the limit is {hard}: "
            f"raise it (`ulimit -Hn`, or /etc/security/limits.conf), or ask for less"
        )
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _point_latest_to(folder: Path) -> None:
    """Make results/latest a link to the newest run, where the checkout can be written."""
    target = folder.resolve()
    link = RESULTS / "latest"
    with suppress(OSError):  # a convenience, not worth a run
        RESULTS.mkdir(exist_ok=True)
        if link.is_symlink() or not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(target.relative_to(RESULTS) if target.is_relative_to(RESULTS) else target)

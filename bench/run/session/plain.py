"""A plain run: every visit of every round, one server in each."""

import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench import units
from bench.errors import BenchError
from bench.model.config import Plan
from bench.model.loads import most_in_flight
from bench.model.run import SCHEMA_VERSION, Run
from bench.model.search import Key, SearchKey
from bench.places import CHECKOUT, COMMAND, RESULTS
from bench.plan.duration import SEARCH_S, expected
from bench.plan.schedule import visits
from bench.record import machine, store
from bench.run.cell.visit import Visit
from bench.run.host.cpus import CpuSets, cpu_sets, pinned
from bench.run.host.locks import Cores, taken
from bench.run.host.owner import TOGETHER
from bench.run.host.readiness import BY_CPU
from bench.run.host.signals import StopRequest
from bench.run.host.sockets import listed
from bench.run.host.threads import shown
from bench.run.session import running
from bench.run.session.fitness import descriptors_for, tested
from bench.run.session.folder import (
    check_place,
    make_folder,
    owned,
    point_latest_to,
    recorded_in,
    refuse_another_run,
    unused,
)
from bench.run.session.leftovers import clean_up
from bench.run.session.locustfiles import inspected
from bench.run.session.measure import RunResult, measure, setting
from bench.run.session.progress import RunProgress
from bench.run.session.recorder import Recorder
from bench.run.session.search import Searches, search_visits
from bench.run.testbed.testbed import Start

COMPARED = (
    "source", "commit", "dirty", "lock_sha256", "distributions", "machine", "server_cpus", "load_cpus",
)  # fmt: skip
"""What must not have changed where a run is resumed."""


def new_run(plan: Plan, seed: int, argv: Sequence[str], cpus: CpuSets, code: Path, folder: Path | None = None) -> Run:
    """A run of this plan, here and now, that has no cells yet.

    `code`: the folder whose git state is recorded; what lies in `folder`, that of the run, is no change of it.
    """
    commit, dirty = machine.git_state(code, recorded_in(folder))
    now = datetime.now(UTC)
    here = machine.machine()
    profile = re.sub(r"[^\w.-]+", "_", plan.profile.name, flags=re.ASCII)  # the id is the name of a folder
    notes = [cpus.note] if cpus.note else []
    if not here.has_pss:
        notes.append("this platform has no PSS: memory is USS, which leaves out what the processes share")
    if not shown():
        notes.append(f"this platform does not show what a process waits in: {BY_CPU}")
    if not listed():
        notes.append("this platform does not list connections: only CPU, slots and the load's side are named as limits")
    if TOGETHER in os.environ:
        notes.append(f"{TOGETHER} is set: other runs with it may have used the same cores")
    return Run(
        schema_version=SCHEMA_VERSION,
        id=f"{now:%Y%m%d-%H%M%S}-{profile}",
        started=now.isoformat(timespec="seconds"),
        machine=here,
        versions=machine.versions(),
        commit=commit,
        dirty=dirty,
        lock_sha256=None if CHECKOUT is None else machine.file_sha256(CHECKOUT / "requirements.lock"),
        source=None if CHECKOUT is not None else str(code.resolve()),
        distributions=machine.distributions() if CHECKOUT is None else {},
        config=plan,
        argv=tuple(argv),
        server_cpus=cpus.server,
        load_cpus=cpus.load,
        notes=tuple(notes),
        seed=seed,
    )


def start(
    plan: Plan, seed: int, argv: Sequence[str], out: Path | None, stop: StopRequest, *, code: Path, force: bool = False
) -> RunResult:
    """Measure everything that is planned, into a new folder, once the selftest has found the machine fit for it.

    `code`: the folder whose git state is recorded. `force`: go on where the machine is not fit. Raises BenchError where
    the folder has a run already, or the machine cannot produce the load; Interrupted where a signal came. What was
    finished by then is recorded.
    """
    plan = inspected(plan, stop)
    cpus = cpu_sets(plan.profile.server_cpus)
    run = new_run(plan, seed, argv, cpus, code, out)
    if out is None:
        run = replace(run, id=unused(run.id))
    folder = out or RESULTS / run.id
    check_place(folder)
    descriptors_for(most_in_flight(plan.profile))
    run = replace(run, notes=(*run.notes, *clean_up(stop), *running.found(plan, cpus, stop)))
    with taken(cpus.used, into(folder, argv), force=force) as cores:
        run = tested(run, cpus, stop, force=force)
        make_folder(folder)
        with owned(folder):
            refuse_another_run(folder)
            return _measure(run, folder, stop, cores)


def resume(folder: Path, stop: StopRequest, pids: Sequence[tuple[str | None, int]] = ()) -> RunResult:
    """Measure what a run lacks: cells that are absent or failed; `pids`: see `with_pids` of running.py.

    Raises BenchError where the code, what is installed or the machine are no longer those of the run.
    """
    with owned(folder):
        run = store.load_run(folder)
        if run.ab is not None:
            raise BenchError(f"{folder} is an A/B run, which cannot be resumed: start another with {COMMAND} ab")
        code = Path(run.source) if run.source is not None else CHECKOUT or Path()
        now = new_run(run.config, run.seed, run.argv, cpu_sets(run.config.profile.server_cpus), code, folder)
        for name in COMPARED:
            before, today = _differing(getattr(run, name), getattr(now, name))
            if before != today:
                raise BenchError(f"{folder} cannot be resumed: its {name} was {before}, now it is {today}")
        kept = tuple(cell for cell in run.cells if cell.outcome != "failed")
        found = tuple(one for one in run.searches if one.ending != "failed")
        cpus, plan = CpuSets(run.server_cpus, run.load_cpus), running.with_pids(run.config, pids)
        notes = (*run.notes, *clean_up(stop), *running.found(plan, cpus, stop))
        run = replace(run, cells=kept, searches=found, config=plan, notes=tuple(dict.fromkeys(notes)))
        with taken(cpus.used, into(folder, run.argv), force=None) as cores:
            return _measure(run, folder, stop, cores)


def _differing(before: object, today: object) -> tuple[object, object]:
    """Both values; of two mappings only the entries that differ."""
    if not (isinstance(before, Mapping) and isinstance(today, Mapping)):
        return before, today
    changed = [key for key in {**before, **today} if before.get(key) != today.get(key)]
    return {key: before.get(key) for key in changed}, {key: today.get(key) for key in changed}


def into(folder: Path, argv: Sequence[str]) -> str:
    """A run in words, for those who find its cores taken."""
    return f"into {folder.absolute()} ({COMMAND} {shlex.join(argv)})"


def _measure(run: Run, folder: Path, stop: StopRequest, cores: Cores) -> RunResult:
    descriptors_for(most_in_flight(run.config.profile))
    missing = list(_missing(run))
    try:
        store.save_run(folder, run)
    except OSError as error:
        raise BenchError(f"the run folder {folder} cannot be written: {error.strerror}") from error
    point_latest_to(folder)
    cells = _expected(missing, run.config)
    with pinned(run.load_cpus), RunProgress(cells) as progress:
        length_s = sum(cell_s for _, cell_s in cells)
        searches = sum(isinstance(key, SearchKey) for key, _ in cells)
        what = " and ".join(filter(None, [_counted(searches, "search"), _counted(len(cells) - searches, "cell")]))
        progress.say(f"{what}, about {units.clock(length_s)} or more, into {folder}")
        recorder = Recorder(run, folder, progress)
        return measure(missing, setting(run, recorder, stop, cores), recorder)


def _missing(run: Run) -> Iterator[Visit | Searches]:
    """What is planned and not recorded yet: in each round the searches, then the cells."""
    recorded = {cell.order for cell in run.cells}
    planned = list(visits(run.config, run.seed))
    for number in range(1, run.config.profile.rounds + 1):
        yield from search_visits(run, number)
        for cells in planned:
            keys = tuple(key for key in cells if key.order not in recorded and key.round == number)
            if keys:
                stack = run.config.stacks[keys[0].stack]
                yield Visit(keys, (Start("server", stack, companions=run.config.companions_of(stack)),))


def _expected(missing: Iterable[Visit | Searches], plan: Plan) -> list[tuple[Key, float]]:
    """Every search and cell in its order, with the seconds that it should take."""
    found: list[tuple[Key, float]] = []
    for visit in missing:
        found += expected([visit.cells], plan) if isinstance(visit, Visit) else [(key, SEARCH_S) for key in visit]
    return found


def _counted(number: int, noun: str) -> str:
    """So many of them; nothing where there are none."""
    return f"{number} {noun}{'' if number == 1 else 'es' if noun.endswith('ch') else 's'}" if number else ""

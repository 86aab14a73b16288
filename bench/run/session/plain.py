"""A plain run: every visit of every round, one server in each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench import units
from bench.errors import BenchError
from bench.model.config import Plan
from bench.model.loads import most_in_flight
from bench.model.run import SCHEMA_VERSION, Run
from bench.plan.config import ROOT
from bench.plan.duration import expected
from bench.plan.schedule import visits
from bench.record import machine, store
from bench.run.cell.visit import Visit
from bench.run.host.cpus import CpuSets, cpu_sets, pinned
from bench.run.host.signals import StopRequest
from bench.run.session.fitness import descriptors_for, tested
from bench.run.session.folder import (
    RESULTS,
    check_place,
    make_folder,
    owned,
    point_latest_to,
    refuse_another_run,
    unused,
)
from bench.run.session.measure import RunResult, measure, setting
from bench.run.session.progress import RunProgress
from bench.run.session.recorder import Recorder
from bench.run.testbed.testbed import Start


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
        run = replace(run, id=unused(run.id))
    folder = out or RESULTS / run.id
    check_place(folder)
    descriptors_for(most_in_flight(plan.profile))
    run = tested(run, cpus, stop, force=force)
    make_folder(folder)
    with owned(folder):
        refuse_another_run(folder)
        return _measure(run, folder, stop)


def resume(folder: Path, stop: StopRequest) -> RunResult:
    """Measure what a run lacks: cells that are absent or failed.

    Raises BenchError where code, lock file or machine are no longer those of the run.
    """
    with owned(folder):
        run = store.load_run(folder)
        if run.ab is not None:
            raise BenchError(f"{folder} is an A/B, of which only python -m bench ab can measure another")
        now = new_run(run.config, run.seed, run.argv, cpu_sets(run.config.profile.server_cpus))
        for name in ("commit", "dirty", "lock_sha256", "machine", "server_cpus", "load_cpus"):
            before, today = getattr(run, name), getattr(now, name)
            if before != today:
                raise BenchError(f"{folder} cannot be resumed: its {name} was {before}, now it is {today}")
        kept = tuple(cell for cell in run.cells if cell.outcome != "failed")
        return _measure(replace(run, cells=kept), folder, stop)


def _measure(run: Run, folder: Path, stop: StopRequest) -> RunResult:
    descriptors_for(most_in_flight(run.config.profile))
    missing = list(_missing(run))
    try:
        store.save_run(folder, run)
    except OSError as error:
        raise BenchError(f"the run folder {folder} cannot be written: {error.strerror}") from error
    point_latest_to(folder)
    cells = expected((visit.cells for visit in missing), run.config)
    with pinned(run.load_cpus), RunProgress(cells) as progress:
        length_s = sum(cell_s for _, cell_s in cells)
        progress.say(f"{len(cells)} cells, about {units.clock(length_s)} or more, into {folder}")
        recorder = Recorder(run, folder, progress)
        return measure(missing, setting(run, recorder, stop), recorder)


def _missing(run: Run) -> Iterator[Visit]:
    """What is planned and not recorded yet."""
    recorded = {cell.order for cell in run.cells}
    for cells in visits(run.config, run.seed):
        keys = tuple(key for key in cells if key.order not in recorded)
        if keys:
            yield Visit(keys, (Start("server", run.config.stacks[keys[0].stack]),))

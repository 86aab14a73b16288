"""The measuring of a session: visit after visit, each cell recorded as soon as it is judged."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import BenchError
from bench.judge.cell.figures import sent
from bench.judge.cell.kinds import FALLS_BEHIND
from bench.model.cell import Cell
from bench.model.run import Run
from bench.model.samples import Samples
from bench.run.cell.visit import Visit, run_visit
from bench.run.host.cpus import CpuSets
from bench.run.host.locks import Cores
from bench.run.host.signals import Interrupted, StopRequest
from bench.run.session.recorder import Recorder
from bench.run.session.search import Searches, search
from bench.run.testbed.setting import Setting


@dataclass(frozen=True, slots=True)
class RunResult:
    """Where the run lies and how many of its cells could not be measured."""

    folder: Path
    failed: int


def setting(run: Run, recorder: Recorder, stop: StopRequest, taken: Cores | None = None, in_flight: int = 0) -> Setting:
    """What all cells of the run share; `taken` and `in_flight`: see `Setting`."""
    return Setting(
        plan=run.config,
        seed=run.seed,
        cpus=CpuSets(run.server_cpus, run.load_cpus),
        logs=recorder.folder / "logs",
        stop=stop,
        progress=recorder.phase,
        in_flight=in_flight,
        other_spread=run.other_spread,
        taken=taken,
    )


def measure(visits: Iterable[Visit | Searches], place: Setting, recorder: Recorder) -> RunResult:
    """Measure every cell and search of the visits; one that cannot be measured is recorded as failed.

    Raises Interrupted where a signal came and BenchError where nothing more can be recorded, both with what was being
    done. What was finished by then is recorded.
    """
    try:
        for visit in visits:
            if isinstance(visit, Visit):
                _measure(visit, place, recorder)
            else:
                search(visit, place, recorder)
    except Interrupted as interruption:
        raise Interrupted(interruption.signum, recorder.where()) from None
    except OSError as error:
        raise BenchError(f"{error}: {recorder.where()}", exit_code=1) from error
    failed = [one for one in recorder.cells if one.outcome == "failed"]
    return RunResult(recorder.folder, len(failed) + sum(one.ending == "failed" for one in recorder.searches))


def _measure(visit: Visit, place: Setting, recorder: Recorder) -> None:
    """Every cell of a visit; after a cell that leaves traces, the next one gets fresh servers."""
    left = list(visit.cells)
    while left:
        try:
            with closing(run_visit(replace(visit, cells=tuple(left)), place)) as measured:
                for cell, samples in measured:
                    recorder.record(left.pop(0), cell, samples)
                    if _leaves_traces(cell, samples):
                        break
        except BenchError as error:
            recorder.fail(left.pop(0), error)


def _leaves_traces(cell: Cell, samples: Samples) -> bool:
    """Whether requests failed or a server fell behind.

    Failed requests may still be worked on; and a server that fell behind held more requests than the next cell will,
    in memory that it does not give back.
    """
    failed = (samples.status < 0) & sent(samples)
    behind = any(problem.name in FALLS_BEHIND for one in cell.measurements for problem in one.problems)
    return bool(failed.any()) or behind

"""The folder of a run: its name, and who may write into it."""

import fcntl
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.errors import BenchError
from bench.places import RESULTS

SELFTEST_NAME = "selftest.json"
"""The name of the selftest that a folder of runs keeps for the runs of the next hour."""


def recorded_in(folder: Path | None) -> list[Path]:
    """The folders of runs, which are no code: RESULTS, and a run folder with the folder of runs that it lies in."""
    if folder is None:
        return [RESULTS]
    around = folder.absolute().parent
    return [RESULTS, folder, *([around] if (around / SELFTEST_NAME).is_file() else [])]


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """The run folder for this process alone; the lock ends with the process, however it ends."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BenchError(f"{folder} cannot be used as a run folder: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchError(f"another run is writing into {folder}: wait for it, or choose another --out") from None
        yield
    finally:
        os.close(descriptor)


def refuse_another_run(folder: Path) -> None:
    """Raise BenchError where the folder holds a run."""
    if (folder / "run.json").exists():
        raise BenchError(f"{folder} holds a run already: choose another --out, or go on with --resume {folder}")


def check_place(folder: Path) -> None:
    """Raise BenchError where a new run cannot be put there: something else is in the way, or it holds a run."""
    path = folder.absolute()
    nearest = next(one for one in (path, *path.parents) if one.exists())
    if not nearest.is_dir():
        raise BenchError(f"the run folder {folder} cannot be made: {nearest} is no folder")
    if nearest == path:
        with owned(folder):
            refuse_another_run(folder)


def make_folder(folder: Path) -> None:
    """Make the run folder, unless it is there. Raises BenchError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(f"the run folder {folder} cannot be made: {error.strerror}") from error


def unused(run_id: str) -> str:
    """The id, or one with a number behind it where a run of the same second has it already."""
    ids = itertools.chain([run_id], (f"{run_id}-{number}" for number in itertools.count(2)))
    return next(one for one in ids if not (RESULTS / one).exists())


def point_latest_to(folder: Path) -> None:
    """Make results/latest a link to the newest run, where the results can be written."""
    target = folder.resolve()
    link = RESULTS / "latest"
    with suppress(OSError):  # a convenience, not worth a run
        RESULTS.mkdir(exist_ok=True)
        if link.is_symlink() or not link.exists():
            link.unlink(missing_ok=True)
            results = RESULTS.resolve()
            link.symlink_to(target.relative_to(results) if target.is_relative_to(results) else target)

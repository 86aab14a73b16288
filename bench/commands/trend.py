"""`trend`: load several runs, judge each again, show how their figures moved."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.judge.history.trend import trend as judged
from bench.model.run import Run
from bench.places import COMMAND
from bench.reading import read_run, understood

HELP = """\
Show how figures moved from run to run: ratios within each run, capacities and
absolute figures, with the steps that are shown and the run in which each
began, and where the machine changed. The runs may be named in any order: they
are sorted by the time at which they started.
"""

NOTES = """\
exit codes:
  0    the trend is shown, whatever it shows
  2    wrong usage, unreadable data or an unexpected error
  130  interrupted by Ctrl-C

examples:
  %(prog)s results/2026*
  %(prog)s nightly/* --out trend --json trend.json
"""

LEAST_RUNS = 2


def trend(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """0 once the trend is shown. Raises BenchError where a run or a file cannot be used."""
    from bench.show.history.publish import present  # noqa: PLC0415 (drawing takes long to import)

    folders: Sequence[Path] = arguments.runs
    runs = [_read(folder) for folder in folders]
    _check(folders, runs)
    with understood(*folders):
        present(judged(runs, arguments.alpha), out=arguments.out, markdown=arguments.markdown, json=arguments.json)
    return 0


def _read(folder: Path) -> Run:
    """The run of a folder, judged again. Raises BenchError, with the name of the folder, where it cannot be used."""
    with understood(folder):
        run = read_run(folder).run
    if run.ab is not None:
        raise BenchError(f"{folder} is an A/B run, and a trend takes none: see {COMMAND} diff {folder}")
    return run


def _check(folders: Sequence[Path], runs: Sequence[Run]) -> None:
    """Raise BenchError unless these are two different runs or more."""
    if len(runs) < LEAST_RUNS:
        raise BenchError(f"{folders[0]} is one run, and a trend takes two or more: name several run folders")
    seen: dict[tuple[str, str], Path] = {}
    for folder, run in zip(folders, runs, strict=True):
        other = seen.setdefault((run.started, run.id), folder)
        if other is not folder:
            raise BenchError(f"{other} and {folder} are the same run, {run.id}: name it once")

"""`run`: measure a profile, then show the report."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.commands.planning import plan_of
from bench.errors import BenchError
from bench.judge.stacks.failures import useless
from bench.model.cell import Cell
from bench.places import COMMAND, REFERENCE, code_folder
from bench.record import store
from bench.run.host.signals import stop_on_signals
from bench.run.session import plain
from bench.run.session.running import with_pids
from bench.show.text.words import listed, plural

HELP = """\
Measure a profile: start each stack afresh in each round, put it under each
load, and record every request. Then print the report and write report.html,
report.md, figures.json and the charts into the run folder.

Before it begins, a selftest finds out what this machine can measure. A run
that asks for more is refused, unless --force is given.
"""

NOTES = """\
closed-loop and open-loop loads:
  A closed-loop load (--users) is a number of users, each of whom sends the
  next request as soon as the last one is answered. It shows the highest
  throughput. It does not measure latency at a given arrival rate: where the
  stack is saturated, its latency is that of a full queue.
  An open-loop load (--rate) is a number of requests per second that arrive on
  schedule, whatever the server does. It measures latency at that arrival
  rate, from the moment each request was due.

exit codes:
  0    every cell was recorded, and every stack served something
  1    a cell failed, a stack served nothing or failed over half of its
       requests in every cell, or the run could not be recorded
  2    wrong usage, or a run that this machine cannot measure
  130  interrupted by Ctrl-C (143: by SIGTERM); finished cells are kept

examples:
  %(prog)s --profile smoke
  %(prog)s --stacks flask-gthread,fastapi-aiohttp \\
      --scenarios weather --users 10,100
  %(prog)s --config mine.toml --stacks mine --scenarios mine \\
      --rate 50,200 --arrivals poisson --rounds 5
"""


def run(arguments: argparse.Namespace, words: Sequence[str]) -> int:
    """0 where every cell was recorded and every stack served half of its requests in one of them, else 1.

    Raises BenchError where the run cannot be planned, measured or recorded; Interrupted where a signal came.
    """
    with stop_on_signals() as stop:
        if arguments.resume is not None:
            _refuse_other_options(words)
            result = plain.resume(arguments.resume, stop, arguments.pid)
        else:
            result = plain.start(
                with_pids(plan_of(arguments), arguments.pid),
                arguments.seed,
                words,
                arguments.out,
                stop,
                code=code_folder(arguments.config),
                force=arguments.force,
            )
    return finish(result.folder)


def finish(folder: Path) -> int:
    """Show the report of a run that was measured: 1 where something failed, or a stack did not serve, else 0."""
    from bench.show.report.publish import publish  # noqa: PLC0415 (drawing takes long to import; measuring needs none of it)

    publish(folder, REFERENCE)
    measured = store.load_run(folder)
    said = [
        *_failed("cell", [cell.stack for cell in measured.cells if cell.outcome == "failed"], folder),
        *_failed("search", [one.stack for one in measured.searches if one.ending == "failed"], folder),
        *_useless(measured.cells, folder),
    ]
    for line in said:
        print(line, file=sys.stderr)
    return 1 if said else 0


def _failed(what: str, failed: Sequence[str], folder: Path) -> Iterator[str]:
    """A line about the cells or searches of these stacks, which could not be measured, if there are any."""
    if failed:
        logs = f"{'its' if len(failed) == 1 else 'their'} logs are in {folder}/logs"
        stacks = f"of {listed(sorted(set(failed)))}"
        again = f"measure again what failed with {COMMAND} run --resume {folder}"
        yield f"{plural(len(failed), what)} failed; {logs}; {stacks}; {again}"


def _useless(cells: Sequence[Cell], folder: Path) -> Iterator[str]:
    """A line about each stack that was measured and did not do its work in any cell."""
    from bench.show.report.failures import sentence  # noqa: PLC0415 (as above)

    for one in useless(cells):
        everywhere = "" if one.share == 1 else "; over half failed in every cell"
        yield f"{sentence(one)}{everywhere}; the logs are in {folder}/logs"


def _refuse_other_options(words: Sequence[str]) -> None:
    given = sorted({word.partition("=")[0] for word in words if word.startswith("--")} - {"--resume", "--pid"})
    if given:
        raise BenchError(f"--resume continues a run with its own options: leave out {', '.join(given)}")

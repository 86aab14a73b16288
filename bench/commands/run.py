"""`run`: measure a profile, then show the report."""

import argparse
import sys
from collections.abc import Sequence

from bench.commands.planning import plan_of
from bench.errors import BenchError
from bench.places import REFERENCE, code_folder
from bench.record import store
from bench.run.host.signals import stop_on_signals
from bench.run.session import plain

HELP = """\
Measure a profile: start each stack afresh in each round, put it under each
load, and record every request. Then print the report and write report.html,
report.md and the charts into the run folder.

Before it begins, a selftest finds out what this machine can measure. A run
that asks for more is refused, unless --force is given.
"""

NOTES = """\
closed-loop and open-loop loads:
  A closed-loop load (--users) is a number of users, each of whom sends the
  next request as soon as the last one is answered. It measures capacity. It
  does not measure latency at a given arrival rate: where the stack is
  saturated, its latency is that of a full queue.
  An open-loop load (--rate) is a number of requests per second that arrive on
  schedule, whatever the server does. It measures latency at that arrival
  rate, from the moment each request was due.

exit codes:
  0    every cell was recorded, and every stack served something
  1    a cell failed, a stack served nothing, or the run could not be recorded
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
    """0 where every cell was recorded and every stack served something, else 1.

    Raises BenchError where the run cannot be planned, measured or recorded; Interrupted where a signal came.
    """
    with stop_on_signals() as stop:
        if arguments.resume is not None:
            _refuse_other_options(words)
            result = plain.resume(arguments.resume, stop)
        else:
            result = plain.start(
                plan_of(arguments),
                arguments.seed,
                words,
                arguments.out,
                stop,
                code=code_folder(arguments.config),
                force=arguments.force,
            )
    from bench.show.report.publish import publish  # noqa: PLC0415 (drawing takes long to import; measuring needs none of it)

    publish(result.folder, REFERENCE)
    cells = store.load_run(result.folder).cells
    served = {cell.stack for cell in cells if (asked := cell.measurement.requests) is not None and asked.ok}
    silent = sorted({cell.stack for cell in cells if cell.outcome != "failed"} - served)
    if result.failed:
        print(f"{result.failed} cells failed; their logs are in {result.folder}/logs", file=sys.stderr)
    if silent:
        print(f"{', '.join(silent)} served nothing; the logs are in {result.folder}/logs", file=sys.stderr)
    return 1 if result.failed or silent else 0


def _refuse_other_options(words: Sequence[str]) -> None:
    given = sorted({word.partition("=")[0] for word in words if word.startswith("--")} - {"--resume"})
    if given:
        raise BenchError(f"--resume continues a run with its own options: leave out {', '.join(given)}")

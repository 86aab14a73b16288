"""`capacity`: the highest arrival rate that each stack carries within a latency objective."""

import argparse
from collections.abc import Sequence

from bench.commands.planning import searches_of
from bench.commands.run import finish
from bench.places import code_folder
from bench.run.host.signals import stop_on_signals
from bench.run.session import plain
from bench.run.session.running import with_pids

HELP = """\
Find the highest arrival rate at which each stack keeps a latency objective:
by default P95 within twice the time that a request waits for, and fewer than
1 % of the requests failed. Requests arrive whatever the server does, as a
Poisson process.

The stacks of a round stand side by side on the server's cores and take turns,
window by window, so that a change of the machine's speed affects all alike.
"""

NOTES = """\
exit codes:
  0    every search ended; what it found may be that no rate keeps the objective
  1    a search failed, or the run could not be recorded
  2    wrong usage, or a run that this machine cannot measure
  130  interrupted by Ctrl-C (143: by SIGTERM); finished rounds are kept, and
       run --resume DIR goes on with the others

examples:
  %(prog)s
  %(prog)s --slo p99:500ms \\
      --stacks flask-gthread,fastapi-aiohttp
  %(prog)s --config mine.toml --stacks mine \\
      --scenarios mine --rounds 5
"""


def capacity(arguments: argparse.Namespace, words: Sequence[str]) -> int:
    """0 where every search ended, else 1.

    Raises BenchError where it cannot be planned, measured or recorded; Interrupted where a signal came.
    """
    with stop_on_signals() as stop:
        result = plain.start(
            with_pids(searches_of(arguments), arguments.pid),
            arguments.seed,
            words,
            arguments.out,
            stop,
            code=code_folder(arguments.config),
            force=arguments.force,
        )
    return finish(result.folder)

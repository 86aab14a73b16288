"""`selftest`: find out what this machine can measure."""

import argparse
from collections.abc import Sequence

from bench.places import COMMAND
from bench.run.host.cpus import cpu_sets
from bench.run.host.locks import taken
from bench.run.host.signals import stop_on_signals
from bench.run.session.fitness import take_selftest
from bench.run.session.leftovers import clean_up
from bench.run.session.selftest import Ladders
from bench.show.report.selftest import selftest_lines

HELP = """\
Find out what this machine can measure, without any server: the highest
open-loop rate that is sent on schedule, the most closed-loop users that are
kept busy, and the highest rate at which the mock upstream is accurate.
"""


def selftest(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """0 once the selftest is printed and kept. Raises BenchError where it cannot be taken, Interrupted at a signal."""
    with stop_on_signals() as stop:
        cpus = cpu_sets(arguments.server_cpus)
        clean_up(stop)
        with taken(cpus.used, f"for {COMMAND} selftest", force=None):
            found = take_selftest(cpus, Ladders(), stop)
    print("\n".join(selftest_lines(found)))
    return 0

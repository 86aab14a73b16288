"""`diff`: load two runs or one A/B run, judge base against head, show the verdict."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError
from bench.judge.gate.paired import judge_paired
from bench.judge.gate.unpaired import judge_unpaired
from bench.options import gate
from bench.places import COMMAND
from bench.reading import read_run, understood
from bench.record.store import load_run
from bench.show.verdict.publish import present

HELP = """\
Compare two runs, base and head, or the two revisions of one A/B run, and
print the verdict.
"""

NOTES = """\
exit codes:
  0    no regression
  1    regressed
  2    wrong usage, unreadable data or an unexpected error
  3    not comparable
  4    inconclusive
  130  interrupted by Ctrl-C
"""


def diff(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """The exit code of the verdict. Raises BenchError where a run or a file cannot be used."""
    base, head = arguments.base, arguments.head
    both = [folder for folder in (base, head) if folder is not None]
    with understood(*both):
        return _judged(arguments, both)


def _judged(arguments: argparse.Namespace, both: Sequence[Path]) -> int:
    """The exit code of the verdict on one A/B run, or on two runs."""
    base, head = arguments.base, arguments.head
    paired = [folder for folder in both if load_run(folder).ab is not None]
    if head is None and not paired:
        raise BenchError(f"{base} is not an A/B run: give two runs, or one that `{COMMAND} ab` recorded")
    if head is not None and paired:
        raise BenchError(f"{paired[0]} is an A/B run, which contains both revisions: give it alone")
    if head is not None and base.resolve() == head.resolve():
        raise BenchError(f"{base} and {head} are the same run: give two different runs")
    asked = gate(arguments)
    runs = [read_run(folder).run for folder in both]
    found = judge_paired(runs[0], asked) if head is None else judge_unpaired(runs[0], runs[1], asked)
    return present(found, markdown=arguments.markdown, json=arguments.json)

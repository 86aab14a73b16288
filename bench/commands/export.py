"""`export`: load a run, judge it again from its raw samples, write it in the format of another tool."""

import argparse
from collections.abc import Sequence

from bench.options import gate
from bench.reading import understood
from bench.show.export.publish import publish

HELP = """\
Judge a run or an A/B run again from its raw samples, and write its figures in
the format of another tool. Figures that are not reliable are left out, and
named on standard error; csv and junit have them, marked with the reason.

  csv      a row for each figure of each cell and search
  gha      github-action-benchmark: a file for each direction that is better
  bencher  Bencher Metric Format
  junit    JUnit XML: the verdict on an A/B, or the cells of a run
  pyperf   for pyperf stats and pyperf compare_to

Of an A/B run, gha, bencher and pyperf have files for base and for head.
"""

NOTES = """\
exit codes:
  0    exported; the verdict on an A/B has no part in it
  2    wrong usage, unreadable data, nothing reliable to export, or an
       unexpected error
  130  interrupted by Ctrl-C
"""


def export(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """0 once the run is exported. Raises BenchError where the run or a file cannot be used."""
    with understood(arguments.run):
        publish(arguments.run, arguments.format, out=arguments.out, gate=gate(arguments))
    return 0

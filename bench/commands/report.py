"""`report`: load a run, judge it again from its raw samples, show it."""

import argparse
from collections.abc import Sequence

from bench.places import REFERENCE
from bench.reading import understood

HELP = """\
Judge a run again from its raw samples, print the tables and the answer, and
write report.html, report.md, figures.json and the charts into the run folder.
"""

NOTES = """\
exit codes:
  0    the report is printed and written
  2    wrong usage, unreadable data or an unexpected error
  130  interrupted by Ctrl-C
"""


def report(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """0 once the report is printed and written. Raises BenchError where the run or a file cannot be used."""
    from bench.show.report.publish import publish  # noqa: PLC0415 (drawing takes long to import; no other command needs it)

    with understood(arguments.run):
        publish(
            arguments.run,
            REFERENCE,
            cell=arguments.timeline,
            charts=not arguments.no_charts,
            embed_in=arguments.embed,
            sections=arguments.sections,
            json=arguments.json,
        )
    return 0

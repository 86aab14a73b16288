"""`audit`: whether published figures are possible."""

import argparse
from collections.abc import Sequence

from bench.judge.claims.audit import audit as judged
from bench.plan.published import load_published

HELP = """\
Tell whether figures that somebody published are possible. The file has a row
for each benchmark: rates, latencies, users, cores, as far as they are printed.
A rate that so many users cannot have waited for, or a mean that the
percentiles do not allow, is impossible, whatever was measured.
"""

NOTES = """\
exit codes:
  0    none of the figures is impossible
  1    some are
  2    wrong usage, an unreadable file or an unexpected error

examples:
  %(prog)s examples/audit/articles.toml
  %(prog)s figures.csv --markdown audit.md
"""


def audit(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """0 where no figure is impossible, else 1. Raises BenchError where the file cannot be used."""
    from bench.show.claims.publish import present  # noqa: PLC0415 (as the other commands that show something)

    found = [(one, judged(one)) for one in load_published(arguments.figures)]
    present(found, markdown=arguments.markdown, json=arguments.json)
    return int(any(finding.grade == "impossible" for _, own in found for finding in own))

"""Show what a run found, or whether a change made things worse: load, judge again from the raw samples, show.

    python compare.py report [RUN] [--json FILE] [--timeline CELL] [--embed FILE]
    python compare.py diff BASE HEAD | RUN_AB [--fail-on METRIC:P%] [--noise P%] [--alpha A]
                                              [--markdown FILE] [--json FILE]
    python compare.py trend RUN RUN .. [--out DIR] [--markdown FILE] [--json FILE] [--alpha A]
    python compare.py audit FIGURES [--markdown FILE] [--json FILE]
    python compare.py export [RUN] --format csv|gha|bencher|junit|pyperf [--out FILE|DIR]

`report` prints the tables and the answer, and writes report.html, report.md, figures.json and the charts into the run
folder. `diff` compares two runs, or the two revisions of one A/B run. `trend` shows how figures moved over several
runs. `audit` tells whether published figures are possible. `export` writes a run for another tool. Exit codes: 0 done,
no regression, nothing impossible; 1 regressed, or impossible; 2 wrong usage, unreadable
data or an unexpected error; 3 not comparable; 4 inconclusive; 130 interrupted. These are the commands of the same names
of `python -m bench`: see bench/commands/.
"""

import sys
from collections.abc import Sequence

COMMANDS = ("report", "diff", "trend", "audit", "export")


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code; 1 is only ever a verdict."""
    try:
        from bench.__main__ import main as program  # noqa: PLC0415 (a broken import must not exit with 1)
    except (ImportError, SyntaxError) as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return 2
    return program(argv, prog="compare.py", commands=COMMANDS)


if __name__ == "__main__":
    sys.exit(main())

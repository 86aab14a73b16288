"""Measure how well counts repeat and what they find, keep the results, and write docs/instructions.md.

    python -m tests.instructions [STACK[,STACK] SCENARIO USERS NUMBER]

counts, of each stack, NUMBER copies of the same code, of code with functions that nobody calls, and of code with a loop
that is worth 2 % of the instructions. Without arguments, only the document is written again.
"""

import argparse
import sys
from collections.abc import Sequence

from tests.instructions.document import write
from tests.instructions.repeats import keep, measure

SIZE = 0.02


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 when all is counted and the document is written."""
    parser = argparse.ArgumentParser(prog="python -m tests.instructions", description=__doc__, allow_abbrev=False)
    parser.add_argument("what", nargs="*", metavar="STACK SCENARIO USERS NUMBER")
    what = parser.parse_args(argv).what
    if what:
        if len(what) != 4:
            parser.error("give STACK[,STACK] SCENARIO USERS NUMBER, or nothing")
        stacks, scenario, users, number = what
        size = SIZE if int(users) == 1 else 2 * SIZE
        keep(measure(int(number), size, stacks.split(","), scenario, int(users)))
    write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

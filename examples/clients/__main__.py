"""Write the figures of docs/httpx.md, from the kept data or measured again.

    python -m examples.clients [measure | flames]

Measuring takes about fifteen minutes on an otherwise idle machine. The flames alone take one and a half.
"""

import argparse
import sys
from collections.abc import Sequence

from bench.errors import BenchError
from bench.run.host.signals import Interrupted
from examples.clients.document import write
from examples.clients.measure import measure, record_flames

STEPS = {"measure": measure, "flames": record_flames}


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 if the page is written, another if something failed or a signal came."""
    parser = argparse.ArgumentParser(prog="python -m examples.clients", description=__doc__, allow_abbrev=False)
    parser.add_argument("what", nargs="?", choices=STEPS, help="what to measure again; default: only write the page")
    try:
        what = parser.parse_args(argv).what
        if what is not None:
            STEPS[what]()
        write()
    except (BenchError, Interrupted) as error:
        print(f"clients: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

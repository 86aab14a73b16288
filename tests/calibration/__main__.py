"""Run sessions of the regression gate, keep their results, and write docs/calibration.md.

    python -m tests.calibration [KIND:SIZE ...] [-- OPTIONS OF bench ab]

`none:0` is a session with the same code in base and head. `cpu:10` and `delay:10` make head 10 % slower. With
`pause:150`, head stands still for 150 ms every 2 s of load; with `slow:2`, 2 % of its requests take ten times as long.
Without a session, only the document is written again. A session takes 9 to 18 minutes on an otherwise idle machine.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import get_args

from tests.calibration import recorded, simulated
from tests.calibration.document import write
from tests.calibration.inject import Kind
from tests.calibration.sessions import hold, keep, kept


def main(argv: Sequence[str]) -> int:
    """The exit code: 0 when all sessions have run and the document is written."""
    words = list(argv)
    mine, options = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__, allow_abbrev=False)
    parser.add_argument("sessions", nargs="*", type=_session, metavar="KIND:SIZE")
    for kind, size in parser.parse_args(mine).sessions:
        keep(*hold(kind, size, options))
    write(kept(), simulated.kept(), recorded.kept())
    return 0


def _session(text: str) -> tuple[Kind, float]:
    name, _, size = text.partition(":")
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    if name not in kinds or not size.isdigit():
        raise argparse.ArgumentTypeError(
            f"{text!r}: write none:0, cpu:PERCENT, delay:PERCENT, pause:MS or slow:PERCENT"
        )
    return kinds[name], int(size) / (1000 if name == "pause" else 100)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What `compare.py report` takes on a large run: seconds to its first table and to its end, and memory.

    python -m tests.speed.report [FOLDER] [--times 5]

Without FOLDER a run of 300 cells and 10 million requests is made in a temporary folder first. It runs as a program of
its own, imports included, with its standard output a pipe.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench import units

ROOT = Path(__file__).resolve().parents[2]
RULE = re.compile("^\\s*\u2500{10}")
"""Under the headers of a table."""

MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds to the first table and to the end, and the most memory, in bytes of RSS."""

    table_s: float
    whole_s: float
    peak_bytes: int


@contextmanager
def large_run() -> Iterator[Path]:
    """The folder of a large run, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        # By another process: the peak of a child starts at that of its parent, which is to stay small.
        subprocess.run((sys.executable, "-m", "tests.speed.large_run", name), cwd=ROOT, check=True)
        yield Path(name)


def taken(folder: Path) -> Taken:
    """What one report of the run takes. RuntimeError where it fails."""
    argv = (sys.executable, str(ROOT / "compare.py"), "report", str(folder))
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    table_s = None
    begun_s = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment, encoding="utf-8") as program:
        assert program.stdout is not None
        for line in program.stdout:
            if table_s is None and RULE.match(line):
                table_s = time.perf_counter() - begun_s
        _, status, used = os.wait4(program.pid, 0)
        whole_s = time.perf_counter() - begun_s
        program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode or table_s is None:
        raise RuntimeError(f"{' '.join(argv)} exited with {program.returncode}{'' if table_s else ', without a table'}")
    return Taken(table_s, whole_s, used.ru_maxrss * MAXRSS_BYTES)


def said(runs: Sequence[Taken]) -> str:
    """The least, the median and the most of each figure, a line each."""
    figures = (
        ("first table", [one.table_s for one in runs], units.seconds),
        ("whole report", [one.whole_s for one in runs], units.seconds),
        ("peak memory", [float(one.peak_bytes) for one in runs], units.megabytes),
    )
    lines = [f"{'':<14}{'min':>10}{'median':>10}{'max':>10}"]
    for title, values, text in figures:
        shown = (text(value) for value in (min(values), statistics.median(values), max(values)))
        lines.append(f"{title:<14}" + "".join(f"{value:>10}" for value in shown))
    return "\n".join(lines)


def main() -> int:
    """0 once the figures are printed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.speed.report", description="Time the report of a large run.", allow_abbrev=False
    )
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=Path)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    runs = []
    with large_run() if arguments.folder is None else nullcontext(arguments.folder) as folder:
        for number in range(1, arguments.times + 1):
            runs.append(taken(folder))
            print(f"{number} of {arguments.times}", file=sys.stderr)
    print(said(runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())

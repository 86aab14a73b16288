"""Measure a profile, and keep the figures of the run for the pages of docs.

    python -m examples.measured PROFILE

The raw samples are large. They stay in the original run folder.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.errors import BenchError
from bench.places import RESULTS
from bench.record.store import load_run, save_run
from bench.run.host.signals import Interrupted, stop_on_signals

ROOT = Path(__file__).resolve().parents[1]
KEPT = RESULTS / "reference"
PROFILES = ("servers", "clients", "pitfalls", "validation")
"""The profiles of bench.toml with a page of their own in docs."""


def measure(profile: str, config: Path | None = None) -> Path:
    """The folder of a new run of the profile; `config`: its tables, where bench.toml does not have them.

    Raises BenchError if a cell failed, Interrupted if a signal came.
    """
    folder = RESULTS / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{profile}"
    tables = [] if config is None else ["--config", str(config.relative_to(ROOT))]  # the run records its arguments
    argv = ("-m", "bench", "run", *tables, "--profile", profile, "--out", str(folder.relative_to(ROOT)))
    # A signal also reaches the run. It ends by itself, and its exit code is then ignored.
    with stop_on_signals() as stop:
        code = subprocess.run((sys.executable, *argv), cwd=ROOT, check=False).returncode
        stop.check()
    if code:
        raise BenchError(f"{profile} could not be measured: bench run ended with {code}", exit_code=1)
    return folder


def keep(run: Path, folder: Path) -> None:
    """Replace what the folder has by the figures of the run, without samples."""
    recorded = load_run(run)
    bare = replace(
        recorded,
        cells=tuple(replace(cell, samples=None) for cell in recorded.cells),
        searches=tuple(replace(search, samples=None) for search in recorded.searches),
    )
    with tempfile.TemporaryDirectory(dir=run) as new:
        made = Path(new) / folder.name
        made.mkdir()
        save_run(made, bare)  # before anything that is kept is lost
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made, folder)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 if the figures are kept, another if a cell failed or a signal came."""
    parser = argparse.ArgumentParser(prog="python -m examples.measured", description=__doc__, allow_abbrev=False)
    parser.add_argument("profile", choices=PROFILES, help="the profile of bench.toml to measure")
    profile = parser.parse_args(argv).profile
    try:
        keep(measure(profile), KEPT / profile)
    except (BenchError, Interrupted) as error:
        print(f"measured: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Show what a run found: load it, judge it again from its raw samples, show it.

    python compare.py report [RUN] [--embed FILE]

`report` prints the table, draws the charts and writes report.md beside the run. Exit codes: 0 done; 2 wrong usage,
unreadable data or an unexpected error.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.model import Run

RESULTS = Path(__file__).resolve().parent / "results"
LATEST, REFERENCE = RESULTS / "latest", RESULTS / "reference"


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code. Everything is imported in here, so that not even a broken import exits with a verdict's 1."""
    arguments = _parser().parse_args(argv)
    try:
        from bench.errors import BenchError  # noqa: PLC0415

        try:
            return report(arguments.run, arguments.embed)
        except BenchError as error:
            print(f"compare.py: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        print(f"compare.py: {error}: run `make setup`, then use .venv/bin/python", file=sys.stderr)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
    return 2


def report(folder: Path, embed_in: Path | None) -> int:
    """0 once table, charts and report of the run are made. Raises BenchError where it or a file cannot be used."""
    from bench.errors import BenchError  # noqa: PLC0415
    from bench.judge.comparison import rows  # noqa: PLC0415
    from bench.judge.ratios import held_against, ratios  # noqa: PLC0415
    from bench.record.store import load_reference  # noqa: PLC0415
    from bench.show import charts, content, tables  # noqa: PLC0415
    from bench.show import report as written  # noqa: PLC0415
    from bench.show.reproduction import Reproduction  # noqa: PLC0415

    run = judged(folder)
    found = rows(run.cells, run.config)
    reference = load_reference(folder, REFERENCE)
    reproduced = None if reference is None else Reproduction(reference.id, held_against(run, reference))
    said = content.content(run, found, ratios(run.cells, run.config), reproduced)
    try:
        if embed_in is not None:
            short = written.short_report(run, said, written.link_from(embed_in, folder))
            text = written.embed(embed_in.read_text(encoding="utf-8"), short, str(embed_in))
            embed_in.write_text(text, encoding="utf-8")
        charts.save_charts(run, found, folder / "charts")
        (folder / "report.md").write_text(written.report(run, said), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"the report cannot be written: {error}") from error
    terminal = sys.stdout.isatty()
    _print(tables.render(said, width=os.get_terminal_size().columns if terminal else None, colour=terminal))
    _print(f"\n{folder / 'report.md'} and {folder / 'charts'} show it too.\n")
    return 0


def judged(folder: Path) -> "Run":
    """The run, each recorded cell judged again from its raw samples. Raises BenchError where they cannot be used."""
    from dataclasses import replace  # noqa: PLC0415

    from bench.errors import BenchError  # noqa: PLC0415
    from bench.judge.cell import judge_cell  # noqa: PLC0415
    from bench.model import CellKey  # noqa: PLC0415
    from bench.record import store  # noqa: PLC0415

    run = store.load_run(folder)
    cells = []
    for cell in run.cells:
        if cell.stack not in run.config.profile.stacks or cell.scenario not in run.config.profile.loads:
            raise BenchError(f"{folder}/run.json is damaged: cell {cell.order} is of a stack or scenario not planned")
        if cell.window is None or cell.upstream is None or cell.probe is None:
            cells.append(cell)
            continue
        samples = store.load_samples(folder, cell)
        try:
            again = judge_cell(
                CellKey(cell.stack, cell.scenario, cell.load, cell.round, cell.order),
                run.config.stacks[cell.stack],
                run.config.scenarios[cell.scenario],
                samples,
                cell.window,
                cell.upstream,
                cell.probe,
                server_cpus=len(run.server_cpus) or run.machine.cpus,
                load_cpus=len(run.load_cpus) or run.machine.cpus,
            )
        except (ValueError, LookupError) as error:
            raise BenchError(f"the samples of cell {cell.order} in {folder} cannot be judged: {error}") from error
        cells.append(replace(again, samples=cell.samples))
    return replace(run, cells=tuple(cells))


def _print(text: str) -> None:
    """Text on stdout, also where it has no such characters; a reader who has seen enough is no error."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes once more as it exits, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="compare.py", description="Show what a run found.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("report", help="print the table, draw the charts, write report.md beside the run")
    command.add_argument("run", metavar="RUN", nargs="?", type=Path, default=LATEST, help="default: results/latest")
    command.add_argument(
        "--embed", metavar="FILE", type=Path, help="put the short report between the marker lines of a Markdown file"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

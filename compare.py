"""Show what a run found, or whether a change made things worse: load, judge again from the raw samples, show.

    python compare.py report [RUN] [--embed FILE]
    python compare.py diff BASE HEAD | RUN_AB [--fail-on METRIC:P%] [--noise P%] [--alpha A]
                                              [--markdown FILE] [--json FILE]

`report` prints the table, draws the charts and writes report.md beside the run. `diff` holds two runs against each
other, or the two revisions of one A/B run. Exit codes: 0 done, no regression; 1 regressed; 2 wrong usage, unreadable
data or an unexpected error; 3 not comparable; 4 inconclusive; 130 interrupted.
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from bench.model import Run

T = TypeVar("T")

RESULTS = Path(__file__).resolve().parent / "results"
LATEST, REFERENCE = RESULTS / "latest", RESULTS / "reference"
AS_RECORDED = "Judged by the figures that it recorded: its raw samples are not there."


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code. Everything is imported in here, so that not even a broken import exits with a verdict's 1."""
    try:
        from bench.errors import BenchError  # noqa: PLC0415

        arguments = _finishing(_parser).parse_args(argv)
        try:
            return _finishing(lambda: int(arguments.act(arguments)))
        except BenchError as error:
            print(f"compare.py: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except (ImportError, SyntaxError) as error:
        first = str(error).strip().partition("\n")[0]
        print(f"compare.py: {type(error).__name__}: {first}: run `make setup`, use .venv/bin/python", file=sys.stderr)
    except Exception:  # noqa: BLE001
        traceback.print_exc()
    return 2


def _finishing(step: Callable[[], T]) -> T:
    """What the step returns. RuntimeError where it exits instead, as an imported module may: that is no verdict."""
    try:
        return step()
    except SystemExit as error:
        raise RuntimeError(f"an unexpected exit with {error.code}") from error


def report(arguments: argparse.Namespace) -> int:
    """0 once table, charts and report of the run are made. Raises BenchError where it or a file cannot be used."""
    from bench.errors import BenchError  # noqa: PLC0415
    from bench.judge.comparison import rows  # noqa: PLC0415
    from bench.judge.ratios import held_against, ratios  # noqa: PLC0415
    from bench.record.store import load_reference, load_run  # noqa: PLC0415
    from bench.show import charts, content, stdout, tables  # noqa: PLC0415
    from bench.show import report as written  # noqa: PLC0415
    from bench.show.reproduction import Reproduction  # noqa: PLC0415

    folder, embed_in = arguments.run, arguments.embed
    if load_run(folder).ab is not None:
        raise BenchError(f"{folder} is an A/B run, which has a verdict and no report: python compare.py diff {folder}")
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
    width = stdout.terminal_width()
    stdout.say(tables.render(said, width=width, colour=width is not None))
    stdout.say(f"\n{folder / 'report.md'} and {folder / 'charts'} show it too.\n")
    return 0


def diff(arguments: argparse.Namespace) -> int:
    """The exit code of the verdict, once it is shown. Raises BenchError where a run or a file cannot be used."""
    from bench.errors import BenchError  # noqa: PLC0415
    from bench.judge.paired import judge_paired  # noqa: PLC0415
    from bench.judge.unpaired import judge_unpaired  # noqa: PLC0415
    from bench.record.store import load_run  # noqa: PLC0415
    from bench.show.gate import gate  # noqa: PLC0415
    from bench.show.verdict import present  # noqa: PLC0415

    base, head = arguments.base, arguments.head
    both = [folder for folder in (base, head) if folder is not None]
    paired = [folder for folder in both if load_run(folder).ab is not None]
    if head is None and not paired:
        raise BenchError(f"{base} is no A/B run: diff takes two runs, or one that `python -m bench ab` made")
    if head is not None and paired:
        raise BenchError(f"{paired[0]} is an A/B run, which has both revisions in it: give it alone")
    if head is not None and base.resolve() == head.resolve():
        raise BenchError(f"{base} and {head} are one run: that it equals itself shows nothing")
    asked = gate(arguments)
    found = judge_paired(judged(base), asked) if head is None else judge_unpaired(judged(base), judged(head), asked)
    return present(found, markdown=arguments.markdown, json=arguments.json)


def judged(folder: Path) -> "Run":
    """The run, each recorded cell judged again from its raw samples; one without any is taken as it was recorded.

    Raises BenchError where they cannot be used.
    """
    from dataclasses import replace  # noqa: PLC0415

    from bench.errors import BenchError  # noqa: PLC0415
    from bench.judge.arms import judge_arms  # noqa: PLC0415
    from bench.judge.cell import judge_cell  # noqa: PLC0415
    from bench.model import CellKey  # noqa: PLC0415
    from bench.record import store  # noqa: PLC0415

    run = store.load_run(folder)
    _check(run, folder)
    cores = len(run.server_cpus) or run.machine.cpus, len(run.load_cpus) or run.machine.cpus
    cells = []
    for cell in run.cells:
        if cell.samples is None or cell.probe is None:
            cells.append(cell)
            continue
        key = CellKey(cell.stack, cell.scenario, cell.load, cell.round, cell.order)
        stack, scenario = run.config.stacks[cell.stack], run.config.scenarios[cell.scenario]
        samples, probe, (server, load) = store.load_samples(folder, cell), cell.probe, cores
        try:
            if cell.window is not None and cell.upstream is not None:
                again = judge_cell(
                    key, stack, scenario, samples, cell.window, cell.upstream, probe, server_cpus=server, load_cpus=load
                )
            else:
                served = [arm.upstream for arm in cell.arms if arm.upstream is not None]
                again = judge_arms(
                    key, stack, scenario, samples, cell.slices, served, probe, server_cpus=server, load_cpus=load
                )
        except (ValueError, LookupError) as error:
            raise BenchError(f"the samples of cell {cell.order} in {folder} cannot be judged: {error}") from error
        cells.append(replace(again, samples=cell.samples))
    bare = any(cell.samples is None and cell.outcome != "failed" for cell in run.cells)
    return replace(run, cells=tuple(cells), notes=(*run.notes, *([AS_RECORDED] if bare else [])))


def _check(run: "Run", folder: Path) -> None:
    """Raises BenchError where a cell, or the family of an A/B, is not of what was planned."""
    from bench.errors import BenchError  # noqa: PLC0415
    from bench.judge.metrics import PAIRED  # noqa: PLC0415

    profile = run.config.profile
    arms = 0 if run.ab is None else 2
    for cell in run.cells:
        if cell.stack not in profile.stacks or cell.scenario not in profile.loads:
            raise BenchError(f"{folder}/run.json is damaged: cell {cell.order} is of a stack or scenario not planned")
        if len(cell.arms) != arms and cell.outcome != "failed":
            raise BenchError(f"{folder}/run.json is damaged: cell {cell.order} has {len(cell.arms)} arms, not {arms}")
    for one in run.ab.family if run.ab is not None else ():
        if one.stack not in profile.stacks or one.scenario not in profile.loads or one.metric not in PAIRED:
            raise BenchError(f"{folder}/run.json is damaged: the family's {one.metric} of {one.stack} was not planned")


def _parser() -> argparse.ArgumentParser:
    from bench.show.gate import add_options  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="compare.py", description="Show what a run found, or what a change did.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("report", help="print the table, draw the charts, write report.md beside the run")
    command.add_argument("run", metavar="RUN", nargs="?", type=Path, default=LATEST, help="default: results/latest")
    command.add_argument(
        "--embed", metavar="FILE", type=Path, help="put the short report between the marker lines of a Markdown file"
    )
    command.set_defaults(act=report)
    command = commands.add_parser("diff", help="whether a change made things worse: by two runs, or by one A/B run")
    command.add_argument("base", metavar="BASE", type=Path, help="the run before the change, or an A/B run")
    command.add_argument("head", metavar="HEAD", nargs="?", type=Path, help="the run with it")
    add_options(command)
    command.set_defaults(act=diff)
    return parser


if __name__ == "__main__":
    sys.exit(main())

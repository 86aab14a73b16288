"""Show what a run found, or whether a change made things worse: load, judge again from the raw samples, show.

    python compare.py report [RUN] [--json FILE] [--timeline CELL] [--embed FILE]
    python compare.py diff BASE HEAD | RUN_AB [--fail-on METRIC:P%] [--noise P%] [--alpha A]
                                              [--markdown FILE] [--json FILE]

`report` prints the tables and the answer, and writes report.html, report.md and the charts beside the run. `diff`
holds two runs against each other, or the two revisions of one A/B run. Exit codes: 0 done, no regression; 1 regressed;
2 wrong usage, unreadable data or an unexpected error; 3 not comparable; 4 inconclusive; 130 interrupted.
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

RESULTS = Path(__file__).resolve().parent / "results"
LATEST, REFERENCE = RESULTS / "latest", RESULTS / "reference"


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
    """0 once the report of the run is printed and written. Raises BenchError where it or a file cannot be used."""
    from bench.show.report.publish import publish  # noqa: PLC0415

    publish(arguments.run, REFERENCE, cell=arguments.timeline, embed_in=arguments.embed, json=arguments.json)
    return 0


def diff(arguments: argparse.Namespace) -> int:
    """The exit code of the verdict, once it is shown. Raises BenchError where a run or a file cannot be used."""
    from bench.errors import BenchError  # noqa: PLC0415
    from bench.judge.gate.paired import judge_paired  # noqa: PLC0415
    from bench.judge.gate.unpaired import judge_unpaired  # noqa: PLC0415
    from bench.reading import read_run  # noqa: PLC0415
    from bench.record.store import load_run  # noqa: PLC0415
    from bench.show.verdict.options import gate  # noqa: PLC0415
    from bench.show.verdict.publish import present  # noqa: PLC0415

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
    runs = [read_run(folder).run for folder in both]
    found = judge_paired(runs[0], asked) if head is None else judge_unpaired(runs[0], runs[1], asked)
    return present(found, markdown=arguments.markdown, json=arguments.json)


def _parser() -> argparse.ArgumentParser:
    from bench.show.verdict.options import add_options  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="compare.py", description="Show what a run found, or what a change did.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("report", help="print the tables and the answer, write report.html beside the run")
    command.add_argument("run", metavar="RUN", nargs="?", type=Path, default=LATEST, help="default: results/latest")
    command.add_argument(
        "--json", metavar="FILE", type=Path, help="write the answer and all figures too; -: print them instead"
    )
    command.add_argument("--timeline", metavar="CELL", type=int, help="the order of the cell to draw second by second")
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

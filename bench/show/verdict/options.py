"""What `compare.py diff` and `bench ab` are asked for on the command line: thresholds, alpha and files to write."""

import argparse
from pathlib import Path

from bench.judge.cell.metrics import UNPAIRED
from bench.judge.gate.thresholds import ALPHA, Gate
from bench.show.text.words import listed
from bench.units import fraction


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare --fail-on, --alpha, --noise, --markdown and --json."""
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        type=_limit,
        metavar="METRIC:P%",
        help=f"the threshold of a metric ({listed(list(UNPAIRED))}), such as p95:10%%; repeatable",
    )
    parser.add_argument(
        "--noise", type=_percent, metavar="P%", help="the threshold of all that is compared by ratio, such as 2%%"
    )
    parser.add_argument(
        "--alpha",
        type=_alpha,
        default=ALPHA,
        metavar="A",
        help="the chance of any false alarm in a family of tests (default: %(default)s)",
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the verdict as a comment for a review too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdict and all its numbers too")


def gate(arguments: argparse.Namespace) -> Gate:
    """What these options ask of a verdict; of two thresholds for one metric the last holds."""
    return Gate(alpha=arguments.alpha, noise=arguments.noise, fail_on=dict(arguments.fail_on))


def _limit(text: str) -> tuple[str, float]:
    name, separator, percent = text.partition(":")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r}: write METRIC:PERCENT, such as p95:10%")
    if name not in UNPAIRED:
        raise argparse.ArgumentTypeError(f"unknown metric {name!r}; known: {', '.join(UNPAIRED)}")
    return name, _percent(percent)


def _percent(text: str) -> float:
    try:
        return fraction(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _alpha(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text!r}: write a probability above 0 and at most 0.5, such as 0.05")
    return value

"""How often `trend` names a step in simulated series with and without one, written into docs/trend.md.

    python -m tests.calibration.trend [--series N]

The series are normal noise, white or with a correlation of neighbours (AR(1)). Sizes of steps are in standard
deviations of the noise. 10 000 series for each row take about a minute.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.judge.history.steps import DRIFT, LEAST_SIDE, drifting, likeliest
from bench.show.text.embed import embed
from bench.show.text.markdown import table
from bench.units import count, percent, tick

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/trend.md"
RUNS, SIZES, NOISES = (5, 10, 20, 50), (1.0, 2.0, 3.0), {"white": 0.0, f"AR(1), {tick(DRIFT)}": DRIFT}
ALPHA, FAMILY = 0.05, 20
LEVEL = 0.01
PERMUTED, PERMUTATIONS = 1000, 499
"""Series that the permutation test is tried on, and its permutations of each."""

RARE = 5
"""So many times as many series are drawn for false alarms, because these are rare."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alarms:
    """Shares of series without a step in which one is named: alone, in a family, and by a permutation test."""

    noise: str
    runs: int
    alone: float
    family: float
    permuted: float


@dataclass(frozen=True, slots=True)
class Power:
    """Shares of series with a step of `size` in which one is named; of the named ones, how near the place is."""

    noise: str
    runs: int
    size: float
    alone: float
    family: float
    right: float
    near: float


def alarms(noise: str, runs: int, series: int, permuted: int) -> Alarms:
    """The false alarms of so many simulated series; `permuted` of them are given to the permutation test, too."""
    random = np.random.default_rng((1, runs, round(100 * NOISES[noise])))
    drawn = drifting(random, series, runs, NOISES[noise])
    p = np.array([_p(values) for values in drawn])
    families = p[: len(p) // FAMILY * FAMILY].reshape(-1, FAMILY)
    others = np.array([permutation_p(values, random) for values in drawn[:permuted]])
    shares = ((p <= LEVEL), (families.min(axis=1) * FAMILY <= ALPHA), (others <= LEVEL))
    return Alarms(noise, runs, *(float(one.mean()) for one in shares))


def power(noise: str, runs: int, size: float, series: int) -> Power:
    """How often a step in the middle is named, and where."""
    random = np.random.default_rng((2, runs, round(size), round(100 * NOISES[noise])))
    drawn = drifting(random, series, runs, NOISES[noise])
    drawn[:, runs // 2 :] += size
    splits = [split for values in drawn if (split := likeliest(values)) is not None]
    p = np.array([split.p for split in splits])
    away = np.abs(np.array([split.place for split in splits]) - runs // 2)[p <= LEVEL]
    right, near = (float((away <= most).mean()) if len(away) else 0.0 for most in (0, 1))
    return Power(noise, runs, size, float((p <= LEVEL).mean()), float((p * FAMILY <= ALPHA).mean()), right, near)


def permutation_p(values: Array, random: np.random.Generator) -> float:
    """The p of the likeliest step by a permutation test, which supposes that neighbours are independent."""
    orders = random.permuted(np.tile(values, (PERMUTATIONS + 1, 1)), axis=1)
    orders[0] = values
    runs = len(values)
    places = np.arange(LEAST_SIDE, runs - LEAST_SIDE + 1)
    sums = np.cumsum(orders - values.mean(), axis=1)[:, places - 1]
    largest = (sums**2 / (places * (runs - places))).max(axis=1)  # t grows with it, as the whole variance is the same
    return float((largest >= largest[0] * (1 - 1e-12)).mean())


def page(series: int) -> str:
    """The tables, with so many series for each row."""
    without = [alarms(noise, runs, RARE * series, PERMUTED) for noise in NOISES for runs in RUNS]
    having = [power(noise, runs, size, series) for noise in NOISES for runs in RUNS for size in SIZES]
    alone, family = f"one series at {tick(100 * LEVEL)} %", f"{FAMILY} series at {tick(100 * ALPHA)} %"
    return "\n\n".join(
        (
            "### False alarms",
            f"Simulated: {count(RARE * series)} series for each row, {count(PERMUTED)} for the permutation test.",
            _table(
                ("noise", "runs", alone, f"any of {family}", f"permutation test, {alone}"),
                [(one.noise, str(one.runs), *map(percent, (one.alone, one.family, one.permuted))) for one in without],
            ),
            "### Steps that are found",
            f"Simulated: {count(series)} series for each row.",
            _table(
                ("noise", "runs", "step, SD", alone, f"one of {family}", "the right run", "or the one beside it"),
                [
                    (one.noise, str(one.runs), tick(one.size), *map(percent, (one.alone, one.family)), *_where(one))
                    for one in having
                ],
            ),
        )
    )


def _where(one: Power) -> tuple[str, str]:
    return (percent(one.right), percent(one.near)) if one.alone else ("-", "-")


def _p(values: Array) -> float:
    split = likeliest(list(values))
    return 1.0 if split is None else split.p


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return table(heads, ["---", *["---:"] * (len(heads) - 1)], rows)


def main(argv: Sequence[str]) -> int:
    """0 when the tables are written."""
    parser = argparse.ArgumentParser(prog="python -m tests.calibration.trend", description=__doc__, allow_abbrev=False)
    parser.add_argument("--series", type=int, default=10_000, metavar="N", help="for each row (default: %(default)s)")
    text = page(parser.parse_args(argv).series)
    DOCUMENT.write_text(embed(DOCUMENT.read_text(encoding="utf-8"), text, DOCUMENT.name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

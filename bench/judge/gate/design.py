"""The statistics of a comparison: of pairs by sign-flip tests, of unpaired rounds by Mann-Whitney tests."""

import math
import statistics
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from bench.judge.stats import significance
from bench.judge.stats.intervals import CONFIDENCE, mean_interval, welch_interval

Values = Sequence[float]


class Design(Protocol):
    """How values of head are compared with values of base. All values are on the scale of scale.py: larger is worse."""

    def p(self, head: Values, base: Values) -> float:
        """The one-sided p of an exact test: small where head is larger."""

    def interval(self, head: Values, base: Values, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
        """By how much head is larger: the mean, and the low and high end of its interval."""

    def deviation(self, head: Values, base: Values) -> float:
        """The standard deviation of one value (of one difference, in pairs); NaN where the values are too few."""

    def least_p(self, head: int, base: int) -> float:
        """The smallest p that so many values of head and of base can give."""

    def detectable(self, deviation: float, head: int, base: int, level: float, threshold: float) -> float:
        """The smallest true difference that so many values find to be above the threshold, with p at most `level`."""

    def needed(self, deviation: float, margin: float, level: float, least: int) -> int | None:
        """The fewest values on each side, `least` or more, that find a difference of `margin`; None: not known."""


class SignFlip:
    """Pairs: the n-th value of head belongs to the n-th of base. Sign-flip tests, Student's intervals."""

    def p(self, head: Values, base: Values) -> float:
        """The p of a sign-flip test of the differences."""
        return significance.sign_flip_p(_differences(head, base))

    def interval(self, head: Values, base: Values, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
        """The mean difference and Student's t interval."""
        return mean_interval(_differences(head, base), confidence)

    def deviation(self, head: Values, base: Values) -> float:
        """The standard deviation of one difference."""
        return float(np.std(_differences(head, base), ddof=1)) if len(head) > 1 else math.nan

    def least_p(self, head: int, base: int) -> float:
        """2 to the power of minus the number of pairs, down to a floor."""
        return significance.least_sign_flip_p(min(head, base))

    def detectable(self, deviation: float, head: int, base: int, level: float, threshold: float) -> float:
        """By the t-test of the differences."""
        return significance.detectable(deviation, min(head, base), level, threshold)

    def needed(self, deviation: float, margin: float, level: float, least: int) -> int | None:
        """By the t-test of the differences."""
        return significance.needed(deviation, margin, level, least=least)


class MannWhitney:
    """Unpaired rounds: Mann-Whitney tests, Welch's intervals."""

    def p(self, head: Values, base: Values) -> float:
        """The p of a Mann-Whitney test."""
        return significance.mann_whitney_p(head, base)

    def interval(self, head: Values, base: Values, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
        """The difference of the means and Welch's t interval."""
        return welch_interval(head, base, confidence)

    def deviation(self, head: Values, base: Values) -> float:
        """The standard deviation of one value, pooled over both sides."""
        freedom = len(head) + len(base) - 2
        if not freedom:
            return math.nan
        squares = sum(statistics.variance(side) * (len(side) - 1) for side in (head, base) if len(side) > 1)
        return math.sqrt(squares / freedom)

    def least_p(self, head: int, base: int) -> float:
        """One over the number of ways to choose head's values among all."""
        return significance.least_mann_whitney_p(head, base)

    def detectable(self, deviation: float, head: int, base: int, level: float, threshold: float) -> float:
        """By the t-test of two means."""
        return significance.detectable_unpaired(deviation, head, base, level, threshold)

    def needed(self, deviation: float, margin: float, level: float, least: int) -> int | None:
        """By the t-test of two means."""
        return significance.needed_unpaired(deviation, margin, level, least=least)


def _differences(head: Values, base: Values) -> list[float]:
    return [ours - theirs for ours, theirs in zip(head, base, strict=True)]

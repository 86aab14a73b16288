"""What the user asks of a verdict: which changes are too small to matter, and how many false alarms are accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.judge.cell.metrics import MEAN, Metric

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Gate:
    """The user's alpha, thresholds and tolerances.

    `alpha`: the chance of any false alarm over the whole family of tests. `noise`: the threshold of every metric that
    is compared by ratio; None: each metric has its own. `fail_on`: by the name of the metric, its threshold and its
    tolerance; these come before all others, and count for its plain mean too. A threshold is a fraction of 1 and
    symmetric as a factor: 0.10 means 1.10 times as much, or 1 / 1.10 of it. For a metric compared by difference it is
    that difference.
    """

    alpha: float = ALPHA
    noise: float | None = None
    fail_on: Mapping[str, float] = field(default_factory=dict)

    def asked(self, metric: Metric) -> float | None:
        """The threshold that was asked for by name, or for every ratio; None: that of the metric holds."""
        of_all = None if metric.compared_by == "difference" else self.noise
        named = self._named(metric)
        return of_all if named is None else named

    def threshold(self, metric: Metric) -> float:
        """The smallest change of the metric that matters, in either direction."""
        asked = self.asked(metric)
        return metric.noise if asked is None else asked

    def tolerance(self, metric: Metric) -> float:
        """A change for the worse of less than this passes. It is no smaller than the threshold."""
        named = self._named(metric)
        return max(metric.tolerance, self.threshold(metric)) if named is None else named

    def _named(self, metric: Metric) -> float | None:
        return self.fail_on.get(metric.name, self.fail_on.get(metric.name.removesuffix(MEAN)))

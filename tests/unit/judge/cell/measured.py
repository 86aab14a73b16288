"""What tests ask of any measurement, of a plain cell's and of either side of an A/B."""

from bench.judge.cell.metrics import UNPAIRED
from bench.model.cell import Measurement

EVERY_METRIC = set(UNPAIRED)


def problem_names(one: Measurement) -> list[str]:
    return [problem.name for problem in one.problems]


def reliable(one: Measurement) -> set[str]:
    """The metrics that the measurement has a reliable value of."""
    return {name for name, metric in UNPAIRED.items() if metric.value(one) is not None}

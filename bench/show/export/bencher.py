"""Bencher Metric Format: for each benchmark its measures, and for each measure its value and the ends of its interval.

Source: https://bencher.dev/docs/reference/bencher-metric-format/ with the JSON Schema https://bencher.dev/bmf.json.
"""

import re
from collections.abc import Mapping, Sequence

from bench.model.run import Run
from bench.show.export.figures import Measure, Reported
from bench.show.text.json import json_text

FILE = "bencher.json"
UNITS: Mapping[str, str] = {"requests/s": "", "s": "-seconds", "bytes": "-bytes", "1": ""}
"""What the name of a measure ends with: Bencher makes it at its first use, and its own `latency` is in nanoseconds."""


def texts(figures: Sequence[Reported], _run: Run) -> Mapping[str, str]:
    """The text of the file by its name."""
    benchmarks: dict[str, dict[str, dict[str, float]]] = {}
    for one in figures:
        ends = {"lower_value": one.found.low, "upper_value": one.found.high}
        known = {name: value for name, value in ends.items() if value is not None}
        benchmarks.setdefault(str(one.place), {})[slug(one.measure)] = {"value": one.found.mean, **known}
    return {FILE: json_text(benchmarks)}


def slug(measure: Measure) -> str:
    """The measure as Bencher's slug: `p95-at-saturation-seconds`. Throughput is one of its built-in measures."""
    return re.sub(r"[^a-z0-9]+", "-", measure.title.lower()) + UNITS[measure.unit]

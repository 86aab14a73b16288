"""JSON for github-action-benchmark: one file of the figures where more is better, one of those where less is.

Each is a list of objects with name, value, unit, range and extra; the unit, range and extra are text. Source:
`BenchmarkResult` and `extractCustomBenchmarkResult` in src/extract.ts of benchmark-action/github-action-benchmark.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.model.run import Run
from bench.show.export.figures import Reported
from bench.show.text.json import json_text
from bench.show.text.words import plural

FILES: Mapping[str, str] = {"higher": "bigger-is-better.json", "lower": "smaller-is-better.json"}
"""The file of each direction: the tools `customBiggerIsBetter` and `customSmallerIsBetter`."""


def texts(figures: Sequence[Reported], run: Run) -> Mapping[str, str]:
    """The text of each file by its name. A file of no figures has an empty list."""
    return {
        name: json_text([_entry(one, run) for one in figures if one.measure.better == better])
        for better, name in FILES.items()
    }


def _entry(one: Reported, run: Run) -> dict[str, Any]:
    found = one.found
    around = {} if found.low is None or found.high is None else {"range": f"{found.low!r} to {found.high!r}"}
    rounds = ", ".join(map(repr, found.values))
    interval = "range: 95 % confidence interval\n" if around else ""
    return {
        "name": f"{one.place}: {one.measure.title}",
        "value": found.mean,
        "unit": one.measure.unit,
        **around,
        "extra": f"{interval}{plural(len(found.values), 'round')}: {rounds}\nrun: {run.id}",
    }

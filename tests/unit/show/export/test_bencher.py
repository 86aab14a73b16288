"""What Bencher is given, held against the JSON Schema of its format: https://bencher.dev/bmf.json.

Its page https://bencher.dev/docs/reference/bencher-metric-format/ adds the longest names.
"""

import json
import re

from jsonschema import validate

from bench.show.export import bencher
from bench.show.export.figures import of_run, of_sides

from .made_up import of_cells, reference, stored, three

NUMBER = {"type": "number"}
METRIC = {
    "type": "object",
    "properties": {"value": NUMBER, "lower_value": NUMBER, "upper_value": NUMBER},
    "required": ["value"],
    "additionalProperties": False,
}
SCHEMA = {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": METRIC}}


def test_each_figure_of_the_reference_run_is_a_metric_with_its_interval() -> None:
    run = reference()
    figures = of_run(run).reported
    found = json.loads(bencher.texts(figures, run)["bencher.json"])
    validate(found, SCHEMA)
    assert sum(map(len, found.values())) == len(figures)
    for each in figures:
        metric = found[str(each.place)][bencher.slug(each.measure)]
        assert metric["value"] == each.found.mean
        assert (metric.get("lower_value"), metric.get("upper_value")) == (each.found.low, each.found.high)
    assert found["flask-sync, weather, P95 within 200 ms (Poisson)"]["capacity"]["lower_value"] > 0


def test_names_are_as_bencher_takes_them_and_say_the_unit() -> None:
    run = reference()
    found = json.loads(bencher.texts(of_run(run).reported, run)["bencher.json"])
    assert all(len(name) <= 1024 for name in found)
    slugs = {slug for measures in found.values() for slug in measures}
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) and len(slug) <= 64 for slug in slugs)
    assert slugs == {
        "throughput", "capacity", "p50-at-saturation-seconds", "p95-at-saturation-seconds",
        "p99-at-saturation-seconds", "maximum-at-saturation-seconds", "memory-bytes", "cpu-per-request-seconds",
    }  # fmt: skip


def test_what_has_no_interval_has_no_ends() -> None:
    run = of_cells(three("flask")[0])
    found = json.loads(bencher.texts(of_run(run).reported, run)["bencher.json"])
    assert found["flask, weather, 10 users (closed-loop)"]["p95-at-saturation-seconds"] == {"value": 0.1}
    session = stored("slower")
    for side in of_sides(session):
        validate(json.loads(bencher.texts(side.reported, session)["bencher.json"]), SCHEMA)

"""What github-action-benchmark is given, held against the rules of its `extractCustomBenchmarkResult`.

It reads a list of objects with name, value, unit, range and extra (`BenchmarkResult` in its src/extract.ts), refuses an
empty one, and looks an earlier figure up by its name (`findAlerts` in src/write.ts).
"""

import json
from typing import Any

from jsonschema import validate

from bench.show.export import gha
from bench.show.export.figures import of_run

from .made_up import of_cells, reference, three, with_searches

SCHEMA = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["name", "value", "unit"],
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "value": {"type": "number"},
            "unit": {"type": "string", "minLength": 1},
            "range": {"type": "string"},
            "extra": {"type": "string"},
        },
        "additionalProperties": False,
    },
}


def test_each_figure_of_the_reference_run_is_in_the_file_of_its_direction_as_it_is() -> None:
    run = reference()
    figures = of_run(run)
    found: dict[str, Any] = {name: json.loads(text) for name, text in gha.texts(figures.reported, run).items()}
    assert list(found) == ["bigger-is-better.json", "smaller-is-better.json"]
    for name, better in (("bigger-is-better.json", "higher"), ("smaller-is-better.json", "lower")):
        validate(found[name], SCHEMA)
        names = [entry["name"] for entry in found[name]]
        assert len(set(names)) == len(names)
        assert [(entry["value"], entry["unit"]) for entry in found[name]] == [
            (each.found.mean, each.measure.unit) for each in figures.reported if each.measure.better == better
        ]
    capacities = [entry for entry in found["bigger-is-better.json"] if entry["name"].endswith(": capacity")]
    assert len(capacities) == 6
    assert not any("fastapi-httpx," in entry["name"] and "P95" in entry["name"] for entry in found[name])


def test_the_interval_and_the_rounds_read_back_exactly() -> None:
    run = with_searches(of_cells(*three("flask")))
    figures = of_run(run).reported
    entries = json.loads(gha.texts(figures, run)["smaller-is-better.json"])
    p95, entry = next(
        (each, entry)
        for each in figures
        for entry in entries
        if each.measure.name == "p95" and entry["name"] == "flask, weather, 10 users (closed-loop): P95 at saturation"
    )
    assert tuple(map(float, entry["range"].split(" to "))) == (p95.found.low, p95.found.high)
    _, rounds, named = entry["extra"].split("\n")
    assert rounds == "3 rounds: 0.1, 0.2, 0.3"
    assert named == f"run: {run.id}"


def test_a_single_round_has_no_range() -> None:
    run = of_cells(three("flask")[0])
    for text in gha.texts(of_run(run).reported, run).values():
        assert all("range" not in entry and "confidence" not in entry["extra"] for entry in json.loads(text))

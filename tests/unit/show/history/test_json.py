"""A trend as JSON."""

import json

from bench.judge.history.trend import trend
from bench.show.history.json import figures
from tests.unit.judge.history.made_up import STEP, nights


def test_the_json_has_every_series_with_its_points_levels_and_steps() -> None:
    found = json.loads(figures(trend(nights(STEP, other_from=8), 0.05)))
    assert (found["version"], found["alpha"], found["least_runs"]) == (1, 0.05, 5)
    assert [run["id"] for run in found["runs"]][:2] == ["night-01", "night-02"]
    assert [change["run"] for change in found["machine_changes"]] == [8]
    assert len(found["series"]) == 13
    first = found["series"][0]
    assert (first["part"], first["stack"], first["against"], first["metric"], first["unit"]) == (
        "ratios", "fastapi", "flask", "capacity", "1",
    )  # fmt: skip
    assert first["under"]["objective"] == {"percentile": "p95", "limit_s": 0.2, "failures": 0.01}
    assert [point["run"] for point in first["points"]] == list(range(12))
    assert first["points"][0]["low"] is not None
    assert [(level["from"], level["to"]) for level in first["levels"]] == [(0, 5), (6, 11)]
    assert [(step["before"], step["run"], step["by_machine"]) for step in first["steps"]] == [(5, 6, False)]
    assert {one["against"] for one in found["series"] if one["part"] != "ratios"} == {None}
    assert found["left_out"] == []


def test_what_is_not_known_is_null() -> None:
    found = json.loads(figures(trend(nights(STEP[:3], STEP[:3]), 0.05)))
    assert {one["detectable"] for one in found["series"]} == {None}

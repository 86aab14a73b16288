"""A trend with all its numbers as JSON: base units, and null where there is no number."""

from dataclasses import asdict
from typing import Any

from bench.judge.history.series import Subject
from bench.judge.history.steps import DRIFT, LEAST_SIDE, LEAST_VALUES
from bench.judge.history.trend import Followed, Trend
from bench.show.text.json import json_text
from bench.show.text.steps import unit

VERSION = 1
"""Raised by every change that breaks a reader: a key renamed, removed or given another meaning."""


def figures(found: Trend) -> str:
    """The JSON text. Runs are named by their places in `runs`, from 0."""
    whole = {
        "version": VERSION,
        "alpha": found.alpha,
        "least_runs": LEAST_VALUES,
        "least_runs_each_side": LEAST_SIDE,
        "drift": DRIFT,
        "runs": [
            {"id": run.id, "started": run.started, "commit": run.commit, "dirty": run.dirty} for run in found.runs
        ],
        "machine_changes": [asdict(one) for one in found.changes],
        "series": [_series(one) for one in found.followed],
        "left_out": [{"run": one.run, **_subject(one.subject), "why": one.why} for one in found.left_out],
    }
    return json_text(whole)


def _subject(subject: Subject) -> dict[str, Any]:
    ratio = subject.part == "ratios"
    return {
        "part": subject.part,
        "scenario": subject.scenario,
        "stack": subject.stack,
        "against": subject.against if ratio else None,
        "metric": subject.metric,
        "unit": "1" if ratio else unit(subject),
        "under": asdict(subject.under),
    }


def _series(one: Followed) -> dict[str, Any]:
    return {
        **_subject(one.subject),
        "reconnected": one.reconnected,
        "points": [
            {"run": point.run, "mean": point.found.mean, "low": point.found.low, "high": point.found.high}
            for point in one.points
        ],
        "levels": [
            {"from": one.points[level.first].run, "to": one.points[level.last].run, "mean": level.mean}
            for level in one.levels
        ],
        "steps": [asdict(step) for step in one.steps],
        "scatter": one.scatter,
        "detectable": one.detectable,
    }

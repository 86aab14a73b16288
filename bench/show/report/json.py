"""A run's answer and all its figures as JSON: base units, and null where there is no number."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bench.judge.capacity.crossover import Crossover, crossovers
from bench.judge.capacity.grid import COMMON_RPS
from bench.judge.capacity.rows import CapacityRatio, CapacityRow, capacity_ratios, capacity_rows
from bench.judge.cell.metrics import FIGURES, Metric
from bench.judge.cell.wrong_answers import first_of_each
from bench.judge.stacks.companions import Cost, costs
from bench.judge.stacks.failures import Failures
from bench.judge.stacks.mixes import RouteRow, route_rows
from bench.judge.stacks.ratios import Ratio
from bench.judge.stacks.rows import Row
from bench.judge.stats.intervals import Estimate
from bench.model.run import Run
from bench.show.report.answer import answer
from bench.show.text.json import json_text

VERSION = 2
"""Raised by every change that breaks a reader: a key renamed, removed or given another meaning."""


def figures(run: Run, rows: Sequence[Row], ratios: Sequence[Ratio]) -> str:
    """The JSON text. A single round has null for its interval; an unreliable figure is null, with its reason."""
    told = answer(run, rows, ratios)
    return json_text(
        {
            "version": VERSION,
            "run": run.id,
            "started": run.started,
            "commit": run.commit,
            "dirty": run.dirty,
            "machine": asdict(run.machine),
            "answer": told.sentences,
            "limits": told.limits,
            "notes": run.notes,
            "wrong_answers": [
                {"stack": one.stack, "scenario": one.scenario, **asdict(one.answer)} for one in first_of_each(run.cells)
            ],
            "metrics": [
                {"name": metric.name, "title": metric.title, "unit": metric.unit, "better": metric.better}
                for metric in FIGURES
            ],
            "rows": [_row(row) for row in rows],
            "capacities": [_capacity(row) for row in capacity_rows(run)],
            "capacity_ratios": [
                {
                    **_where(one),
                    "stack": one.stack,
                    "against": one.against,
                    **_estimate(one.estimate),
                    "bound": one.bound,
                }
                for one in capacity_ratios(run.searches, run.config)
            ],
            "crossovers": [_crossover(one) for one in crossovers(run.searches, run.config)],
            "routes": [_route(row) for row in route_rows(run.cells, run.config)],
            "companions": [_cost(one) for one in costs(run.cells, run.config)],
            "ratios": [
                {
                    "scenario": one.scenario,
                    "load": asdict(one.load),
                    "stack": one.stack,
                    "against": one.against,
                    "metric": one.metric,
                    **_estimate(one.estimate),
                    "direction": one.direction,
                    "failures": [_failures(each) for each in one.failures],
                    "reconnected": one.reconnected,
                }
                for one in ratios
            ],
        }
    )


def _row(row: Row) -> dict[str, Any]:
    return {
        "stack": row.stack,
        "scenario": row.scenario,
        "load": asdict(row.load),
        "rounds": row.rounds,
        "outcomes": row.outcomes,
        "bottlenecks": {limit: row.bottlenecks[limit] for limit in row.limits},
        "slots_rps": row.slots_rps,
        "figures": {
            metric.name: _figure(metric, row.estimates[metric.name]) if metric.name in row.estimates else None
            for metric in FIGURES
        },
        "requests": {"asked": row.asked, "failed": row.failed, "share": row.failed_share},
        "unreliable": {name: asdict(seen) for name, seen in row.voids.items()},
        "problems": [asdict(seen) for seen in row.problems],
        "failures": None if row.failures is None else _failures(row.failures),
        "connections": row.connections,
    }


def _capacity(row: CapacityRow) -> dict[str, Any]:
    figures = {
        name: getattr(row, name)
        for name in (
            "rate_rps",
            "per_core_rps",
            "per_gib_rps",
            "cores",
            "s_per_request",
            "memory_bytes",
            "common_s_per_request",
        )
    }
    return {
        "stack": row.stack,
        **_where(row),
        "rounds": row.rounds,
        "endings": row.endings,
        "why": row.why,
        "at_least": row.at_least,
        "harmed_rounds": row.harmed,
        **{name: None if found is None else _estimate(found) for name, found in figures.items()},
        "p95_s": {str(share): _estimate(found) for share, found in row.p95_s.items()},
        "common_rps": COMMON_RPS,
        "common_achieved": row.common_achieved,
    }


def _crossover(one: Crossover) -> dict[str, Any]:
    return {
        **_where(one),
        "stack": one.stack,
        "against": one.against,
        "metric": one.metric.name,
        "rates": [{"rate_rps": each.rate_rps, **_estimate(each.estimate), "ahead": each.ahead} for each in one.rates],
        "ahead": [asdict(lead) for lead in one.leads],
    }


def _where(one: CapacityRow | CapacityRatio | Crossover) -> dict[str, Any]:
    return {"scenario": one.scenario, "objective": asdict(one.sought.objective), "arrivals": one.sought.arrivals}


def _route(row: RouteRow) -> dict[str, Any]:
    latencies = {name: getattr(row, name) for name in ("p50", "p95", "p99")}
    return {
        "stack": row.stack,
        "scenario": row.scenario,
        "load": asdict(row.load),
        "request": row.name,
        "asked": row.asked,
        "failed": row.failed,
        **{name: None if found is None else _estimate(found) for name, found in latencies.items()},
    }


def _cost(one: Cost) -> dict[str, Any]:
    parts = {name: getattr(one, name) for name in ("cores", "s_per_request", "memory_bytes")}
    return {
        "stack": one.stack,
        "scenario": one.scenario,
        "load": asdict(one.load),
        "part": one.name,
        **{name: None if found is None else _estimate(found) for name, found in parts.items()},
    }


def _failures(one: Failures) -> dict[str, Any]:
    return {**asdict(one), "share": one.share, "by_error": dict(one.by_error)}


def _figure(metric: Metric, found: Estimate) -> dict[str, Any]:
    """The figure with its rounds: what is no mean is not called one."""
    if metric.joined == "largest":
        return {"largest": found.mean, "rounds": found.values}
    return _estimate(found)


def _estimate(found: Estimate) -> dict[str, Any]:
    return {"mean": found.mean, "low": found.low, "high": found.high, "rounds": found.values}

"""A verdict with all its numbers as JSON: base units, and null where there is no number."""

from dataclasses import asdict
from typing import Any

from bench.judge.gate.verdict import Finding, Judgement
from bench.model.cell import SIDES
from bench.show.text.json import json_text
from bench.show.verdict.words import headline, why

VERSION = 2
"""Raised by every change that breaks a reader: a key renamed, removed or given another meaning."""


def figures(judgement: Judgement) -> str:
    """The JSON text. Changes are fractions of 1 where compared by ratio, else differences in the metric's unit."""
    return json_text(_whole(judgement))


def _whole(judgement: Judgement) -> dict[str, Any]:
    return {
        "version": VERSION,
        "verdict": judgement.verdict,
        "exit_code": judgement.exit_code,
        "headline": headline(judgement),
        "why": why(judgement),
        "paired": judgement.unit == "restart",
        "alpha": judgement.gate.alpha,
        "level": judgement.alpha,
        "looks": judgement.looks,
        "decided_after": judgement.decided,
        "unchanged": judgement.unchanged,
        "family": judgement.family,
        "base": asdict(judgement.base),
        "head": asdict(judgement.head),
        "identical_code": judgement.identical,
        "controls": judgement.controls,
        "control_moved": judgement.moved,
        "findings": [_finding(one, gated=True) for one in judgement.findings]
        + [_finding(one, gated=True) for one in judgement.counted]
        + [_finding(one, gated=False) for one in judgement.ungated],
        "differences": [asdict(one) for one in judgement.differences],
        "notes": judgement.notes,
        "wrong_answers": [
            {"side": side, "stack": one.stack, "scenario": one.scenario, **asdict(one.answer)}
            for side, given in zip(SIDES, judgement.wrong_answers, strict=True)
            for one in given
        ],
    }


def _finding(one: Finding, *, gated: bool) -> dict[str, Any]:
    base, head = one.rounds
    return {
        "stack": one.stack,
        "scenario": one.scenario,
        "load": asdict(one.load),
        "metric": one.metric.name,
        "unit": one.metric.unit,
        "better": one.metric.better,
        "compared_by": one.metric.compared_by,
        "gated": gated,
        "control": one.control,
        "verdict": one.verdict,
        "base": one.base,
        "head": one.head,
        "change": None if one.change is None else asdict(one.change),
        "p_adjusted": one.p,
        "threshold": one.threshold,
        "tolerance": one.tolerance,
        "at_most": one.at_most,
        "rounds": {"base": base, "head": head},
        "detectable": one.detectable,
        "needed": one.needed,
        "because": one.because,
        "left_out": one.left_out,
        "beside": [asdict(other) for other in one.beside],
    }

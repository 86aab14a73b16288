"""Counted instructions with all numbers as JSON."""

from dataclasses import asdict
from typing import Any

from bench.judge.instructions.changes import Changes, Counts
from bench.model.instructions import Counted
from bench.show.instructions.document import headline, why
from bench.show.text.json import json_text

VERSION = 1
"""Raised by every change that breaks a reader: a key renamed, removed or given another meaning."""


def counts_json(counts: Counts) -> str:
    """The JSON text of one side."""
    return json_text({"version": VERSION, "counted": [_counted(one) for one in counts.counted]})


def changes_json(changes: Changes) -> str:
    """The JSON text of a comparison. Changes and gates are fractions of base."""
    sides = {name: side.revision for name, side in (("base", changes.base), ("head", changes.head))}
    return json_text(
        {
            "version": VERSION,
            "verdict": changes.verdict,
            "exit_code": changes.exit_code,
            "headline": headline(changes),
            "why": why(changes),
            **{name: None if revision is None else asdict(revision) for name, revision in sides.items()},
            "changes": [
                {
                    "stack": one.base.stack,
                    "scenario": one.base.scenario,
                    "users": one.base.users,
                    "requests": one.base.requests,
                    "instructions": {"base": one.base.instructions, "head": one.head.instructions},
                    "again": [{"base": base.instructions, "head": head.instructions} for base, head in one.pair.again],
                    "change": one.relative,
                    "gate": one.gate,
                    "verdict": one.verdict,
                }
                for one in changes.changes
            ],
        }
    )


def _counted(one: Counted) -> dict[str, Any]:
    return {**asdict(one), "per_request": one.per_request}

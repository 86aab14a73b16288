"""Runs of this schema that were recorded before its last additions."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bench.model.requests import MIX, Asked, Expect, Request

_LOCUSTFILE = "loadtests/get.py"


def brought_up(run: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object of a run; a scenario that has a path asks for it, and a search has its parts."""
    config = run["config"]
    scenarios = {name: _scenario(one) for name, one in config["scenarios"].items()}
    searches = [_search(one) for one in run.get("searches", ())]
    return {**run, "config": {**config, "scenarios": scenarios}, "searches": searches}


def _search(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """Long windows confirmed what a search had found, before the rate was the mean of all windows that settled it."""
    steps = [_step(step) for step in one["steps"]]
    return {**{key: value for key, value in one.items() if key != "above_rps"}, "steps": steps}


def _step(step: Mapping[str, Any]) -> Mapping[str, Any]:
    if "confirms" not in step:
        return step
    kept = {key: value for key, value in step.items() if key != "confirms"}
    return {**kept, "part": "settle" if step["confirms"] else "bracket"}


def _scenario(one: Mapping[str, Any]) -> Mapping[str, Any]:
    if "asked" in one or one["locustfile"] != _LOCUSTFILE:
        return one
    path, text = one["path"] or "/", one["body"]
    expect = None if text is None else Expect(text=text)
    request = Request(f"GET {path}", "GET", path, status=(one["status"],), expect=expect)
    return {**one, "locustfile": MIX, "asked": asdict(Asked((request,)))}

"""Runs of this schema that were recorded before a scenario could ask for more than GET of one path."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bench.model.requests import MIX, Asked, Expect, Request

_LOCUSTFILE = "loadtests/get.py"


def requests_of(run: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object of a run; a scenario that has a path asks for it."""
    config = run["config"]
    scenarios = {name: _scenario(one) for name, one in config["scenarios"].items()}
    return {**run, "config": {**config, "scenarios": scenarios}}


def _scenario(one: Mapping[str, Any]) -> Mapping[str, Any]:
    if "asked" in one or one["locustfile"] != _LOCUSTFILE:
        return one
    path, text = one["path"] or "/", one["body"]
    expect = None if text is None else Expect(text=text)
    request = Request(f"GET {path}", "GET", path, status=(one["status"],), expect=expect)
    return {**one, "locustfile": MIX, "asked": asdict(Asked((request,)))}

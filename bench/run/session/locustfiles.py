"""Locustfiles, looked at before anything is measured: whose users they have, and whether they can be measured."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import PurePath

from bench.errors import BenchError
from bench.model.config import Closed, Plan, Scenario
from bench.places import SHIPPED
from bench.run.cell.load import importing, python

OWN = PurePath("loadtests")
"""The folder of the locustfiles that are known already."""

LONGEST_S = 60.0
TAIL_LINES = 3


def inspected(plan: Plan, *, ab: bool = False) -> Plan:
    """The plan, in which each scenario has the client that its locustfile's users send by.

    Raises BenchError where a locustfile cannot be imported or measured, or not under the loads of the plan; `ab`: or
    not in an A/B.
    """
    scenarios = {name: _inspected(scenario) for name, scenario in plan.scenarios.items()}
    for name, scenario in scenarios.items():
        if scenario.client == "locust":
            _refuse(plan, name, scenario, ab=ab)
    return replace(plan, scenarios=scenarios)


def _inspected(scenario: Scenario) -> Scenario:
    if scenario.asked is not None or PurePath(scenario.locustfile).parent == OWN:
        return scenario
    file = SHIPPED / scenario.locustfile
    argv = (*python("loadtests.engine.inspection"), str(file), *scenario.locust_args)
    where = f"scenarios.{scenario.name}.locustfile: {file.name}"
    try:
        done = subprocess.run(
            argv, cwd=file.parent, env={**os.environ, **importing()}, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", timeout=LONGEST_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BenchError(
            f"{where} was not imported within {LONGEST_S:g} s: what takes long belongs into on_start"
        ) from None
    said = _said(done.stdout) if not done.returncode else None
    if said is None:
        last = "\n".join(f"    {line}" for line in done.stderr.strip().splitlines()[-TAIL_LINES:])
        raise BenchError(f"{where} cannot be imported by Locust (exit code {done.returncode}):\n{last}")
    client, refused = said
    if refused:
        raise BenchError(f"scenarios.{scenario.name}: {refused}")
    return replace(scenario, client="locust" if client == "locust" else "lean")


def _said(printed: str) -> tuple[str, str] | None:
    """(client, why it is refused), as the last line says; None where it says nothing of the kind."""
    try:
        said = json.loads(printed.splitlines()[-1])
        return str(said["client"]), str(said["refused"])
    except (ValueError, LookupError, TypeError):
        return None


def _refuse(plan: Plan, name: str, scenario: Scenario, *, ab: bool) -> None:
    """Raise BenchError where the users of a locustfile cannot give what is wanted."""
    why = f"scenarios.{name}: the users of {PurePath(scenario.locustfile).name} send when their tasks say so"
    way_out = "write the requests into `requests` of the scenario's table (docs/requests.md)"
    if ab:
        raise BenchError(f"{why}, and `bench ab` lets base and head take turns: {way_out}")
    if not all(isinstance(load, Closed) for load in plan.profile.loads[name]):
        raise BenchError(f"{why}, so no arrival rate can be kept: give --users, or {way_out}")
    if scenario.connection == "close":
        raise BenchError(f"{why}, over connections of their own: remove `connection`, or {way_out}")

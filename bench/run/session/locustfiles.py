"""Locustfiles, looked at before anything is measured: whose users they have, and whether they can be measured."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from bench.errors import BenchError
from bench.model.config import Closed, Plan, Scenario
from bench.places import SHIPPED
from bench.run.cell.load import importing, python
from bench.run.host.process import Program
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest

OWN = PurePath("loadtests")
"""The folder of the locustfiles that are known already."""

LONGEST_S = 60.0
TAIL_LINES = 3


def inspected(plan: Plan, stop: StopRequest, *, ab: bool = False) -> Plan:
    """The plan, in which each scenario has the client that its locustfile's users send by.

    Raises BenchError where a locustfile cannot be imported or measured, or not under the loads of the plan; `ab`: or
    not in an A/B.
    """
    scenarios = {name: _inspected(scenario, stop) for name, scenario in plan.scenarios.items()}
    for name, scenario in scenarios.items():
        if scenario.client == "locust":
            _refuse(plan, name, scenario, ab=ab)
    return replace(plan, scenarios=scenarios)


def _inspected(scenario: Scenario, stop: StopRequest) -> Scenario:
    if scenario.asked is not None or PurePath(scenario.locustfile).parent == OWN:
        return scenario
    file = SHIPPED / scenario.locustfile
    argv = (*python("loadtests.engine.inspection"), str(file), *scenario.locust_args)
    where = f"scenarios.{scenario.name}.locustfile: {file.name}"
    code, out, err = _run(argv, file.parent, where, stop)
    said = _said(out)
    if said is None:
        last = "\n".join(f"    {line}" for line in err.strip().splitlines()[-TAIL_LINES:])
        raise BenchError(f"{where} cannot be imported by Locust (exit code {code}):\n{last}")
    client, refused = said
    if refused:
        raise BenchError(f"scenarios.{scenario.name}: {refused}")
    return replace(scenario, client="locust" if client == "locust" else "lean")


def _run(argv: Sequence[str], cwd: Path, where: str, stop: StopRequest) -> tuple[int, str, str]:
    """(exit code, what it wrote, its log) of the inspection."""
    with scratch_folder() as folder:
        log, out = folder / "log.txt", folder / "inspected.json"
        env = {**importing(), "INSPECTED": str(out)}
        with Program(f"the inspection of {where}", argv, env=env, cwd=cwd, cpus=(), log=log) as program:
            code = program.ended(LONGEST_S, stop)
            if code is None:
                raise BenchError(
                    f"{where} was not imported within {LONGEST_S:g} s: what takes long belongs into on_start"
                )
        said = out.read_text(encoding="utf-8") if out.exists() else ""
        return code, said, log.read_text(encoding="utf-8", errors="replace")


def _said(written: str) -> tuple[str, str] | None:
    """(client, why it is refused), as the inspection says; None where it says nothing of the kind."""
    try:
        said = json.loads(written)
        return str(said["client"]), str(said["refused"])
    except (ValueError, LookupError, TypeError):
        return None


def _refuse(plan: Plan, name: str, scenario: Scenario, *, ab: bool) -> None:
    """Raise BenchError where the users of a locustfile cannot give what is wanted."""
    why = f"scenarios.{name}: the users of {PurePath(scenario.locustfile).name} send when their tasks say so"
    way_out = "write the requests into `requests` of the scenario's table (docs/requests.md)"
    if ab:
        raise BenchError(f"{why}, and `bench ab` lets base and head take turns: {way_out}")
    searched = name in plan.profile.sought
    if searched or not all(isinstance(load, Closed) for load in plan.profile.loads[name]):
        raise BenchError(f"{why}, so no arrival rate can be kept: give --users, or {way_out}")
    if scenario.connection == "close":
        raise BenchError(f"{why}, over connections of their own: remove `connection`, or {way_out}")

"""The requests of scenarios and whether answers are right, as loadtests/engine/asking.py tells it."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from bench.errors import BenchError
from bench.model.config import Scenario
from bench.places import SHIPPED
from bench.run.cell.load import importing, python
from bench.run.host.process import Program
from bench.run.host.scratch import scratch_folder
from bench.run.host.signals import StopRequest
from bench.run.testbed.inprocess import Answer

LONGEST_S = 60.0

Scenarios = Mapping[str, Scenario]


def requests_of(scenarios: Scenarios, stop: StopRequest) -> dict[str, Mapping[str, Any]]:
    """The one request of each scenario. Raises BenchError where a scenario does not repeat one."""
    said = _said(scenarios, (), stop)
    for name, why in said["refused"].items():
        raise BenchError(f"scenarios.{name} cannot be counted: {why}, or choose other --scenarios")
    requests: dict[str, Mapping[str, Any]] = said["requests"]
    return requests


def wrong_ones(scenarios: Scenarios, answers: Iterable[tuple[str, Answer]], stop: StopRequest) -> list[str]:
    """For each scenario with an answer to its request what is wrong with the answer; empty where it is right."""
    wrong: list[str] = _said(scenarios, answers, stop)["wrong"]
    return wrong


def _said(scenarios: Scenarios, answers: Iterable[tuple[str, Answer]], stop: StopRequest) -> dict[str, Any]:
    asked = {
        "scenarios": {
            name: {
                "locustfile": str(SHIPPED / scenario.locustfile),
                "asked": None if scenario.asked is None else asdict(scenario.asked),
            }
            for name, scenario in scenarios.items()
        },
        "answers": [
            {"scenario": name, "status": answer.status, "body": base64.b64encode(answer.body).decode()}
            for name, answer in answers
        ],
    }
    with scratch_folder() as folder:
        file, output, log = folder / "asked.json", folder / "said.json", folder / "log.txt"
        file.write_text(json.dumps(asked), encoding="utf-8")
        argv = (*python("loadtests.engine.asking"), str(file), str(output))
        with Program("the scenarios", argv, env=importing(), cwd=SHIPPED, cpus=(), log=log) as program:
            if program.ended(LONGEST_S, stop) is None:
                raise BenchError(
                    f"the locustfiles were not imported within {LONGEST_S:g} s: what takes long belongs into on_start"
                )
        if not output.exists():
            raise BenchError(f"the locustfiles cannot be imported: {program.last_lines()}")
        said: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
        return said

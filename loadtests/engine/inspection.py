"""What kind of users a locustfile has, before anything is measured.

    INSPECTED=OUTPUT python -m loadtests.engine.inspection FILE [OPTION ...]

writes a JSON object into the file OUTPUT: `client` is "lean" where its users derive from ScenarioUser, "locust" where
they are any others; `refused` says in words why it cannot be measured, and is empty where it can.
"""

import loadtests.engine.unset  # noqa: F401, I001 (before Locust reads the environment)
import locust.argument_parser as arguments  # before all else, because importing locust patches what is imported
from locust.util.load_locustfile import load_locustfile

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from loadtests.engine.user import ScenarioUser

DECIDED = {
    "locustfile": "the scenario's `locustfile`",
    "host": "the stack",
    "num_users": "the load",
    "spawn_rate": "the load",
    "run_time": "the window",
    "stop_timeout": "the scenario's `timeout_s`",
    "headless": "the harness",
    "headful": "the harness",
    "list_commands": "the harness",
    "show_task_ratio": "the harness",
    "show_task_ratio_json": "the harness",
    "rate": "the load",
    "arrivals": "the load",
    "max_in_flight": "the load",
    "arrival_seed": "the load",
    "autostart": "the harness",
    "processes": "the harness, which drives one process,",
    "master": "the harness, which drives one process,",
    "worker": "the harness, which drives one process,",
}
"""Options of Locust that the harness decides, and by what."""


def inspected(file: str, options: Sequence[str]) -> dict[str, str]:
    """What is written of a file. Whatever it raises is raised."""
    found, shapes = load_locustfile(file)
    name = Path(file).name
    parser = arguments.get_parser(default_config_files=[])
    given, defaults = parser.parse_args(options), parser.parse_args([])
    chosen = [found[one] for one in given.user_classes if one in found] or list(found.values())
    client = "lean" if any(issubclass(one, ScenarioUser) for one in chosen) else "locust"
    return {"client": client, "refused": next(_refused(name, found, chosen, shapes, given, defaults), "")}


def _refused(
    name: str,
    found: dict[str, type[Any]],
    chosen: Sequence[type[Any]],
    shapes: Sequence[object],
    given: Any,
    defaults: Any,
) -> Iterator[str]:
    """Why the file cannot be measured."""
    if not found:
        yield f"{name} has no user class: derive one from HttpUser or FastHttpUser of Locust"
    for unknown in (one for one in given.user_classes if one not in found):
        yield f"{name} has no user class {unknown}, which `locust_args` names; it has {', '.join(found)}"
    for shape in shapes:
        yield (
            f"{name} has a load shape, {type(shape).__name__}, which is not measured: the load stays the same for "
            f"the whole of a window; remove it, and give the loads with `users` or --users"
        )
    lean = [issubclass(one, ScenarioUser) for one in chosen]
    if any(lean) and not all(lean):
        yield f"{name} has users that derive from ScenarioUser and others that do not: measure them in two scenarios"
    if not any(lean) and all(one.fixed_count for one in chosen):
        yield f"every user class of {name} has a fixed_count, so more users cannot be started: leave one class without"
    for option, whose in DECIDED.items():
        if getattr(given, option) != getattr(defaults, option):
            yield f"`locust_args` sets {option.replace('_', ' ')}, and {whose} decides that: remove it"


if __name__ == "__main__":
    Path(os.environ["INSPECTED"]).write_text(json.dumps(inspected(sys.argv[1], sys.argv[2:])), encoding="utf-8")

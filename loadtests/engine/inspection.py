"""What kind of users a locustfile has, before anything is measured.

    python -m loadtests.engine.inspection FILE [OPTION ...]

prints as its last line a JSON object: `client` is "lean" where its users derive from ScenarioUser, "locust" where they
are any others; `refused` says in words why it cannot be measured, and is empty where it can.
"""

import loadtests.engine.unset  # noqa: F401, I001 (before Locust reads the environment)
import locust.argument_parser as arguments  # before all else, because importing locust patches what is imported
from locust.util.load_locustfile import load_locustfile

import json
import sys
from collections.abc import Sequence
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
    "autostart": "the harness",
    "processes": "the harness, which drives one process,",
    "master": "the harness, which drives one process,",
    "worker": "the harness, which drives one process,",
}
"""Options of Locust that the harness decides, and by what."""


def inspected(file: str, options: Sequence[str]) -> dict[str, str]:
    """What is printed of a file. Whatever it raises is raised."""
    found, shapes = load_locustfile(file)
    name = Path(file).name
    parser = arguments.get_parser(default_config_files=[])
    given, defaults = parser.parse_args(options), parser.parse_args([])
    chosen = [found[one] for one in given.user_classes if one in found] or list(found.values())
    lean = [issubclass(one, ScenarioUser) for one in chosen]
    return {
        "client": "lean" if any(lean) else "locust",
        "refused": _refused(name, found, shapes, lean, given, defaults),
    }


def _refused(
    name: str, found: dict[str, type[Any]], shapes: Sequence[object], lean: Sequence[bool], given: Any, defaults: Any
) -> str:
    if not found:
        return f"{name} has no user class: derive one from HttpUser or FastHttpUser of Locust"
    if unknown := [one for one in given.user_classes if one not in found]:
        return f"{name} has no user class {unknown[0]}, which `locust_args` names; it has {', '.join(found)}"
    if shapes:
        return (
            f"{name} has a load shape, {type(shapes[0]).__name__}, which is not measured: the load stays the same for "
            f"the whole of a window; remove it, and give the loads with `users` or --users"
        )
    if any(lean) and not all(lean):
        return f"{name} has users that derive from ScenarioUser and others that do not: measure them in two scenarios"
    for option, whose in DECIDED.items():
        if getattr(given, option) != getattr(defaults, option):
            return f"`locust_args` sets {option.replace('_', ' ')}, and {whose} decides that: remove it"
    return ""


if __name__ == "__main__":
    print(json.dumps(inspected(sys.argv[1], sys.argv[2:])))

"""The requests of scenarios as data, and whether answers to them are right, for who sends them without Locust.

    python -m loadtests.engine.asking ASKED OUTPUT

Both are JSON files. ASKED: `scenarios`, by name with the file of each in `locustfile` and its table in `asked`
(`asked_of` of loadtests/engine/asked.py takes it), or null; and `answers`, each with `scenario`, `status` and `body`.
OUTPUT: `requests`, by scenario; `refused`, by scenario why it cannot be sent so; and `wrong`, for each answer what is
wrong with it, or an empty text. Bodies are in base64.
"""

import loadtests.engine.unset  # noqa: F401, I001 (before Locust reads the environment)
import locust.argument_parser  # noqa: F401 (before all else, because importing locust patches what is imported)
from locust.util.load_locustfile import load_locustfile

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadtests.engine.asked import Asked, asked_of
from loadtests.engine.requests import WITH_BODY, Request
from loadtests.engine.user import ScenarioUser


def said(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is written of these scenarios and answers."""
    requests: dict[str, Any] = {}
    refused: dict[str, str] = {}
    found: dict[str, Request] = {}
    for name, scenario in given["scenarios"].items():
        try:
            found[name] = only(_asked(scenario))
        except ValueError as error:
            refused[name] = str(error)
        else:
            requests[name] = as_data(found[name])
    wrong = [_wrong(found[one["scenario"]], one) for one in given["answers"]]
    return {"requests": requests, "refused": refused, "wrong": wrong}


def only(asked: Asked) -> Request:
    """The one request that a scenario repeats. Raises ValueError where it does something else."""
    if len(asked.requests) > 1:
        raise ValueError(f"it has {len(asked.requests)} requests, and one is repeated: write a scenario for each")
    if asked.login is not None or asked.feed is not None or asked.cookies:
        raise ValueError("it has a login, a feed or cookies, and the same request is repeated: leave them out")
    return asked.requests[0]


def as_data(request: Request) -> dict[str, Any]:
    """The request: method, target, headers, body."""
    headers = {"Host": "127.0.0.1", "Accept": "*/*"}
    headers |= {name: value.filled({}).decode() for name, value in request.headers.items()}
    body = request.body.filled({}) if request.file is None else request.file
    if body or request.method in WITH_BODY:
        headers["Content-Length"] = str(len(body))
    return {
        "method": request.method,
        "target": request.path.filled({}).decode(),
        "headers": list(headers.items()),
        "body": base64.b64encode(body).decode(),
    }


def _asked(scenario: Mapping[str, Any]) -> Asked:
    if scenario["asked"] is not None:
        return asked_of(scenario["asked"])
    found, _ = load_locustfile(scenario["locustfile"])
    users = [one for one in found.values() if issubclass(one, ScenarioUser)]
    if len(users) != 1 or len(found) != 1:
        raise ValueError("its locustfile does not have one user class that derives from ScenarioUser")
    return users[0].scenario()


def _wrong(request: Request, answer: Mapping[str, Any]) -> str:
    code = request.checked(answer["status"], base64.b64decode(answer["body"]))
    return "" if code > 0 else f"status {answer['status']} where right is {request.right(code)}"


if __name__ == "__main__":
    asked_file, output = map(Path, sys.argv[1:])
    text = json.dumps(said(json.loads(asked_file.read_text(encoding="utf-8"))))
    output.write_text(text, encoding="utf-8")

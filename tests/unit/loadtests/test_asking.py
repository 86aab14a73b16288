"""The requests of scenarios for who sends them without Locust, told by a process of its own."""

import base64
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.model.requests import Asked, Expect, Feed, Login, Request

ROOT = Path(__file__).parents[3]
MIX = str(ROOT / "loadtests/mix.py")
BUY = Request(
    "buy", "POST", "/orders", headers={"X-Me": "1"}, json={"n": 1}, status=(201,), expect=Expect(json={"ok": True})
)


def said(folder: Path, scenarios: dict[str, Any], answers: list[tuple[str, int, bytes]]) -> dict[str, Any]:
    given = {
        "scenarios": scenarios,
        "answers": [
            {"scenario": name, "status": status, "body": base64.b64encode(body).decode()}
            for name, status, body in answers
        ],
    }
    asked, output = folder / "asked.json", folder / "said.json"
    asked.write_text(json.dumps(given), encoding="utf-8")
    subprocess.run(
        (sys.executable, "-P", "-m", "loadtests.engine.asking", str(asked), str(output)),
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return found


def table(asked: Asked) -> dict[str, Any]:
    return {"locustfile": MIX, "asked": asdict(asked)}


def test_requests_are_told_and_answers_checked(tmp_path: Path) -> None:
    look = Request("look", "GET", "/")
    scenarios = {
        "weather": {"locustfile": str(ROOT / "loadtests/weather.py"), "asked": None},
        "buy": table(Asked((BUY,))),
        "mixed": table(Asked((BUY, look))),
        "known": table(Asked((look,), login=Login(look, {"token": "json:token"}))),
        "fed": table(Asked((look,), feed=Feed("x.csv", "random", ("n",), ""))),
    }
    right = b'{"city": "London", "temp_c": 1.5}'
    given = said(
        tmp_path,
        scenarios,
        [("weather", 200, right), ("weather", 200, b"{}"), ("weather", 502, right), ("buy", 201, b'{"ok": true}')],
    )
    assert given["requests"]["weather"] == {
        "method": "GET",
        "target": "/weather?city=London",
        "headers": [["Host", "127.0.0.1"], ["Accept", "*/*"]],
        "body": "",
    }
    buy = given["requests"]["buy"]
    assert (buy["method"], base64.b64decode(buy["body"])) == ("POST", b'{"n":1}')
    assert {"X-Me": "1", "Content-Type": "application/json", "Content-Length": "7"}.items() <= dict(
        buy["headers"]
    ).items()
    assert set(given["refused"]) == {"mixed", "known", "fed"}
    assert "it has 2 requests" in given["refused"]["mixed"]
    assert "login, a feed or cookies" in given["refused"]["known"]
    first, second, third, fourth = given["wrong"]
    assert (first, fourth) == ("", "")
    assert "a body that Weather.accepts takes" in second
    assert third == "status 502 where right is status 200"

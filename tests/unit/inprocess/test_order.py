"""What is called, as a file says it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from inprocess.order import Answer, Request, order_of, same, write_answers

GIVEN: dict[str, Any] = {
    "interface": "wsgi",
    "app": "json:dumps",
    "factory": False,
    "folder": "/service",
    "requests": [{"method": "POST", "target": "/a%20b/%C3%A4?n=1&m=2", "headers": [["Accept", "*/*"]], "body": "aGk="}],
    "users": 1,
    "warm_up": 2,
    "times": 3,
    "counted": False,
    "layout": 0,
    "output": "",
}


def test_an_order_is_read_from_its_file_and_answers_are_written_to_another(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(json.dumps({**GIVEN, "output": str(tmp_path / "out.json")}), encoding="utf-8")
    order = order_of(file)
    assert order.requests == (Request("POST", "/a%20b/%C3%A4?n=1&m=2", (("Accept", "*/*"),), b"hi"),)
    assert order.application() is json.dumps
    write_answers(order, [Answer(200, b"ok")])
    said = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert said == [{"status": 200, "body": base64.b64encode(b"ok").decode()}]


def test_a_path_is_decoded_as_each_interface_wants_it() -> None:
    one = Request("GET", "/a%20b/%C3%A4?n=%20", (), b"")
    assert one.path == "/a b/\u00e4"
    assert one.native_path == "/a b/\u00c3\u00a4"
    assert one.raw_path == b"/a%20b/%C3%A4"
    assert one.query == "n=%20"


def test_an_answer_of_another_status_than_the_one_before_is_an_error() -> None:
    one = Request("GET", "/", (), b"")
    assert same(None, Answer(200), one).status == 200
    with pytest.raises(RuntimeError, match="GET / was answered with 200, and later with 504"):
        same(Answer(200), Answer(504), one)

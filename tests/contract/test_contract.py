"""Every server answers every case as the table says."""

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from . import orders
from .cases import Case, cases
from .client import Answer, Connection, Request
from .servers import Server

ALL = [*cases(), *orders.cases()]
QUICK = [case for case in ALL if not case.slow]
SLOW = [case for case in ALL if case.slow]


def ask_all(connections: dict[str, Connection], request: Request) -> dict[str, Answer]:
    """Each server's answer to the same request; all work concurrently."""
    for connection in connections.values():
        connection.send(request)
    return {name: connection.receive() for name, connection in connections.items()}


def check(case: Case, answers: dict[str, Answer]) -> None:
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(answers, case.status)
    for name, answer in answers.items():
        assert answer.content_type == case.content_type, name
        assert answer.allow == case.allow, name
        assert answer.location is None, name
        assert answer.length == len(answer.body), name
        # Compared by repr, which tells 1 from 1.0 and True, and 0.0 from -0.0; == does not.
        assert repr(sorted_keys(answer.parsed)) == repr(sorted_keys(case.body)), name
    assert sizes_agree(answers)


def sizes_agree(answers: dict[str, Answer]) -> bool:
    """Whether the sizes of the bodies are within 10 %, or within two bytes if that is more."""
    sizes = [answer.length for answer in answers.values()]
    return max(sizes) <= max(math.floor(min(sizes) * 1.1), min(sizes) + 2)


def size(body: object) -> int:
    """The size in bytes of `body` as compact JSON; a service may write floats and newlines differently."""
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def sorted_keys(value: object) -> object:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value


def test_no_two_cases_have_the_same_name() -> None:
    names = [case.name for case in ALL]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_every_server_answers_as_written(case: Case, connections: dict[str, Connection]) -> None:
    check(case, ask_all(connections, case.request))


@pytest.fixture(scope="module")
def slow_answers(servers: dict[str, Server]) -> Iterator[dict[str, dict[str, Answer]]]:
    """The answers to the slow cases, by case and server: all requests are sent before any answer is read."""
    with ExitStack() as stack:
        asked = {
            case.name: {name: stack.enter_context(Connection(server.port)) for name, server in servers.items()}
            for case in SLOW
        }
        for case in SLOW:
            for connection in asked[case.name].values():
                connection.send(case.request)
        yield {
            case: {name: connection.receive() for name, connection in connections.items()}
            for case, connections in asked.items()
        }


@pytest.mark.parametrize("case", SLOW, ids=lambda case: case.name)
def test_every_server_answers_after_the_timeout_as_written(
    case: Case, slow_answers: dict[str, dict[str, Answer]]
) -> None:
    check(case, slow_answers[case.name])


def test_head_answers_as_get_without_a_body(connections: dict[str, Connection]) -> None:
    for case in QUICK:
        if case.request.method != "GET":
            continue
        heads = ask_all(connections, Request("HEAD", case.request.target, case.request.body))
        for name, head in heads.items():
            assert head.body == b"", (name, case)
            assert (head.status, head.content_type, head.allow) == (case.status, case.content_type, case.allow), (
                    name, case,
                )  # fmt: skip
            assert abs(head.length - size(case.body)) <= 2, (name, case)

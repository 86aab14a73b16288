"""How `python -m upstream` ends when it cannot start."""

import socket
import subprocess

import pytest

from bench.run.host.ports import free_port, free_ports

from .process import ROOT, TOKEN, command, environment


def called(*argv: str, token: str | None = TOKEN) -> tuple[int, str]:
    done = subprocess.run(
        argv, cwd=ROOT, env=environment(token), capture_output=True, text=True, timeout=20, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("token", [None, ""])
def test_a_missing_token_ends_it_with_2_and_names_the_variable(token: str | None) -> None:
    port, control_port = free_ports(2)
    code, said = called(*command(port, control_port), token=token)
    assert code == 2
    assert "UPSTREAM_TOKEN" in said.splitlines()[-1]


@pytest.mark.parametrize("which", [0, 1])
def test_a_taken_port_ends_it_with_1_and_one_line(which: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free, taken_port = free_port(), int(taken.getsockname()[1])
        code, said = called(*(command(taken_port, free) if which == 0 else command(free, taken_port)))
    assert code == 1
    assert said.startswith("upstream: ")
    assert "address already in use" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("argument", "wanted"),
    [
        ("--delay=wether=0.1", "the routes are weather, users, orders, reviews"),
        ("--delay=weather=slow", "write seconds (0.1) or lognormal:MEDIAN_S:SIGMA"),
        ("--delay=weather", "write seconds (0.1) or lognormal:MEDIAN_S:SIGMA"),
        ("--seed=x", "invalid int value"),
    ],
)
def test_a_bad_argument_ends_it_with_2_and_what_is_allowed(argument: str, wanted: str) -> None:
    port, control_port = free_ports(2)
    code, said = called(*command(port, control_port, argument))
    assert code == 2
    assert wanted in said.splitlines()[-1]

import argparse
from pathlib import Path

import pytest

from bench.judge.gate.thresholds import Gate
from bench.options import OPTIONS, add_options, gate


def parsed(command: str, *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser, command)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ((), Gate(0.05, None, {})),
        (("--alpha", "0.01", "--noise", "2%"), Gate(0.01, 0.02, {})),
        (("--fail-on", "p95:10%", "--fail-on", "errors:0.5 %"), Gate(0.05, None, {"p95": 0.1, "errors": 0.005})),
        (("--fail-on", "p95:10", "--fail-on", "p95:5"), Gate(0.05, None, {"p95": 0.05})),
        (("--noise", "0"), Gate(0.05, 0.0, {})),
        (("--fail-on", "tail:1%", "--fail-on", "cpu_mean:3%"), Gate(0.05, None, {"tail": 0.01, "cpu_mean": 0.03})),
    ],
)
def test_the_options_of_a_verdict_become_a_gate(words: tuple[str, ...], wanted: Gate) -> None:
    assert gate(parsed("diff", "base", *words)) == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("--stacks a, b", ["a", "b"]),
        ("--users 1,100000", [1, 100_000]),
        ("--rate 0.5,1000000", [0.5, 1e6]),
        ("--rounds 3", 3),
        ("--window 86400", 86_400.0),
        ("--out there", Path("there")),
        ("--force", True),
    ],
)
def test_a_value_gets_its_type(words: str, wanted: object) -> None:
    option, _, value = words.partition(" ")
    found = vars(parsed("run", option, *([value] if value else [])))
    assert found[option.removeprefix("--")] == wanted


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        ("run", ("--stacks", "a,,b"), "'a,,b': write names with commas between them"),
        ("run", ("--users", "0"), "'0': write a whole number from 1 to 100000"),
        ("run", ("--users", "1,two"), "'two': write a whole number from 1 to 100000"),
        ("run", ("--users", "1_0"), "'1_0': write a whole number from 1 to 100000"),
        ("run", ("--rounds", "100001"), "'100001': write a whole number from 1 to 100000"),
        ("run", ("--rate", "0"), "'0': write requests/s, more than 0 and at most 1000000"),
        ("run", ("--rate", "1,nan"), "'nan': write requests/s, more than 0 and at most 1000000"),
        ("run", ("--window", "inf"), "'inf': write seconds, more than 0 and at most a day"),
        ("run", ("--warmup", "soon"), "'soon': write seconds, more than 0 and at most a day"),
        ("serve", ("flask-sync", "--port", "65536"), "'65536': write a port from 1 to 65535"),
        ("diff", ("a", "--fail-on", "p99:10%"), "unknown metric 'p99'; known: throughput, p95, memory, cpu, errors"),
        ("ab", ("--minutes", "11"), "invalid choice: 11"),
        ("ab", ("--minutes", "soon"), "invalid int value: 'soon'"),
        ("diff", ("a", "--fail-on", "p95"), "'p95': write METRIC:PERCENT, such as p95:10%"),
        ("diff", ("a", "--fail-on", "p95:-1%"), "'-1%': write a percentage from 0 to 1000"),
        ("diff", ("a", "--fail-on", "p95:nan"), "'nan': write a percentage from 0 to 1000"),
        ("diff", ("a", "--noise", "1001%"), "'1001%': write a percentage from 0 to 1000"),
        ("diff", ("a", "--noise=-1"), "'-1': write a percentage from 0 to 1000"),
        ("diff", ("a", "--alpha", "0"), "'0': write a probability above 0 and at most 0.5"),
        ("diff", ("a", "--alpha", "0.6"), "'0.6': write a probability above 0 and at most 0.5"),
        ("diff", ("a", "--alpha", "nan"), "'nan': write a probability above 0 and at most 0.5"),
        ("diff", ("a", "--alpha", "some"), "'some': write a probability above 0 and at most 0.5"),
    ],
)
def test_a_wrong_value_exits_with_2_and_says_what_is_valid(
    command: str, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed(command, *words)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


def test_every_option_is_a_row_of_the_table_with_a_help_text() -> None:
    assert all(option.settings["help"] for option in OPTIONS)
    once = [(option.name, command) for option in OPTIONS for command in option.commands]
    assert len(once) == len(set(once))

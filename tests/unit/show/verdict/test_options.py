import argparse

import pytest

from bench.judge.gate.thresholds import Gate
from bench.show.verdict.options import add_options, gate


def parsed(*words: str) -> Gate:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return gate(parser.parse_args(words))


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ((), Gate(0.05, None, {})),
        (("--alpha", "0.01", "--noise", "2%"), Gate(0.01, 0.02, {})),
        (("--fail-on", "p95:10%", "--fail-on", "errors:0.5 %"), Gate(0.05, None, {"p95": 0.1, "errors": 0.005})),
        (("--fail-on", "p95:10", "--fail-on", "p95:5"), Gate(0.05, None, {"p95": 0.05})),
        (("--noise", "0"), Gate(0.05, 0.0, {})),
    ],
)
def test_the_options_become_a_gate(words: tuple[str, ...], wanted: Gate) -> None:
    assert parsed(*words) == wanted


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fail-on", "p99:10%"), "unknown metric 'p99'; known: throughput, p95, memory, cpu, errors"),
        (("--fail-on", "p95"), "'p95': write METRIC:PERCENT, such as p95:10%"),
        (("--fail-on", "p95:-1%"), "'-1%': write a percentage from 0 to 1000"),
        (("--fail-on", "p95:nan"), "'nan': write a percentage from 0 to 1000"),
        (("--noise", "1001%"), "'1001%': write a percentage from 0 to 1000"),
        (("--noise=-1",), "'-1': write a percentage from 0 to 1000"),
        (("--alpha", "0"), "'0': write a probability above 0 and at most 0.5"),
        (("--alpha", "0.6"), "'0.6': write a probability above 0 and at most 0.5"),
        (("--alpha", "nan"), "'nan': write a probability above 0 and at most 0.5"),
        (("--alpha", "some"), "'some': write a probability above 0 and at most 0.5"),
    ],
)
def test_what_is_asked_wrongly_exits_with_2_and_says_what_is_known(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed(*words)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err

"""What the options of an A/B ask of its session."""

import argparse

import pytest

from bench.commands import ab
from bench.errors import BenchError
from bench.model.config import Plan
from bench.options import add_options
from bench.run.session.ab import Question


def asked(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[Plan, Question]:
    """What is to be measured; nothing is."""
    found: list[tuple[Plan, Question]] = []

    def start(plan: Plan, question: Question, *_: object, **__: object) -> None:
        found.append((plan, question))
        raise BenchError("enough")

    monkeypatch.setattr(ab, "start", start)
    parser = argparse.ArgumentParser()
    add_options(parser, "ab")
    with pytest.raises(BenchError, match="enough"):
        ab.ab(parser.parse_args(("--base", "main", *words)), words)
    return found[0]


@pytest.mark.parametrize(
    ("words", "restarts"),
    [
        ((), 20),
        (("--minutes", "17"), 20),
        (("--minutes", "10"), 12),
        (("--restarts", "9"), 9),
        (("--minutes", "10", "--restarts", "9"), 9),
    ],
)
def test_a_session_has_the_restarts_of_its_minutes_or_those_that_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], restarts: int
) -> None:
    plan, _ = asked(monkeypatch, *words)
    assert plan.profile.rounds == restarts


def test_stacks_and_loads_that_are_left_out_give_their_time_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = asked(monkeypatch)
    part, question = asked(monkeypatch, "--stacks", whole.profile.stacks[0], "--closed-only")
    assert question.closed_only
    assert part.profile.timing == whole.profile.timing


def test_the_session_is_judged_by_the_gate_of_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    _, question = asked(monkeypatch, "--alpha", "0.01", "--fail-on", "tail:1%")
    assert (question.gate.alpha, question.gate.fail_on, question.anyway) == (0.01, {"tail": 0.01}, False)
    assert asked(monkeypatch, "--anyway")[1].anyway


def test_what_is_counted_has_the_stacks_of_the_session_and_the_scenarios_that_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert asked(monkeypatch)[1].counted is None
    plan, question = asked(monkeypatch, "--exact")
    assert question.counted is not None
    assert question.counted.profile.stacks == plan.profile.stacks
    assert "health" in question.counted.profile.loads
    _, question = asked(monkeypatch, "--exact", "--stacks", "fastapi-httpx", "--scenarios", "weather")
    assert question.counted is not None
    assert (question.counted.profile.stacks, list(question.counted.profile.loads)) == (("fastapi-httpx",), ["weather"])


def test_a_variant_of_a_stack_that_is_not_measured_is_refused() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, "ab")
    words = ("--base", "main", "--stacks", "flask-gthread", "--set", "flask-sync.env.A=1")
    with pytest.raises(BenchError, match="unknown stack of this run 'flask-sync'"):
        ab.ab(parser.parse_args(words), words)

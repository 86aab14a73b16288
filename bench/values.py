"""The types of the values of options: from the text of the command line, or an error that says what to write."""

import argparse

from bench.judge.cell.metrics import INSTRUCTIONS, PAIRED
from bench.model.config import Objective
from bench.plan.objective import objective
from bench.units import fraction

GATED = (*PAIRED, INSTRUCTIONS.name)
"""The metrics that a threshold can be given for."""


def names(text: str) -> list[str]:
    """Names with commas between them."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text!r}: write names with commas between them")
    return found


def count(text: str) -> int:
    """A number of users, rounds or cores."""
    return _whole(text, 100_000, "a whole number from 1 to 100000")


def counts(text: str) -> list[int]:
    """Numbers with commas between them."""
    return [count(part.strip()) for part in text.split(",")]


def pid(text: str) -> tuple[str | None, int]:
    """A process, and the stack that it is the service of; None where only one is meant."""
    stack, equals, number = text.rpartition("=")
    return stack if equals else None, _whole(number, 2**22, "[STACK=]PID, such as 1234 or shop=1234")


def port(text: str) -> int:
    """A TCP port."""
    return _whole(text, 65_535, "a port from 1 to 65535")


def rates(text: str) -> list[float]:
    """Requests per second with commas between them."""
    return [one_rate(part) for part in text.split(",")]


def one_rate(text: str) -> float:
    """Requests per second."""
    return _decimal(text, 1_000_000, "requests/s, more than 0 and at most 1000000")


def seconds(text: str) -> float:
    """A duration."""
    return _decimal(text, 86_400, "seconds, more than 0 and at most a day")


def slo(text: str) -> Objective:
    """A latency objective."""
    try:
        return objective(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def probability(text: str) -> float:
    """The probability of a false alarm."""
    return _decimal(text, 0.5, "a probability above 0 and at most 0.5, such as 0.05")


def percent(text: str) -> float:
    """A percentage as a fraction of 1."""
    try:
        return fraction(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def limit(text: str) -> tuple[str, float]:
    """A metric and its threshold as a fraction of 1."""
    name, separator, share = text.partition(":")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r}: write METRIC:PERCENT, such as p95:10%")
    if name not in GATED:
        raise argparse.ArgumentTypeError(f"unknown metric {name!r}; known: {', '.join(GATED)}")
    return name, percent(share)


def _whole(text: str, most: int, valid: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r}: write {valid}")
    return int(text)


def _decimal(text: str, most: float, valid: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: write {valid}")
    return value

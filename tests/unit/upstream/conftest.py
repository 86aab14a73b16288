"""The upstream as a real process."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Protocol

import pytest

from .process import Upstream, running


class StartsUpstream(Protocol):
    """Starts an upstream with these further arguments; it is stopped when the test ends."""

    def __call__(self, *arguments: str) -> Upstream: ...


@pytest.fixture
def start() -> Iterator[StartsUpstream]:
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(running(*arguments))


@pytest.fixture(scope="module")
def shared() -> Iterator[Upstream]:
    """One upstream with short delays, for the tests of a module that do not affect one another."""
    with running(
        "--delay=weather=0", "--delay=users=lognormal:0.005:1.0", "--delay=orders=0", "--delay=reviews=0"
    ) as one:
        yield one

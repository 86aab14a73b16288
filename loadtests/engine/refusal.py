"""What a locustfile must not have, because no load measures it: it is refused, so that nothing is silently ignored."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

REQUEST = ("params", "data", "json", "cookies", "auth", "timeout")
"""What other clients take of a request. Ours takes `method`, `headers` and `body`; more in the scenario's table."""

WAITS = ("wait_time", "wait_function", "min_wait", "max_wait")


def refused(classes: Sequence[type[Any]], base: type[Any], *, measured: bool) -> str:
    """What is wrong with these user classes, and what to do, a line each; empty if nothing is.

    `base`: the class that a measured user derives from. Where the load is not `measured`, Locust itself heeds tasks,
    wait times and several classes.
    """
    ours = [one for one in classes if issubclass(one, base)]
    found = [line for one in ours for line in _request(one, base)]
    if measured and ours:
        found += [line for one in ours for line in _users(one, base)]
        found += _several(classes)
    return "\n".join(found)


def _request(one: type[Any], base: type[Any]) -> Iterator[str]:
    for name in REQUEST:
        if _sets(one, base, name):
            yield (
                f"{_where(one)} sets {name}, which is not sent: write the request into `requests` of the scenario's "
                f"table instead of a locustfile (docs/requests.md), or remove or rename it"
            )


def _users(one: type[Any], base: type[Any]) -> Iterator[str]:
    for name in WAITS:
        if _sets(one, base, name):
            yield (
                f"{_where(one)} sets {name}, which is not measured: users send the next request as soon as they have "
                f"an answer; remove it, or use an open-loop load (`rates`, --rate) for requests with pauses in between"
            )
    own = [task for task in one.tasks if task not in base.tasks]
    for task in dict.fromkeys([*own, *([one.ask] if _sets(one, base, "ask") else [])]):
        yield (
            f"{_where(one)} has a task of its own, {task.__name__}, which is not measured: only the request of `path` "
            f"is; remove it, and write all requests into `requests` of the scenario's table (docs/requests.md)"
        )
    if _sets(one, base, "fixed_count"):
        yield (
            f"{_where(one)} sets fixed_count, which is not measured: the load decides how many users there are; "
            f"remove it, and give the number with `users` or --users"
        )


def _several(classes: Sequence[type[Any]]) -> Iterator[str]:
    if len(classes) > 1:
        names = ", ".join(sorted(one.__name__ for one in classes))
        yield (
            f"{_file(classes[0])} has {len(classes)} user classes ({names}), and a scenario measures one: keep one, "
            f"and write a locustfile and a scenario for each of the others"
        )


def _sets(one: type[Any], base: type[Any], name: str) -> bool:
    """Whether a class, or one that it derives from beside `base`, has this attribute: Locust's own do not count."""
    return any(name in vars(part) for part in one.__mro__ if part not in base.__mro__)


def _where(one: type[Any]) -> str:
    return f"{_file(one)}: class {one.__name__}"


def _file(one: type[Any]) -> str:
    return Path(getattr(sys.modules[one.__module__], "__file__", None) or one.__module__).name

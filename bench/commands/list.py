"""`list`: the stacks, scenarios and profiles, in lines of at most 80 columns."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import chain

from rich.cells import cell_len
from rich.padding import Padding
from rich.text import Text

from bench.commands.planning import config_of
from bench.plan.config import Config, ProfileTable
from bench.show.text.stdout import say
from bench.show.text.terminal import console_to
from bench.units import offered

WIDTH = 80
INDENT = 2
NAME_WIDTH = 22

HELP = """\
List the stacks, scenarios and profiles of bench.toml and of --config.
"""


def list_(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """0 once they are printed. Raises BenchError where a file or a setting is not valid."""
    config, _ = config_of(arguments)
    encoding = sys.stdout.encoding or "utf-8"
    sections = [(f"{heading}:", *(entry(*one, encoding) for one in entries)) for heading, entries in _sections(config)]
    say("".join(f"{line}\n" for line in chain(*sections)))
    return 0


def _sections(config: Config) -> Iterator[tuple[str, list[tuple[str, list[str]]]]]:
    yield "stacks", [(name, [table.title or ""]) for name, table in config.stacks.items()]
    yield "scenarios", [(name, [table.title or ""]) for name, table in config.scenarios.items()]
    yield "profiles", [(name, list(_facts(table))) for name, table in config.profiles.items()]


def _facts(table: ProfileTable) -> Iterator[str]:
    """A profile in lines: its stacks, scenarios, loads and rounds."""
    yield f"stacks: {', '.join(table.stacks)}"
    yield f"scenarios: {', '.join(table.scenarios)}"
    users = sorted({*table.users, *chain(*table.scenario_users.values())})
    rates = sorted({*table.rates, *chain(*table.scenario_rates.values())})
    if users:
        yield f"closed-loop loads: {', '.join(map(str, users))} users"
    if rates:
        yield f"open-loop loads: {', '.join(map(offered, rates))}"
    if table.capacity:
        yield f"capacity: on {', '.join(table.capacity)}{f' within {table.slo}' if table.slo is not None else ''}"
    yield f"rounds: {table.rounds}"


def entry(name: str, lines: Sequence[str], encoding: str) -> str:
    """A name and the lines beside it, wrapped to WIDTH; a long name stands on lines of its own.

    A character that the encoding does not have is shown by its code.
    """
    written = [text.encode(encoding, "backslashreplace").decode(encoding) for text in (name, *lines)]
    beside = _wrapped("\n".join(written[1:]), INDENT + NAME_WIDTH + 1)
    indented = _wrapped(written[0], INDENT)
    if len(indented) > 1 or cell_len(indented[0]) > INDENT + NAME_WIDTH:
        return "\n".join((*indented, *beside)).rstrip()
    start = indented[0] + " " * (INDENT + NAME_WIDTH + 1 - cell_len(indented[0]))
    return "\n".join((start + beside[0].lstrip(), *beside[1:])).rstrip()


def _wrapped(text: str, indent: int) -> list[str]:
    """The lines of the text, indented, without spaces at their ends."""
    drawn = StringIO()
    console_to(drawn, WIDTH, colour=False).print(Padding(Text(text), (0, 0, 0, indent)))
    return [line.rstrip() for line in drawn.getvalue().split("\n")[:-1]]

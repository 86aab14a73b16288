"""The command line: one parser for all commands, whatever name the program is called by."""

import argparse
import difflib
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bench import __version__
from bench.commands import ab, audit, capacity, diff, export, flame, instructions, report, run, selftest, serve, trend
from bench.commands import list as listing
from bench.errors import BenchError
from bench.options import add_options
from bench.run.host.signals import Interrupted


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, what it does in a few words and in full, what follows its options in the help, and its act.

    `judges`: 1 is a verdict, so that no error may exit with it.
    """

    name: str
    summary: str
    act: Callable[[argparse.Namespace, Sequence[str]], int]
    help: str
    notes: str = ""
    judges: bool = False


COMMANDS = (
    Command("list", "list the stacks, scenarios and profiles", listing.list_, listing.HELP),
    Command("run", "measure a profile", run.run, run.HELP, run.NOTES),
    Command("capacity", "find how much each stack carries", capacity.capacity, capacity.HELP, capacity.NOTES),
    Command("flame", "show where the CPU time goes", flame.flame, flame.HELP, flame.NOTES),
    Command("ab", "compare two revisions in one session", ab.ab, ab.HELP, ab.NOTES, judges=True),
    Command(
        "instructions",
        "count the instructions of a request",
        instructions.instructions,
        instructions.HELP,
        instructions.NOTES,
        judges=True,
    ),
    Command("report", "show what a run found", report.report, report.HELP, report.NOTES, judges=True),
    Command("diff", "compare two recorded runs", diff.diff, diff.HELP, diff.NOTES, judges=True),
    Command("trend", "show how figures moved over several runs", trend.trend, trend.HELP, trend.NOTES, judges=True),
    Command("audit", "tell whether published figures are possible", audit.audit, audit.HELP, audit.NOTES, judges=True),
    Command("export", "write a run for another tool", export.export, export.HELP, export.NOTES, judges=True),
    Command("selftest", "find out what this machine can measure", selftest.selftest, selftest.HELP),
    Command("serve", "serve one stack until Ctrl-C", serve.serve, serve.HELP),
)


class Parser(argparse.ArgumentParser):
    """A parser without abbreviations, which names the option or command that an unknown one may stand for.

    `commands`: the names of the commands, where each has a parser of its own.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)
        self.commands: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The parsed arguments. Exits with 2, the usage and the nearest name where one is unknown."""
        words = sys.argv[1:] if args is None else list(args)
        for word in words:
            if word == "--":
                break
            if re.match(r"--?[A-Za-z]", word):
                option = word.partition("=")[0]
                if option not in self._option_string_actions:
                    self.error(f"unknown option {option}{_meant(option, self._option_string_actions)}")
            elif self.commands:  # the parser of the command parses what follows
                if word not in self.commands:
                    near = _meant(word, self.commands)
                    self.error(f"unknown command {word}{near}; known: {', '.join(self.commands)}")
                break
        parsed, extra = super().parse_known_args(words, namespace)
        if extra:
            self.error(f"unexpected argument: {' '.join(extra)}")
        return parsed, extra


def _meant(name: str, known: Iterable[str]) -> str:
    """A question for the nearest known name; empty where none is near."""
    near = difflib.get_close_matches(name, known, 1)
    return f": did you mean {near[0]}?" if near else ""


def parser(prog: str, names: Sequence[str] = ()) -> Parser:
    """The parser of the program `prog` with the commands of these names; none: with all commands."""
    chosen = [command for command in COMMANDS if not names or command.name in names]
    top = Parser(prog=prog, description="Measure web stacks side by side, and show what was measured.")
    top.commands = [command.name for command in chosen]
    top.add_argument("--version", action="version", version=f"stackduel {__version__}")
    subparsers = top.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for command in chosen:
        one = subparsers.add_parser(command.name, help=command.summary, description=command.help, epilog=command.notes)
        add_options(one, command.name)
        one.set_defaults(command=command)
    return top


def main(argv: Sequence[str] | None = None, prog: str = "python -m bench", names: Sequence[str] = ()) -> int:
    """The exit code of the command that the words name. Wrong usage exits with 2.

    Raises RuntimeError where the command itself exits, as an imported module may: no exit code but ours is a verdict.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = parser(prog, names).parse_args(words)
    command: Command = arguments.command
    name = prog.rpartition(" ")[2]
    try:
        return command.act(arguments, words)
    except BenchError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2 if command.judges else error.exit_code
    except Interrupted as interruption:
        print(f"{name}: {interruption}", file=sys.stderr)
        return interruption.exit_code
    except SystemExit as error:
        raise RuntimeError(f"an unexpected exit with {error.code}") from error

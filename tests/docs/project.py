"""The commands and tables of all pages, and how the project's own parsers read them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import compare
from bench import cli

from .markdown import PAGES, blocks
from .shell import Command, commands

EVERY = tuple(command for page in PAGES for command in commands(page))

BENCH = ("python", "-m", "bench")
COMPARE = ("python", "compare.py")
STACKDUEL = ("stackduel",)
"""The program as it is called once installed: the same command line as BENCH."""

PYTEST = ("python", "-m", "pytest")
UPSTREAM = ("python", "-m", "upstream")
PROFILE = ("python", "-m", "examples.clients.profile_client")

PARSERS = {
    BENCH: cli.parser("python -m bench"),
    STACKDUEL: cli.parser("stackduel"),
    COMPARE: cli.parser("compare.py", compare.COMMANDS),
}


def starting(*first: str) -> list[Command]:
    """The commands that start with these words, each once."""
    found = {command.words: command for command in EVERY if command.after(*first) is not None}
    return list(found.values())


def parsed(command: Command) -> argparse.Namespace:
    """The parsed arguments of a command of this project."""
    for first, parser in PARSERS.items():
        words = command.after(*first)
        if words is not None:
            return parser.parse_args(words)
    raise ValueError(f"{command} is not a command of this project")


def accepted(parser: argparse.ArgumentParser, words: Sequence[str]) -> bool:
    """Whether the parser accepts these words. Its error message is in the output of the test."""
    try:
        parser.parse_args(words)
    except SystemExit as end:
        return end.code == 0
    return True


def tables_of(page: str, folder: Path) -> list[tuple[str, Path]]:
    """Each TOML block of a page as a file, with the name that the block gives itself, or an empty name.

    They lie in a folder `checkout` or beside it, as their names say, and so do the Python files that the page shows.
    """
    folder = folder / "checkout"
    folder.mkdir(exist_ok=True)
    for block in blocks(page):
        if block.language == "python" and block.file:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text, encoding="utf-8")
    found = []
    for number, block in enumerate(block for block in blocks(page) if block.language == "toml"):
        file = (folder / block.file).parent / f"{number}.toml" if block.file else folder / f"{number}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")
        found.append((block.file or "", file))
    return found

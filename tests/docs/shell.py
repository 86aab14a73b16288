"""The commands of a page, from its shell blocks and its workflows."""

import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from .markdown import Block, blocks

SHELL = frozenset({"", "sh", "bash", "shell", "console"})
"""A block without a word after its fence is shell too. Program output is marked as `text`."""

WORKFLOW = frozenset({"yaml", "yml"})

_SIGNS = frozenset("();<>|&")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*")
_KEY = re.compile(r"^(?:- +)?(?:run: +)?(?:- +)?")
_PYTHON = re.compile(r"(?:.*/)?python3?")


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its block, its line, its unquoted words, and the assignments before it.

    Any Python interpreter is `python`.
    """

    block: Block
    line: int
    words: tuple[str, ...]
    assigned: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.block.page}:{self.line} {shlex.join(self.words)}"

    def after(self, *first: str) -> tuple[str, ...] | None:
        """The words after these first ones; None if the command starts differently."""
        return self.words[len(first) :] if self.words[: len(first)] == first else None


def commands(page: str) -> tuple[Command, ...]:
    """Every command of the page. From a workflow, only those of make and Python."""
    return tuple(command for block in blocks(page) for command in _of(block))


def split(text: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """(words, assignments before them) of each command of a line. Commands are separated by `&&`, `;` and the like.

    Redirections are left out. Raises ValueError if a quotation is not closed.
    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words: list[str] = []
    target = False
    for token in lexer:
        if token and set(token) <= _SIGNS:
            target = token[0] in "<>"  # a file name follows
            if not target:
                yield from _plain(words)
                words = []
        elif target:
            target = False
        else:
            words.append(token)
    yield from _plain(words)


def _plain(words: list[str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    assigned = tuple(itertools.takewhile(_ASSIGNMENT.fullmatch, words))
    left = words[len(assigned) :]
    if left:
        yield ("python" if _PYTHON.fullmatch(left[0]) else left[0], *left[1:]), assigned


def _of(block: Block) -> Iterator[Command]:
    if block.language not in SHELL | WORKFLOW:
        return
    for number, line in _lines(block):
        if block.language in SHELL:
            text = line.removeprefix("$ ")
        else:
            text = _KEY.sub("", line.strip())
            if not re.match(r"make |stackduel |(?:\S*/)?python3? ", text):
                continue
        yield from (Command(block, number, words, assigned) for words, assigned in split(text))


def _lines(block: Block) -> Iterator[tuple[int, str]]:
    """The lines of the block with their numbers in the page. Lines continued by a backslash are joined."""
    begun, sofar = 0, ""
    for number, line in enumerate(block.text.split("\n"), start=block.line):
        begun = begun if sofar else number
        if line.endswith("\\"):
            sofar += line[:-1] + " "
            continue
        if (sofar + line).strip():
            yield begun, sofar + line
        sofar = ""

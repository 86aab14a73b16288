"""An application called in its own process, by the program inprocess/, natively or counted by valgrind."""

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.errors import BenchError
from bench.judge.instructions.callgrind import instructions
from bench.model.config import Stack
from bench.places import SHIPPED
from bench.run.host.ports import HOST
from bench.run.host.process import Program
from bench.run.host.signals import StopRequest
from bench.run.testbed.server import filled, python_of

LONGEST_S = 600.0

FIXED = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    # Fifty requests in flight take longer than a service's usual patience when each is fifty times slower.
    "UPSTREAM_TIMEOUT_S": "300",
}
"""The environment, with KEPT and that of the stack's table. Its size alone moves a count by tenths of a per cent."""

KEPT = ("LD_LIBRARY_PATH",)
"""Some builds of Python do not find their own library without it."""

COUNTING = ("--tool=callgrind", "--quiet", "--vgdb=no", "--cache-sim=no", "--instr-atstart=no")
INSTALL = "instructions are counted by valgrind, which is not installed: on Debian or Ubuntu, apt-get install valgrind"

_APPLICATION = re.compile(r"([A-Za-z_][\w.]*:[A-Za-z_]\w*)(\(\))?")


class Code(Protocol):
    """Whose code is called: a checkout, or the files as they lie there."""

    @property
    def environment(self) -> Path | None:
        """The programs of the environment that was made for it; None: it runs in that of the stack."""

    def stack(self, stack: Stack) -> Stack:
        """The stack as it runs with this code."""


@dataclass(frozen=True, slots=True)
class InPlace:
    """The code as it lies in the folder of the stack."""

    environment: Path | None = None

    def stack(self, stack: Stack) -> Stack:
        """The stack itself."""
        return stack


@dataclass(frozen=True, slots=True)
class Application:
    """MODULE:NAME, which is called first if it is a factory."""

    name: str
    factory: bool


@dataclass(frozen=True, slots=True)
class Calls:
    """Which requests are sent, how many are in flight, how often each is sent before and while it is counted.

    `number`: another one for each of these of a side, for the names of its files. `layout`: which of several layouts of
    memory.
    """

    number: int
    requests: tuple[Mapping[str, Any], ...]
    users: int
    warm_up: int
    times: int
    layout: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the application."""

    status: int
    body: bytes


def valgrind() -> str:
    """The path of valgrind. Raises BenchError, which says how to install it, where there is none."""
    found = shutil.which("valgrind")
    if found is None:
        raise BenchError(INSTALL)
    return found


def application(stack: Stack) -> Application:
    """The application that the stack's argv names. Raises BenchError where it cannot be called without its server."""
    where = f"stack {stack.name} cannot be counted"
    if stack.url is not None:
        raise BenchError(f"{where}: it runs already at {stack.url}, and instructions are counted in a process of ours")
    if stack.interface is None:
        raise BenchError(f'{where}: write `interface = "wsgi"` or "asgi" into its table')
    if stack.needs or stack.prepare:
        what = "`needs` companions" if stack.needs else "has something to `prepare`"
        raise BenchError(f"{where}: it {what}, and only the application itself is called: choose other --stacks")
    found = [match for part in stack.argv if (match := _APPLICATION.fullmatch(part))]
    if len(found) != 1:
        names = " and ".join(match[0] for match in found) or "none"
        raise BenchError(
            f"{where}: its argv must name one application as MODULE:NAME or 'MODULE:NAME()', and it names {names}"
        )
    return Application(found[0][1], factory=found[0][2] is not None or "--factory" in stack.argv)


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls applications: from a copy of the program, with an upstream, and on these cores; none: on all."""

    folder: Path
    upstream_url: str
    users: int
    cpus: Sequence[int]
    stop: StopRequest

    def answers(self, side: str, code: Code, stack: Stack, calls: Calls) -> list[Answer]:
        """The answer to each request, without valgrind. It also leaves the bytecode of what is imported."""
        with self._called(side, code, stack, calls, ()) as output:
            given = json.loads(output.read_text(encoding="utf-8"))
        return [Answer(one["status"], base64.b64decode(one["body"])) for one in given]

    def counted(self, side: str, code: Code, stack: Stack, calls: Calls) -> int:
        """The instructions that the application and what it calls in this process needed for all requests."""
        written = self._file(side, calls, "callgrind")
        counting = (valgrind(), *COUNTING, f"--callgrind-out-file={written}")
        with self._called(side, code, stack, calls, counting):
            try:
                return instructions(written.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise BenchError(f"{side}, {stack.name}: valgrind counted nothing: {error}") from error

    @contextmanager
    def _called(self, side: str, code: Code, stack: Stack, calls: Calls, counting: tuple[str, ...]) -> Iterator[Path]:
        """The file with the answers, once the program has ended."""
        own, app = code.stack(stack), application(stack)
        output, order = (self._file(side, calls, name) for name in ("answers.json", "order.json"))
        order.write_text(
            json.dumps(
                {
                    "interface": stack.interface,
                    "app": app.name,
                    "factory": app.factory,
                    "folder": str((SHIPPED / own.cwd).resolve()),
                    "requests": calls.requests,
                    "users": calls.users,
                    "warm_up": calls.warm_up,
                    "times": calls.times,
                    "counted": bool(counting),
                    "layout": calls.layout,
                    "output": str(output),
                }
            ),
            encoding="utf-8",
        )
        python = str(python_of(own, code.environment))
        env = [f"{name}={value}" for name, value in self._environment(own).items()]
        argv = ("env", "-i", *env, *counting, python, "-m", "inprocess", str(order))
        log = self._file(side, calls, "log")
        where = f"{side}, {stack.name}"
        with Program(where, argv, env={}, cwd=self.folder / "program", cpus=self.cpus, log=log) as program:
            exit_code = program.ended(LONGEST_S, self.stop)
            if exit_code is None:
                raise BenchError(f"{where} did not answer all requests within {LONGEST_S:g} s")
        if exit_code or not output.exists():
            raise BenchError(
                f"{where} cannot be called (exit code {exit_code}): {program.last_lines() or 'it said nothing'}"
            )
        yield output

    def _environment(self, stack: Stack) -> dict[str, str]:
        values = {
            "host": HOST,
            "port": "80",
            "workers": "1",
            "threads": str(stack.threads),
            "upstream": self.upstream_url,
            "users": str(self.users),
            "connections": str(2 * self.users),
            "folder": str(self.folder),
        }
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return {**FIXED, **kept, **{name: filled(value, values) for name, value in stack.env.items()}}

    def _file(self, side: str, calls: Calls, name: str) -> Path:
        """A file of its own for each call; the path of base is as long as that of head."""
        return self.folder / f"{side}-{calls.number:04d}.{name}"


def copy_program(folder: Path) -> None:
    """Copy the program into the folder: beside it lies nothing that could stand in for a module of a service."""
    shutil.copytree(
        SHIPPED / "inprocess", folder / "program" / "inprocess", ignore=shutil.ignore_patterns("__pycache__")
    )

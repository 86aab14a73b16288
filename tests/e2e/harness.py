"""The harness through its real command line, in a copy of the checkout, and whatever it may leave behind."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.__main__ import main
from bench.run.host import ports

PATIENCE_S = 60.0
MARK = "BENCH_TEST"

PROGRAM = (
    "import sys; from bench.run.host import ports; ports._SERVED = {ports}; {changes} "
    "from bench.__main__ import main; sys.exit(main(prog='python -m bench'))"
)
"""`python -m bench`, but with ports of its own and what else is changed before."""

UNREPORTED = (
    "import types; publish = types.ModuleType('publish'); publish.publish = lambda *_, **__: None; "
    "sys.modules['bench.show.report.publish'] = publish;"
)
"""A report takes seconds: only what is about it has one made."""

IMPATIENT = "from bench.run.host import process; ports.READY_S = 5.0; process.GRACE_S = 0.5;"
"""Less patience for servers that never listen or ignore SIGTERM."""


def until(true: Callable[[], object], what: str = "") -> None:
    """Returns once it is true; fails where that takes too long."""
    end_s = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end_s, f"never came: {what or true}"
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        """Whatever happened, no user ever sees a traceback."""
        assert "Traceback" not in self.err + self.out, self.err + self.out


@dataclass(slots=True)
class Harness:
    """Runs `python -m bench` in a folder and knows all processes that descend from it, even orphans."""

    checkout: Path
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    started: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def start(
        self,
        *arguments: str | Path,
        changed: str | None = UNREPORTED,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[str]":
        """The command line with these arguments; `changed` before by these statements, or exactly as people call it."""
        program = ("-m", "bench") if changed is None else ("-c", PROGRAM.format(ports=ports._SERVED, changes=changed))
        return self.popen((sys.executable, *program, *map(str, arguments)), env, cwd)

    def popen(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> "subprocess.Popen[str]":
        # As in an activated environment: stacks of a user's file find their programs on PATH.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        process = subprocess.Popen(
            argv,
            cwd=cwd or self.checkout,
            env={**os.environ, MARK: self.token, "PATH": path, "PYTHONPATH": str(self.checkout), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def run(
        self,
        *arguments: str | Path,
        changed: str | None = UNREPORTED,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Done:
        return finish(self.start(*arguments, changed=changed, cwd=cwd, env=env))

    def left(self) -> list[psutil.Process]:
        """The processes that these commands started, directly or not, and that still run."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(MARK) == self.token and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def clean_up(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.terminate()
        for process in self.started:
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            except ValueError:  # its output was read before
                process.wait()
        for orphan in self.left():
            with suppress(psutil.NoSuchProcess):
                orphan.kill()


def finish(process: "subprocess.Popen[str]") -> Done:
    out, err = process.communicate(timeout=PATIENCE_S * 2)
    return Done(process.returncode, out, err)


def exit_code(*arguments: str | Path) -> int | str | None:
    """What the command line ends with, called within this process: another takes seconds to start."""
    try:
        return main([os.fspath(argument) for argument in arguments], prog="python -m bench")
    except SystemExit as end:
        return end.code


def run_json(folder: Path) -> dict[str, Any]:
    run: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return run

"""A program under control: its own process group, a log file, and an end that leaves nothing behind."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol

import psutil

from bench.errors import BenchError
from bench.run.host.adopted import Adopted, adopt_orphans
from bench.run.host.children import children
from bench.run.host.cpus import pinned
from bench.run.host.owner import this_process
from bench.run.host.signals import StopRequest

OWN_PROGRAMS = Path(sys.executable).parent
"""Those of the environment that the harness itself runs in."""

GRACE_S = 5.0
REAP_S = 0.01
LOG_TAIL_LINES = 3
LOG_TAIL_BYTES = 2000
NAMED_PIDS = 3
LOG_BYTES = 64_000_000
KEPT_TAIL_BYTES = 64_000
MARK = "BENCH_PROGRAM"
"""An environment variable that a program hands down to all that it starts, even to what leaves its tree and group. Its
value begins with the harness that started the program: see orphans.py."""
UNLESS_ORPHANED = 'test "$PPID" = "$0" && exec "$@"'
"""A shell's line that becomes a program while the harness ($0) lives: it may have died before setpriv had its word."""


def search_path(env: Mapping[str, str], first: Sequence[Path]) -> str:
    """The PATH of a program: the folders `first`, then the PATH of `env` or of this process, then OWN_PROGRAMS."""
    path = env.get("PATH", os.environ.get("PATH", os.defpath))
    return os.pathsep.join([*map(str, first), path, str(OWN_PROGRAMS)])


def find_program(name: str, cwd: Path, path: str) -> Path | None:
    """The absolute path of a program: a path is relative to `cwd`, a name is looked up in `path`; None if absent."""
    found = shutil.which(str(cwd / name) if os.sep in name else name, path=path)
    return Path(found).absolute() if found is not None else None


class Running(Protocol):
    """What runs and is watched: a program that the harness has started, or a service that it found running."""

    name: str
    adopted: Adopted

    def tree(self) -> list[psutil.Process]:
        """Its process, with all descendants."""

    def check_alive(self) -> None:
        """Raise BenchError if it has ended."""


def _as_user(user: str | None) -> tuple[str, ...]:
    """The options of setpriv that run a program as this user."""
    if user is None:
        return ()
    entry = pwd.getpwnam(user)
    return ("--reuid", str(entry.pw_uid), "--regid", str(entry.pw_gid), "--init-groups")


class Program:
    """A context in which a program runs. Leaving it ends the whole process tree: TERM, then KILL after 5 s.

    Its output goes to the log file, which is cut if it exceeds LOG_BYTES; with `piped` its stdout is a stream to read
    instead, and with `fed` its stdin is one to write to. The program, and what it starts, is looked up in the folders
    `programs`, then on PATH, then in the harness's own environment. It runs as `user`, if one is given. Where `setpriv`
    exists, the program ends even if the harness is killed. Raises BenchError where the program does not exist.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        cpus: Sequence[int],
        log: Path,
        piped: bool = False,
        fed: bool = False,
        programs: Sequence[Path] = (),
        user: str | None = None,
    ) -> None:
        self.name = name
        self.argv = tuple(argv)
        mark = f"{this_process()}.{secrets.token_hex(8)}"
        self.env = {**os.environ, **env, "PATH": search_path(env, programs), MARK: mark}
        self.cwd = cwd
        self.cpus = cpus
        self.log = log
        self.piped = piped
        self.fed = fed
        self.programs = programs
        self.user = user

    def __enter__(self) -> "Program":
        if not self.cwd.is_dir():
            raise BenchError(
                f"the working directory {self.cwd} does not exist: correct `cwd` in the table of {self.name}"
            )
        program = find_program(self.argv[0], self.cwd, self.env["PATH"])
        if program is None:
            folders = " or in ".join(dict.fromkeys(map(str, (*self.programs, OWN_PROGRAMS))))
            searched = f"in {self.cwd}" if os.sep in self.argv[0] else f"on PATH or in {folders}"
            raise BenchError(
                f"there is no program {self.argv[0]!r} {searched}: "
                f"install it, or correct the command, or `programs`, in the table of {self.name}"
            )
        adopt_orphans()
        guard: tuple[str, ...] = ()
        if setpriv := shutil.which("setpriv"):  # by its path: the program's own PATH may not have it
            guard = (
                setpriv, *_as_user(self.user), "--pdeathsig", "TERM", "--", "/bin/sh", "-c", UNLESS_ORPHANED,
                str(os.getpid()),
            )  # fmt: skip
        elif self.user is not None:
            raise BenchError(f"{self.name} cannot be run as {self.user}: this machine has no setpriv")
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self.log.write_bytes(b"")
            with self.log.open("ab") as log, pinned(self.cpus):  # appending, so that a log that was cut goes on there
                self.process = subprocess.Popen(
                    (*guard, str(program), *self.argv[1:]),
                    stdin=subprocess.PIPE if self.fed else subprocess.DEVNULL,
                    stdout=subprocess.PIPE if self.piped else log,
                    stderr=log,
                    env=self.env,
                    cwd=self.cwd,
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:  # ValueError: a NUL in argv, a "=" in a variable's name
            raise BenchError(f"{self.name} cannot be started: {error}") from error
        self.adopted = Adopted(self.process.pid, (MARK, self.env[MARK]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tree = self.tree()
        self.adopted.claim(tree)
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE_S)
        for member in tree:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        # Workers started since the tree was listed are still in the group, and daemons still carry the mark.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        strays = self._marked()
        self.adopted.claim(strays)
        for stray in strays:
            with suppress(psutil.NoSuchProcess):
                stray.kill()
        end_s = time.monotonic() + GRACE_S
        while self.tree() and time.monotonic() < end_s:  # whoever is adopted is reaped by looking
            time.sleep(REAP_S)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # what was written last may not have been read
                    stream.close()
        self.cap_log()

    @property
    def stdout(self) -> IO[bytes]:
        """The stream of a piped program."""
        if self.process.stdout is None:
            raise ValueError(f"{self.name} was not started with piped=True")
        return self.process.stdout

    @property
    def stdin(self) -> IO[bytes]:
        """The stream that feeds a program."""
        if self.process.stdin is None:
            raise ValueError(f"{self.name} was not started with fed=True")
        return self.process.stdin

    def tree(self) -> list[psutil.Process]:
        """The program's process and what the harness adopted of it, with all their descendants, zombies too."""
        mine = children(psutil.Process())
        found = [*(child for child in mine if child.pid == self.process.pid), *self.adopted.among(mine)]
        for member in found:  # which grows by the children of each
            found += children(member)
        return found

    def _marked(self) -> list[psutil.Process]:
        """Whatever process the program left behind, wherever in the tree of processes it is now."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get(MARK) == self.env[MARK]:
                    found.append(process)
        return found

    def check_alive(self) -> None:
        """Raise BenchError, with the end of its log, if the program has ended or gone on in the background.

        Cuts the log if it has grown too long.
        """
        self.cap_log()
        code = self.process.poll()
        if code is None:
            return
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        left = self._marked() if code == 0 else []
        if left:
            pids = ", ".join(str(process.pid) for process in left[:NAMED_PIDS])
            raise BenchError(
                f"{self.name} runs in the background: the program that was started {how}, and pid {pids} goes on. "
                f"Start it in the foreground, without an option such as --daemon{self.log_tail()}"
            )
        raise BenchError(f"{self.name} {how}{self.log_tail()}")

    def finish(self, longest_s: float, stop: StopRequest) -> None:
        """Return once it has ended with exit code 0. BenchError, with the end of its log, where it does not."""
        code = self.ended(longest_s, stop)
        if code is None:
            raise BenchError(f"{self.name} did not end within {longest_s:g} s{self.log_tail()}")
        if code:
            self.check_alive()

    def ended(self, longest_s: float, stop: StopRequest) -> int | None:
        """Its exit code, once it has ended; None where it has not after so long."""
        end_s = time.monotonic() + longest_s
        while (code := self.process.poll()) is None:
            self.cap_log()
            if time.monotonic() > end_s:
                return None
            stop.sleep()
        return code

    def cap_log(self) -> None:
        """Cut a log of more than LOG_BYTES down to its first half, a line that says so, and its last lines."""
        try:
            size = self.log.stat().st_size
        except FileNotFoundError:  # whoever deleted it does not want it
            return
        if size <= LOG_BYTES:
            return
        with self.log.open("r+b") as log:
            log.seek(-KEPT_TAIL_BYTES, os.SEEK_END)
            tail = log.read()
            log.truncate(LOG_BYTES // 2)
        cut = f"[cut: {self.name} logged more than {LOG_BYTES // 1_000_000} MB; lines are missing here]"
        with self.log.open("ab") as log:
            log.write(f"\n{cut}\n".encode() + tail)

    def log_tail(self) -> str:
        """The last lines of the log and where it lies, to end an error message with."""
        try:
            said = self.last_lines()
        except OSError as error:
            return f"; its log cannot be read: {error}"
        return f"; it said: {said}; log: {self.log}" if said else f"; log: {self.log} (empty)"

    def last_lines(self) -> str:
        """The last lines of the log on one line, for a log that is deleted with its folder. Raises OSError."""
        with self.log.open("rb") as log:
            log.seek(max(self.log.stat().st_size - LOG_TAIL_BYTES, 0))
            text = log.read().decode("utf-8", "replace")
        lines = [line for line in text.splitlines() if line.strip()]
        return " | ".join(lines[-LOG_TAIL_LINES:])

"""A lock for each core, so that two runs do not measure on the same one without knowing it."""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.run.host.owner import TOGETHER, owner_in, this_process

EVERYBODY = 0o666
FULL_BYTES = 100_000
"""A file of so many lines of runs that shared its lock is begun anew."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Cores that a run has taken, or uses all the same. The file of each lock has a line for each run on the core."""

    files: Mapping[int, Path]
    own: str

    def ended(self) -> frozenset[str]:
        """The lines of runs that have ended."""
        return frozenset(line for file in self.files.values() for line in _lines(file) if _has_ended(line))

    def others(self, ended: frozenset[str]) -> str | None:
        """Who else has used these cores, as a clause, since the runs of those lines had ended; None: nobody.

        Harnesses with the same value in TOGETHER do not count.
        """
        found = {
            core: _named(lines[0])
            for core, file in self.files.items()
            if (lines := [line for line in _lines(file) if line not in ended and not self._counts_as_own(line)])
        }
        return _clause(found) if found else None

    def _counts_as_own(self, line: str) -> bool:
        owner = owner_in(line)
        return line == self.own or (TOGETHER in os.environ and owner is not None and owner.ours)


@contextmanager
def taken(cores: Sequence[int], run: str, *, force: bool | None) -> Iterator[Cores]:
    """These cores for one run, which `run` describes. The locks end with the process, however it ends.

    Raises BenchError where another run has one of them, unless `force` is true; None: the command has no --force.
    """
    folder = Path(tempfile.gettempdir())
    files = {core: folder / f"stackduel-core-{core}.lock" for core in cores}
    own = f"{this_process()} {' '.join(run.split())}"
    with ExitStack() as held:
        blocked = {}
        for core, file in files.items():
            descriptor = _open(file)
            held.callback(os.close, descriptor)
            if not _lock(descriptor):
                blocked[core] = _holder(file)
        if blocked and not force:
            way_out = "" if force is None else ", or go on with --force"
            raise BenchError(f"{_clause(blocked)}: wait for it, or choose other cores with taskset{way_out}")
        for file in files.values():
            with file.open("a", encoding="utf-8") as text:
                text.write(f"{own}\n")
        yield Cores(files, own)


def _open(file: Path) -> int:
    """A descriptor of a file that every user may lock and write.

    Never opened with O_CREAT where it exists: Linux forbids that for another user's file in a folder such as /tmp.
    """
    flags = os.O_RDWR | os.O_NOFOLLOW
    try:
        try:
            return os.open(file, flags)
        except FileNotFoundError:
            descriptor = os.open(file, flags | os.O_CREAT | os.O_EXCL)
            os.fchmod(descriptor, EVERYBODY)
            return descriptor
    except FileExistsError:  # another run has just made it
        return os.open(file, flags)
    except OSError as error:
        raise BenchError(f"{file}, the lock of a core, cannot be opened: {error.strerror}: delete it") from error


def _lock(descriptor: int) -> bool:
    """Whether the lock was taken: for this process alone, or with TOGETHER for all that have it.

    Whoever is alone deletes the lines of those who were there before.
    """
    shared = TOGETHER in os.environ
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    if not shared or os.fstat(descriptor).st_size > FULL_BYTES:
        os.ftruncate(descriptor, 0)
    return True


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:  # somebody has tidied up
        return []


def _has_ended(line: str) -> bool:
    owner = owner_in(line)
    return owner is None or owner.ended


def _holder(file: Path) -> str:
    """The run that has a core: the first of its file's lines whose owner has not ended."""
    return next((_named(line) for line in _lines(file) if not _has_ended(line)), "another run")


def _named(line: str) -> str:
    """A run as its line describes it."""
    owner, (_, _, words) = owner_in(line), line.partition(" ")
    return f"another run, pid {owner.pid}, {words}" if owner is not None else "another run"


def _clause(users: Mapping[int, str]) -> str:
    """Which cores are used, and by whom: the first of them, which mostly uses all."""
    user, *_ = users.values()
    cores = f"cores {', '.join(map(str, users))} are" if len(users) > 1 else f"core {next(iter(users))} is"
    return f"{cores} used by {user}"

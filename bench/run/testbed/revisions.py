"""The two sides of an A/B: either revision of a repository in a folder of its own, with what it needs to run."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import BenchError
from bench.model.cell import SIDES
from bench.model.config import HARNESS, Companion, Stack
from bench.model.run import Revision
from bench.places import CHECKOUT, SHIPPED
from bench.record.machine import file_sha256
from bench.run.host.scratch import scratch_folder
from bench.run.testbed.server import python_of
from bench.run.testbed.worktrees import check_out, forget_missing, git, remove_worktree

LOCK = "requirements.lock"
WORKING_TREE = "."
NEVER_READ_NS = 10**18
"""A time of reading that lies long before any: September 2001. Reading sets it anew, on a mount with relatime too."""

FRESH_BYTECODE = {"PYTHONPYCACHEPREFIX": "", "PYTHONDONTWRITEBYTECODE": ""}
"""What a server imports leaves its bytecode beside it: in a fresh folder that is proof of what it ran."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """One revision: which it is and the folder that holds its files.

    `environment`: the programs of the environment that was made for it; None: it runs in the environment of the stack.
    `lacking`: the paths of submodules that could not be checked out. `files`: every file that was; what a server writes
    beside them is no data that it was given.
    """

    revision: Revision
    repository: Path
    folder: Path
    environment: Path | None
    lacking: tuple[str, ...]
    files: tuple[Path, ...]

    @property
    def lacks(self) -> str | None:
        """A sentence about the submodules that are not checked out; None where all are."""
        if not self.lacking:
            return None
        return (
            f"{self.revision.ref} was measured without its submodules {', '.join(self.lacking)}, because their commits "
            f"are not in {self.repository}: fetch them with git submodule update --init --recursive"
        )

    def stack(self, stack: Stack) -> Stack:
        """The stack as this side runs it. Raises BenchError where it does not run from the repository."""
        if stack.url is not None:
            raise BenchError(
                f"stack {stack.name} runs already at {stack.url}: an A/B starts both revisions, from `argv`"
            )
        cwd = (SHIPPED / stack.cwd).resolve()
        if not cwd.is_relative_to(self.repository):
            raise BenchError(
                f"stack {stack.name} runs in {cwd}, which is not in the repository {self.repository}: name its "
                f"repository with --repo, choose other --stacks, or give the --config that defines them"
            )
        own = self._own(cwd)
        if not own.is_dir():
            raise BenchError(f"{self.revision.ref} has no folder {cwd.relative_to(self.repository)} for {stack.name}")
        env = {**stack.env, **FRESH_BYTECODE}
        return replace(stack, cwd=str(own), env=env, programs=self._programs(stack.programs))

    def companion(self, one: Companion) -> Companion:
        """The companion as this side runs it: what lies in the repository is this side's own."""
        cwd = one.cwd
        if cwd is not None and (folder := (SHIPPED / cwd).resolve()).is_relative_to(self.repository):
            cwd = str(self._own(folder))
        return replace(one, cwd=cwd, programs=self._programs(one.programs))

    def _own(self, path: Path) -> Path:
        """The path within this side that a path within the repository stands for."""
        return self.folder / path.relative_to(self.repository)

    def _programs(self, programs: str | None) -> str | None:
        """The side's own folder of programs where the revision has one, else the folder as it is named."""
        if programs is None or programs == HARNESS:
            return programs
        folder = (SHIPPED / programs).resolve()
        own = self._own(folder) if folder.is_relative_to(self.repository) else folder
        return str(own if own.is_dir() else folder)

    def ran(self, stack: Stack) -> dict[str, str]:
        """The SHA-256 of each file of this side that was run or read by now, by its path within the side.

        What was read has the time of that. Where the file system keeps no such times, every file counts that is no
        source. So does every symbolic link, with where it leads: nobody notes that it was followed.
        """
        read = {self._name(path): file_sha256(path) for path in self._read()}
        links = {self._name(path): str(path.readlink()) for path in self.files if path.is_symlink()}
        return read | links | self.imported(stack)

    def _name(self, path: Path) -> str:
        """The path within the side."""
        return path.relative_to(self.folder).as_posix()

    def imported(self, stack: Stack) -> dict[str, str]:
        """Those that were run.

        What was imported left its bytecode, which the script that a Python of the stack's argv is given does not.
        """
        found = dict[str, str]()
        if Path(stack.argv[0]).name.startswith("python"):
            named = (Path(self.stack(stack).cwd) / part for part in stack.argv[1:])
            scripts = (path for path in named if path.is_file() and path.is_relative_to(self.folder))
            found |= {self._name(path): file_sha256(path) for path in scripts}
        for bytecode in sorted(self.folder.rglob("__pycache__/*.pyc")):
            source = bytecode.parent.parent / f"{bytecode.name.partition('.')[0]}.py"
            if source.is_file():
                found[self._name(source)] = file_sha256(source)
        return found

    def forget_what_ran(self) -> None:
        """Delete what imports left behind, and have no file read so far."""
        for folder in list(self.folder.rglob("__pycache__")):
            shutil.rmtree(folder)
        for path in self._present():
            os.utime(path, ns=(NEVER_READ_NS, path.stat().st_mtime_ns))

    def _present(self) -> list[Path]:
        """The files of the revision that no server has deleted, without links."""
        return [path for path in self.files if path.is_file() and not path.is_symlink()]

    def _read(self) -> list[Path]:
        """The files that were read since `forget_what_ran`."""
        if _notes_reading(self.folder.parent):
            return [path for path in self._present() if path.stat().st_atime_ns > NEVER_READ_NS]
        return [path for path in self._present() if path.suffix != ".py"]

    def compile(self, stacks: Iterable[Stack]) -> None:
        """Compile every file for the Pythons of the stacks: a server that compiles at its start takes more memory."""
        for python in {python_of(self.stack(stack), self.environment) for stack in stacks}:
            # A file that cannot be compiled is none that a server imported.
            argv = (str(python), "-m", "compileall", "-q", str(self.folder))
            # Python looks for modules in its working directory first: in this one there are none.
            env = {**os.environ, **FRESH_BYTECODE}
            subprocess.run(argv, capture_output=True, check=False, env=env, cwd=self.folder.parent)


def _files(folder: Path) -> tuple[Path, ...]:
    """Every file, and every symbolic link, that was checked out into the folder."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return tuple(sorted(path for path in found if not {".git", "__pycache__"} & {*path.relative_to(folder).parts}))


def _notes_reading(folder: Path) -> bool:
    """Whether the file system of the folder keeps the time at which a file was last read."""
    with tempfile.NamedTemporaryFile(dir=folder) as canary:
        path = Path(canary.name)
        path.write_bytes(b"sing")
        os.utime(path, ns=(NEVER_READ_NS, path.stat().st_mtime_ns))
        path.read_bytes()
        return path.stat().st_atime_ns > NEVER_READ_NS


def digest(files: Mapping[str, str]) -> str:
    """One SHA-256 of these files' paths and contents."""
    return hashlib.sha256(
        "\n".join(f"{path} {content}" for path, content in sorted(files.items())).encode()
    ).hexdigest()


@contextmanager
def checked_out(repository: Path, base: str, head: str) -> Iterator[tuple[Checkout, Checkout]]:
    """Both sides of a repository, each in a new folder whose path is as long as the other's; both gone afterwards.

    `.` is the working tree as it is, with its uncommitted changes. A side whose lock file is not the one that is
    installed gets an environment of its own. Raises BenchError where there is no such revision.
    """
    repository = Path(git(repository, "rev-parse", "--show-toplevel")).resolve()
    forget_missing(repository)
    with scratch_folder() as top:
        try:
            made = [_check_out(repository, ref, top / side) for side, ref in zip(SIDES, (base, head), strict=True)]
            installed = file_sha256(repository / LOCK) if repository == CHECKOUT else made[1][0].lock_sha256
            sides = [
                Checkout(
                    revision,
                    repository,
                    top / side,
                    _environment(top, side, revision, installed),
                    lacking,
                    _files(top / side),
                )
                for side, (revision, lacking) in zip(SIDES, made, strict=True)
            ]
            for one in sides:
                one.forget_what_ran()
            yield sides[0], sides[1]
        finally:
            for side in SIDES:
                remove_worktree(repository, top / side)


def _check_out(repository: Path, ref: str, folder: Path) -> tuple[Revision, tuple[str, ...]]:
    """The revision, now in the folder, and its submodules that are not."""
    name = "HEAD" if ref == WORKING_TREE else ref
    try:
        commit = git(repository, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    except BenchError as error:
        raise BenchError(f"{repository} has no revision {ref!r}; a shallow clone may have to fetch it first") from error
    laid = check_out(repository, commit, folder, changes=ref == WORKING_TREE)
    lock = folder / LOCK
    revision = Revision(ref, commit, laid.dirty, file_sha256(lock) if lock.is_file() else None, {})
    return revision, laid.lacking


def _environment(top: Path, side: str, revision: Revision, installed: str | None) -> Path | None:
    """The programs of an environment made for a side; None where the side is locked to what is installed."""
    if revision.lock_sha256 in {None, installed}:
        return None
    environment = top / f"{side}.venv"
    programs = environment / "bin"
    pip = (str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    for argv in (
        (sys.executable, "-m", "venv", str(environment)),
        (*pip, "--require-hashes", "--no-deps", "-r", str(top / side / LOCK)),
    ):
        made = subprocess.run(argv, capture_output=True, check=False, cwd=top)
        if made.returncode:
            said = os.fsdecode(made.stderr or made.stdout).strip().splitlines()[-1:]
            raise BenchError(f"the environment of {revision.ref} cannot be made from its {LOCK}: {' '.join(said)}")
    return programs

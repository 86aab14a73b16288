"""The two sides of an A/B: either revision of a repository in a folder of its own, with what it needs to run."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import BenchError
from bench.model.cell import SIDES
from bench.model.config import Stack
from bench.model.run import Revision
from bench.plan.config import ROOT
from bench.record.machine import file_sha256
from bench.run.host.process import OWN_PROGRAMS

LOCK = "requirements.lock"
WORKING_TREE = "."
FRESH_BYTECODE = {"PYTHONPYCACHEPREFIX": "", "PYTHONDONTWRITEBYTECODE": ""}
"""What a server imports leaves its bytecode beside it: in a fresh folder that is proof of what it ran."""


@dataclass(frozen=True, slots=True)
class Side:
    """One revision: which it is, the folder that holds its files, and that of the programs of its environment."""

    revision: Revision
    repository: Path
    folder: Path
    programs: Path

    def stack(self, stack: Stack) -> Stack:
        """The stack as this side runs it. Raises BenchError where it does not run from the repository."""
        cwd = (ROOT / stack.cwd).resolve()
        if not cwd.is_relative_to(self.repository):
            raise BenchError(
                f"stack {stack.name} runs in {cwd}, which is not in the repository {self.repository}: name its "
                f"repository with --repo, or choose other --stacks"
            )
        own = self.folder / cwd.relative_to(self.repository)
        if not own.is_dir():
            raise BenchError(f"{self.revision.ref} has no folder {cwd.relative_to(self.repository)} for {stack.name}")
        return replace(stack, cwd=str(own), env={**stack.env, **FRESH_BYTECODE})

    def ran(self, stack: Stack) -> dict[str, str]:
        """The SHA-256 of each file of this side that was run by now, by its path within the side.

        What was imported left its bytecode, which the script that a Python of the stack's argv is given does not.
        """
        found = {}
        if Path(stack.argv[0]).name.startswith("python"):
            named = (Path(self.stack(stack).cwd) / part for part in stack.argv[1:])
            scripts = (path for path in named if path.is_file() and path.is_relative_to(self.folder))
            found = {path.relative_to(self.folder).as_posix(): file_sha256(path) for path in scripts}
        for bytecode in sorted(self.folder.rglob("__pycache__/*.pyc")):
            source = bytecode.parent.parent / f"{bytecode.name.partition('.')[0]}.py"
            if source.is_file():
                found[source.relative_to(self.folder).as_posix()] = file_sha256(source)
        return found

    def forget_bytecode(self) -> None:
        """Delete what imports left behind."""
        for folder in list(self.folder.rglob("__pycache__")):
            shutil.rmtree(folder)

    def compile(self) -> None:
        """Compile all there is: a server that compiles as it starts takes more memory than one that does not."""
        # A file that cannot be compiled is nothing that was imported.
        argv = (str(self.programs / "python"), "-m", "compileall", "-q", str(self.folder))
        subprocess.run(argv, capture_output=True, check=False, env={**os.environ, **FRESH_BYTECODE})


def digest(files: Mapping[str, str]) -> str:
    """One SHA-256 of these files' paths and contents."""
    return hashlib.sha256(
        "\n".join(f"{path} {content}" for path, content in sorted(files.items())).encode()
    ).hexdigest()


@contextmanager
def checked_out(repository: Path, base: str, head: str) -> Iterator[tuple[Side, Side]]:
    """Both sides of a repository, each in a new folder whose path is as long as the other's; both gone afterwards.

    `.` is the working tree as it is, with its uncommitted changes. A side whose lock file is not that of the installed
    environment gets an environment of its own. Raises BenchError where there is no such revision.
    """
    repository = Path(_git(repository, "rev-parse", "--show-toplevel")).resolve()
    with tempfile.TemporaryDirectory(prefix="bench-ab-") as name:
        top = Path(name).resolve()
        try:
            revisions = [_check_out(repository, ref, top / arm) for arm, ref in zip(SIDES, (base, head), strict=True)]
            installed = file_sha256(ROOT / LOCK) if repository == ROOT else revisions[1].lock_sha256
            sides = [
                Side(revision, repository, top / arm, _programs(top, arm, revision, installed))
                for arm, revision in zip(SIDES, revisions, strict=True)
            ]
            yield sides[0], sides[1]
        finally:
            for arm in SIDES:
                with suppress(BenchError):  # it was not made yet
                    _git(repository, "worktree", "remove", "--force", "--force", str(top / arm))


def _check_out(repository: Path, ref: str, folder: Path) -> Revision:
    name = "HEAD" if ref == WORKING_TREE else ref
    try:
        commit = _git(repository, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    except BenchError as error:
        raise BenchError(f"{repository} has no revision {ref!r}; a shallow clone may have to fetch it first") from error
    _git(repository, "worktree", "add", "--detach", "--force", str(folder), commit)
    dirty = ref == WORKING_TREE and _lay_changes_over(repository, folder)
    lock = folder / LOCK
    return Revision(ref, commit, dirty, file_sha256(lock) if lock.is_file() else None, {})


def _lay_changes_over(repository: Path, folder: Path) -> bool:
    """Whether there were uncommitted changes, new files included, which now are in the folder too."""
    changed = _names(repository, "ls-files", "--modified", "--others", "--exclude-standard", "-z")
    staged = _names(repository, "diff", "--cached", "--name-only", "--no-renames", "-z")
    names = sorted({*changed, *staged})
    for name in names:
        _clear(folder / name, repository / name)
    for name in names:
        here, there = repository / name, folder / name
        if here.is_symlink() or here.is_file():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(here, there, follow_symlinks=False)
    return bool(names)


def _clear(there: Path, here: Path) -> None:
    """Delete what no longer is of the kind that it is in the working tree; a folder in both is a submodule."""
    if there.is_symlink() or there.is_file():
        there.unlink()
    elif there.is_dir() and (here.is_symlink() or not here.is_dir()):
        shutil.rmtree(there)


def _programs(top: Path, arm: str, revision: Revision, installed: str | None) -> Path:
    """The folder of programs for a side: the harness's own where the side is locked to the same versions."""
    if revision.lock_sha256 in {None, installed}:
        return OWN_PROGRAMS
    environment = top / f"{arm}.venv"
    programs = environment / "bin"
    pip = (str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    for argv in (
        (sys.executable, "-m", "venv", str(environment)),
        (*pip, "--require-hashes", "--no-deps", "-r", str(top / arm / LOCK)),
    ):
        made = subprocess.run(argv, capture_output=True, text=True, check=False)
        if made.returncode:
            said = (made.stderr or made.stdout).strip().splitlines()[-1:]
            raise BenchError(f"the environment of {revision.ref} cannot be made from its {LOCK}: {' '.join(said)}")
    return programs


def _names(repository: Path, *words: str) -> list[str]:
    return [name for name in _git(repository, *words).split("\0") if name]


def _git(repository: Path, *words: str) -> str:
    """What git prints. Raises BenchError with its own words where it fails."""
    try:
        done = subprocess.run(("git", *words), cwd=repository, capture_output=True, check=False)
    except OSError as error:
        raise BenchError(f"git cannot be run in {repository}: {error.strerror}") from error
    if done.returncode:
        said = os.fsdecode(done.stderr).strip() or f"exit code {done.returncode}"
        raise BenchError(f"git {' '.join(words[:2])}: {said.splitlines()[-1]}")
    return os.fsdecode(done.stdout).strip("\n")

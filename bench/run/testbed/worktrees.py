"""A commit in a folder of its own, by git: with its submodules, and with uncommitted changes where they are wanted."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.model.cell import SIDES
from bench.run.host.owner import owner_in

SUBMODULE = "160000"
"""The mode of an entry that stands for a commit of another repository."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the files of one level come from: its git folder, and its working tree, which may be absent."""

    git_dir: Path
    tree: Path

    @property
    def checked_out(self) -> bool:
        """Whether there is a working tree."""
        return (self.tree / ".git").exists()

    def git(self, *words: str) -> str:
        """What git prints of this repository, also where its working tree is gone."""
        own = str(self.git_dir)
        return git(self.git_dir, "--git-dir", own, "--work-tree", own, *words)


@dataclass(frozen=True, slots=True)
class Laid:
    """What lies in a folder: whether it differs from the commit, and the submodules that are not checked out."""

    dirty: bool
    lacking: tuple[str, ...]


def check_out(repository: Path, commit: str, folder: Path, *, changes: bool) -> Laid:
    """Put a commit into a new folder; with `changes`, the working tree as it is. Nothing is fetched.

    Raises BenchError where git cannot do it.
    """
    git(repository, "worktree", "add", "--detach", "--force", str(folder), commit)
    dirty = changes and _lay_changes_over(repository, folder)
    source = Source((repository / git(repository, "rev-parse", "--git-common-dir")).resolve(), repository)
    laid = _fill(source, commit, folder, changes=changes)
    return Laid(dirty or laid.dirty, laid.lacking)


def remove_worktree(repository: Path, folder: Path) -> None:
    """Make the repository forget a worktree, and delete it; nothing happens where it is none."""
    with suppress(BenchError):  # it was not made yet, or the repository is gone: git forgets it by itself some day
        git(repository, "worktree", "remove", "--force", "--force", str(folder))


def remove_sides(folder: Path) -> None:
    """Make their repository forget the two sides of an A/B in the temporary folder of a killed harness."""
    for side in SIDES:
        link = folder / side / ".git"
        if link.is_file():
            administration = Path(link.read_text(encoding="utf-8").removeprefix("gitdir:").strip())
            remove_worktree(administration.parent.parent, folder / side)


def forget_missing(repository: Path) -> None:
    """Make the repository forget the sides of killed A/Bs whose temporary folder is gone, as after a restart."""
    for line in git(repository, "worktree", "list", "--porcelain").splitlines():
        path = Path(line.removeprefix("worktree "))
        if line.startswith("worktree ") and owner_in(path.parent.name) is not None and not path.exists():
            remove_worktree(repository, path)


def git(folder: Path, *words: str, env: Mapping[str, str] = {}) -> str:
    """What git prints. Raises BenchError with its own words where it fails."""
    try:
        done = subprocess.run(("git", *words), cwd=folder, capture_output=True, check=False, env={**os.environ, **env})
    except OSError as error:
        raise BenchError(f"git cannot be run in {folder}: {error.strerror}") from error
    if done.returncode:
        said = os.fsdecode(done.stderr).strip() or f"exit code {done.returncode}"
        raise BenchError(f"git {' '.join(words[:2])}: {said.splitlines()[-1]}")
    return os.fsdecode(done.stdout).strip("\n")


def _fill(source: Source, commit: str, folder: Path, *, changes: bool) -> Laid:
    """Check out the submodules of a commit, and theirs, from what is in the repository and its submodules."""
    dirty, lacking = False, []
    for path, recorded in _links(source, commit, changes=changes):
        own = _submodule(source, commit, path)
        as_it_is = changes and own is not None and own.checked_out
        wanted = git(own.tree, "rev-parse", "HEAD") if own is not None and as_it_is else recorded
        if own is None or not _has(own, wanted):
            lacking.append(path)
            continue
        _export(own, wanted, folder / path)
        if as_it_is:
            dirty |= _lay_changes_over(own.tree, folder / path) or wanted != recorded
        below = _fill(own, wanted, folder / path, changes=as_it_is)
        dirty |= below.dirty
        lacking += [f"{path}/{name}" for name in below.lacking]
    return Laid(dirty, tuple(lacking))


def _links(source: Source, commit: str, *, changes: bool) -> Iterator[tuple[str, str]]:
    """The path of each submodule and the commit of it that is recorded; with `changes`, in the index."""
    if changes:
        listed, place = git(source.tree, "ls-files", "--stage", "-z"), 1
    else:
        listed, place = source.git("ls-tree", "--full-tree", "-r", "-z", commit), 2
    for entry in listed.split("\0"):
        about, _, path = entry.partition("\t")
        if about.startswith(SUBMODULE):
            yield path, about.split()[place]


def _submodule(source: Source, commit: str, path: str) -> Source | None:
    """Where the files of a submodule come from; None where it was never fetched."""
    tree = source.tree / path
    if (tree / ".git").exists():
        return Source(Path(git(tree, "rev-parse", "--absolute-git-dir")), tree)
    with suppress(BenchError):  # .gitmodules does not name it
        named = source.git("config", "--blob", f"{commit}:.gitmodules", "--get-regexp", r"^submodule\..*\.path$")
        for line in named.splitlines():
            key, _, value = line.partition(" ")
            git_dir = source.git_dir / "modules" / key.removeprefix("submodule.").removesuffix(".path")
            if value == path and git_dir.is_dir():
                return Source(git_dir, tree)
    return None


def _has(source: Source, commit: str) -> bool:
    try:
        source.git("cat-file", "-e", f"{commit}^{{commit}}")
    except BenchError:
        return False
    return True


def _export(source: Source, commit: str, folder: Path) -> None:
    """Put the files of a commit into a folder; neither the repository nor its working tree notices."""
    folder.mkdir(parents=True, exist_ok=True)
    index = folder.parent / f"{folder.name}.index"
    where = ("--git-dir", str(source.git_dir), "--work-tree", str(folder))
    try:
        for words in (("read-tree", commit), ("checkout-index", "--all", "--force")):
            git(folder, *where, *words, env={"GIT_INDEX_FILE": str(index)})
    finally:
        index.unlink(missing_ok=True)


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


def _names(repository: Path, *words: str) -> list[str]:
    return [name for name in git(repository, *words).split("\0") if name]

"""Both sides of small real repositories."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.config import HARNESS, Companion, Stack
from bench.run.host.scratch import delete_abandoned
from bench.run.testbed import revisions
from bench.run.testbed.revisions import LOCK, Checkout, checked_out, digest
from bench.run.testbed.worktrees import remove_sides

STACK = Stack("mine", "mine", "wsgi", ("serve",), {"COLOUR": "red"}, 1, 1, 1, None, ".")
FILES = {
    ".gitignore": "*.log\n/ignored/\n__pycache__/\n",
    "kept.txt": "kept\n",
    "changed.txt": "as it was\n",
    "staged.txt": "as it was\n",
    "twice.txt": "as it was\n",
    "deleted.txt": "soon gone\n",
    "removed.txt": "soon gone\n",
    "forgotten.txt": "no longer tracked\n",
    "app/__init__.py": "",
    "app/main.py": "from app import part\n",
    "app/part.py": "VALUE = 1\n",
    "app/unused.py": "VALUE = 0\n",
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Git without any user's settings, and a temporary folder of the test's own."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Nobody")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "nobody@example.com")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()


class Repository:
    """A repository whose first commit is tagged v1."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.write(files)
        self.commit("v1")

    def git(self, *words: str) -> str:
        return subprocess.run(
            ("git", *words), cwd=self.folder, capture_output=True, text=True, check=True
        ).stdout.strip()

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def commit(self, tag: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", tag)
        self.git("tag", tag)
        return self.git("rev-parse", "HEAD")

    def state(self) -> tuple[str, ...]:
        """Everything that must not change."""
        asked = (("status", "--porcelain"), ("ls-files", "--stage"), ("rev-parse", "HEAD"), ("branch", "--all"))
        return (*(self.git(*words) for words in (*asked, ("stash", "list"), ("tag",))), str(contents(self.folder)))

    def worktrees(self) -> int:
        return len(self.git("worktree", "list").splitlines())


def contents(folder: Path) -> dict[str, str]:
    """The text of each file of a folder, or where a link leads; without git's own files."""
    return {
        path.relative_to(folder).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for path in folder.rglob("*")
        if path.relative_to(folder).parts[0] != ".git" and (path.is_symlink() or path.is_file())
    }


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "mine", FILES)


def nothing_is_left(repository: Repository) -> bool:
    temporary = Path(tempfile.gettempdir())
    return list(temporary.iterdir()) == [] and repository.worktrees() == 1


def test_base_is_the_commit_and_head_is_the_working_tree_with_all_its_changes(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.write({"kept.txt": "kept, second edition\n"})
    second = repository.commit("v2")
    repository.write({"changed.txt": "changed\n", "staged.txt": "staged\n", "twice.txt": "staged\n"})
    repository.write({"added.txt": "new and staged\n"})
    repository.git("add", "staged.txt", "twice.txt", "added.txt")
    repository.write({"twice.txt": "and changed again\n"})
    repository.write({"new.txt": "new\n", "new folder/näme with\ttab.txt": "new too\n"})
    repository.write({"server.log": "ignored\n", "ignored/secret.txt": "ignored\n"})
    (repository.folder / "deleted.txt").unlink()
    repository.git("rm", "--quiet", "removed.txt")
    repository.git("rm", "--quiet", "--cached", "forgotten.txt")
    (repository.folder / "link").symlink_to("kept.txt")
    before = repository.state()
    with checked_out(repository.folder, "v1", ".") as (base, head):
        assert repository.state() == before
        assert contents(base.folder) == FILES
        wanted = contents(repository.folder)
        assert wanted.pop("server.log")
        assert wanted.pop("ignored/secret.txt")
        assert contents(head.folder) == wanted
        assert wanted["link"] == "-> kept.txt"
        assert (base.revision.ref, base.revision.commit, base.revision.dirty) == ("v1", first, False)
        assert (head.revision.ref, head.revision.commit, head.revision.dirty) == (".", second, True)
        assert base.revision.lock_sha256 is head.revision.lock_sha256 is None
        assert base.environment is head.environment is None
    assert repository.state() == before
    assert nothing_is_left(repository)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda one: one.write({"changed.txt": "changed\n"}), id="modified"),
        pytest.param(lambda one: one.write({"new.txt": "new\n"}), id="new"),
        pytest.param(lambda one: (one.folder / "deleted.txt").unlink(), id="deleted"),
        pytest.param(lambda one: one.git("rm", "--quiet", "removed.txt"), id="removed"),
        pytest.param(lambda one: (one.folder / "kept.txt").chmod(0o755), id="mode"),
    ],
)
def test_any_one_change_makes_head_dirty(repository: Repository, change: Callable[[Repository], object]) -> None:
    change(repository)
    before = repository.state()
    with checked_out(repository.folder, "HEAD", ".") as (base, head):
        assert (base.revision.dirty, head.revision.dirty) == (False, True)
        assert base.revision.commit == head.revision.commit
        assert contents(head.folder) == contents(repository.folder)
        assert contents(base.folder) == FILES
        kept = repository.folder / "kept.txt"
        assert (head.folder / "kept.txt").stat().st_mode == kept.stat().st_mode
    assert repository.state() == before


def test_a_working_tree_without_changes_is_not_dirty_whatever_git_ignores(repository: Repository) -> None:
    repository.write({"server.log": "ignored\n"})
    with checked_out(repository.folder, "HEAD", ".") as (base, head):
        assert (base.revision.dirty, head.revision.dirty) == (False, False)
        assert contents(base.folder) == contents(head.folder) == FILES


def test_head_may_be_a_revision_and_then_has_no_uncommitted_changes(repository: Repository) -> None:
    repository.write({"kept.txt": "kept, second edition\n"})
    second = repository.commit("v2")
    repository.git("branch", "feature")
    repository.write({"kept.txt": "not committed\n", "new.txt": "not committed\n"})
    for ref in ("v2", "feature", "HEAD", second[:8]):
        with checked_out(repository.folder, f"{ref}~1", ref) as (base, head):
            assert (head.revision.ref, head.revision.commit, head.revision.dirty) == (ref, second, False)
            assert contents(head.folder) == {**FILES, "kept.txt": "kept, second edition\n"}
            assert contents(base.folder) == FILES


def test_both_sides_may_be_the_same(repository: Repository) -> None:
    repository.write({"kept.txt": "not committed\n"})
    with checked_out(repository.folder, ".", ".") as (base, head):
        assert base.folder != head.folder
        assert contents(base.folder) == contents(head.folder) == contents(repository.folder)
        assert base.revision == head.revision


def test_the_paths_of_both_sides_are_equally_long(repository: Repository) -> None:
    with checked_out(repository.folder, "v1", ".") as (base, head):
        assert len(str(base.folder)) == len(str(head.folder))
        assert base.folder.parent == head.folder.parent
        assert (base.folder.name, head.folder.name) == ("base", "head")


def test_a_folder_inside_the_repository_means_the_repository(repository: Repository) -> None:
    with checked_out(repository.folder / "app", "v1", ".") as (base, head):
        assert contents(base.folder) == contents(head.folder) == FILES
        assert base.repository == head.repository == repository.folder


@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), BenchError("x")], ids=repr)
def test_nothing_is_left_of_the_two_sides_whatever_goes_wrong(repository: Repository, error: BaseException) -> None:
    repository.write({"kept.txt": "not committed\n"})
    before = repository.state()

    def fail() -> None:
        with checked_out(repository.folder, "v1", ".") as (base, head):
            assert repository.worktrees() == 3
            (head.folder / "left.txt").write_text("by a server")
            (base.folder / "app" / "__pycache__").mkdir()
            raise error

    with pytest.raises(type(error)):
        fail()
    assert repository.state() == before
    assert nothing_is_left(repository)


def test_a_revision_that_is_checked_out_elsewhere_may_be_a_side_and_stays_checked_out(
    repository: Repository, tmp_path: Path
) -> None:
    repository.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    with checked_out(repository.folder, "other", "main") as (base, head):
        assert contents(base.folder) == contents(head.folder) == FILES
    assert repository.worktrees() == 2
    assert contents(tmp_path / "other") == FILES


@pytest.mark.parametrize(
    ("base", "head", "wrong"),
    [
        ("nowhere", ".", "nowhere"), ("v1", "nowhere", "nowhere"), ("v1", "--all", "--all"),
        ("v1", "v1:kept.txt", "v1:kept.txt"),
    ],
)  # fmt: skip
def test_a_revision_that_does_not_exist_is_named_and_nothing_is_left(
    repository: Repository, base: str, head: str, wrong: str
) -> None:
    before = repository.state()
    with pytest.raises(BenchError, match=f"has no revision '{wrong}'; "), checked_out(repository.folder, base, head):
        pass
    assert repository.state() == before
    assert nothing_is_left(repository)


def test_a_folder_that_is_no_repository_or_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="not a git repository"), checked_out(tmp_path, "v1", "."):
        pass
    absent = tmp_path / "absent"
    with (
        pytest.raises(BenchError, match=f"git cannot be run in {absent}: No such file"),
        checked_out(absent, "v1", "."),
    ):
        pass


def test_a_machine_without_git_is_an_error(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchError, match="git cannot be run in"), checked_out(repository.folder, "v1", "."):
        pass


def test_a_stack_runs_in_its_own_folder_of_the_side(repository: Repository) -> None:
    with checked_out(repository.folder, "v1", ".") as sides:
        for side in sides:
            top = side.stack(replace(STACK, cwd=str(repository.folder)))
            assert Path(top.cwd) == side.folder
            below = side.stack(replace(STACK, cwd=str(repository.folder / "app")))
            assert Path(below.cwd) == side.folder / "app"
            assert below.env["COLOUR"] == "red"
            assert (below.name, below.argv) == (STACK.name, STACK.argv)


def test_a_companion_in_the_repository_is_each_sides_own(repository: Repository) -> None:
    inside, outside = (
        Companion("worker", ("work",), cwd=str(folder), programs=str(folder))
        for folder in (repository.folder / "app", "/")
    )
    with checked_out(repository.folder, "v1", ".") as sides:
        for side in sides:
            own = side.companion(inside)
            assert (own.cwd, own.programs) == (str(side.folder / "app"), str(side.folder / "app"))
            assert side.companion(outside) == outside
            assert side.companion(Companion("db", ("db",))) == Companion("db", ("db",))


def test_a_relative_folder_of_a_stack_is_relative_to_the_checkout_of_the_harness(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "SHIPPED", repository.folder)
    repository.write({LOCK: "one==1\n"})
    repository.commit("v2")
    with checked_out(repository.folder, "v2", ".") as (base, _):
        assert Path(base.stack(replace(STACK, cwd="app")).cwd) == base.folder / "app"
        assert Path(base.stack(replace(STACK, cwd=".")).cwd) == base.folder


def test_a_stack_that_runs_outside_the_repository_or_whose_folder_a_side_lacks_is_an_error(
    repository: Repository, tmp_path: Path
) -> None:
    repository.write({"later/serve.py": "pass\n"})
    with checked_out(repository.folder, "v1", ".") as (base, head):
        later = replace(STACK, cwd=str(repository.folder / "later"))
        assert Path(head.stack(later).cwd) == head.folder / "later"
        with pytest.raises(BenchError, match=r"^v1 has no folder later for mine$"):
            base.stack(later)
        elsewhere = replace(STACK, cwd=str(tmp_path))
        with pytest.raises(BenchError, match=r"stack mine runs in .*, which is not in the repository .*--repo"):
            head.stack(elsewhere)


def test_a_sides_own_folder_of_programs_comes_before_that_of_the_working_tree(
    repository: Repository, tmp_path: Path
) -> None:
    stack = replace(STACK, cwd=str(repository.folder), programs=str(repository.folder / "bin"))
    repository.write({"bin/serve": "exit 0\n"})
    (tmp_path / "outside").mkdir()
    with checked_out(repository.folder, "v1", ".") as (base, head):
        assert head.stack(stack).programs == str(head.folder / "bin")
        assert base.stack(stack).programs == str(repository.folder / "bin")  # as .venv, which no revision has
        assert head.stack(replace(stack, programs=str(tmp_path / "outside"))).programs == str(tmp_path / "outside")
        assert head.stack(replace(stack, programs=None)).programs is None
        assert head.stack(replace(stack, programs=HARNESS)).programs == HARNESS


def ran(side: Checkout, repository: Repository) -> dict[str, str]:
    return side.ran(replace(STACK, cwd=str(repository.folder)))


def imports(side: Checkout, repository: Repository, module: str, *options: str) -> None:
    """A program of the stack that imports a module, as a server does."""
    stack = side.stack(replace(STACK, cwd=str(repository.folder)))
    argv = (sys.executable, *options, "-c", f"import {module}")
    subprocess.run(argv, cwd=stack.cwd, env={**os.environ, **stack.env}, check=True)


@pytest.mark.parametrize("settings", [{}, {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "elsewhere"}])
def test_the_bytecode_shows_what_a_server_imported_whatever_the_settings_for_bytecode(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    repository.write({"app/part.py": "VALUE = 2\n"})
    with checked_out(repository.folder, "v1", ".") as (base, head):
        assert ran(base, repository) == ran(head, repository) == {}
        for side in (base, head):
            imports(side, repository, "app.main")
        wanted = {
            name: hashlib.sha256(FILES[name].encode()).hexdigest()
            for name in ("app/__init__.py", "app/main.py", "app/part.py")
        }
        assert ran(base, repository) == wanted
        assert ran(head, repository) == {**wanted, "app/part.py": hashlib.sha256(b"VALUE = 2\n").hexdigest()}
        assert digest(ran(base, repository)) != digest(ran(head, repository))


def test_a_script_in_the_argv_of_the_stack_counts_although_it_leaves_no_bytecode(repository: Repository) -> None:
    with checked_out(repository.folder, "v1", ".") as (base, _):
        script = replace(
            STACK, cwd=str(repository.folder), argv=("python3", "app/unused.py", "/etc/hostname", "{port}")
        )
        assert list(base.ran(replace(script, argv=("serve", "-c", "app/unused.py")))) == []
        assert list(base.ran(script)) == ["app/unused.py"]


def test_optimised_bytecode_counts_and_bytecode_without_its_source_does_not(
    repository: Repository,
) -> None:
    with checked_out(repository.folder, "v1", ".") as (base, _):
        imports(base, repository, "app.main", "-OO")
        assert list(ran(base, repository)) == ["app/__init__.py", "app/main.py", "app/part.py"]
        (base.folder / "app" / "part.py").unlink()
        assert list(ran(base, repository)) == ["app/__init__.py", "app/main.py"]


def test_what_was_imported_before_can_be_forgotten(repository: Repository) -> None:
    with checked_out(repository.folder, "v1", ".") as (base, _):
        imports(base, repository, "app.main")
        base.forget_what_ran()
        assert ran(base, repository) == {}
        assert not list(base.folder.rglob("*.pyc"))
        assert contents(base.folder) == FILES
        base.forget_what_ran()
        imports(base, repository, "app.unused")
        assert list(ran(base, repository)) == ["app/__init__.py", "app/unused.py"]


def reads(side: Checkout, name: str) -> None:
    """What a server does with its data."""
    (side.folder / name).read_bytes()


def test_a_file_that_was_read_counts_and_one_that_was_not_does_not(repository: Repository) -> None:
    repository.write({"kept.txt": "other data\n", "changed.txt": "other data\n"})
    with checked_out(repository.folder, "v1", ".") as (base, head):
        for side in (base, head):
            imports(side, repository, "app.main")
        assert digest(ran(base, repository)) == digest(ran(head, repository))
        for side in (base, head):
            reads(side, "deleted.txt")
        assert digest(ran(base, repository)) == digest(ran(head, repository))
        for side in (base, head):
            reads(side, "kept.txt")
        assert {*ran(base, repository)} == {*ran(head, repository)} >= {"kept.txt", "deleted.txt"}
        assert "changed.txt" not in ran(base, repository)
        assert digest(ran(base, repository)) != digest(ran(head, repository))


def test_what_was_read_was_not_imported(repository: Repository) -> None:
    with checked_out(repository.folder, "v1", ".") as (base, _):
        stack = replace(STACK, cwd=str(repository.folder))
        reads(base, "kept.txt")
        assert base.imported(stack) == {}
        imports(base, repository, "app.unused")
        assert list(base.imported(stack)) == ["app/__init__.py", "app/unused.py"]
        assert {*base.ran(stack)} == {"app/__init__.py", "app/unused.py", "kept.txt"}


def test_a_link_counts_with_where_it_leads_though_nothing_tells_that_it_was_followed(repository: Repository) -> None:
    link = repository.folder / "data"
    link.symlink_to("kept.txt")
    repository.commit("v2")
    link.unlink()
    link.symlink_to("nowhere")
    with checked_out(repository.folder, "v2", ".") as (base, head):
        assert (ran(base, repository), ran(head, repository)) == ({"data": "kept.txt"}, {"data": "nowhere"})


def test_that_a_file_was_read_can_be_forgotten_and_seen_anew(repository: Repository) -> None:
    with checked_out(repository.folder, "v1", ".") as (base, _):
        written_ns = (base.folder / "kept.txt").stat().st_mtime_ns
        for _ in range(2):
            reads(base, "kept.txt")
            assert list(ran(base, repository)) == ["kept.txt"]
            base.forget_what_ran()
            assert ran(base, repository) == {}
        assert (base.folder / "kept.txt").stat().st_mtime_ns == written_ns


def test_checking_out_reads_nothing(repository: Repository) -> None:
    repository.write({"new.txt": "new\n"})
    with checked_out(repository.folder, "v1", ".") as (base, head):
        assert ran(base, repository) == ran(head, repository) == {}


def test_where_no_times_of_reading_are_kept_every_file_counts_that_is_no_source(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "_notes_reading", lambda _: False)
    with checked_out(repository.folder, "v1", ".") as (base, head):
        imports(base, repository, "app.main")
        data = {name for name in FILES if not name.endswith(".py")}
        assert {*ran(base, repository)} == data | {"app/__init__.py", "app/main.py", "app/part.py"}
        assert {*ran(head, repository)} == data


def test_a_file_system_that_keeps_times_of_reading_is_told_by_a_file_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert revisions._notes_reading(tmp_path)
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"")  # nothing is noted
    assert not revisions._notes_reading(tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "temporary"]


def test_what_a_server_writes_beside_its_code_is_no_data_that_it_reads(repository: Repository) -> None:
    with checked_out(repository.folder, "v1", ".") as (base, head):
        for side in (base, head):
            imports(side, repository, "app.main")
            (side.folder / "access.log").write_text(f"{side.folder} at some time\n")
        assert "access.log" not in ran(base, repository)
        assert digest(ran(base, repository)) == digest(ran(head, repository))
        base.forget_what_ran()
        assert ran(base, repository) == {}


def test_data_that_a_server_changed_counts(repository: Repository) -> None:
    with checked_out(repository.folder, "v1", ".") as (base, head):
        for side in (base, head):
            reads(side, "kept.txt")
            (side.folder / "kept.txt").write_text(f"{side.folder}\n")
        assert digest(ran(base, repository)) != digest(ran(head, repository))
        (base.folder / "kept.txt").unlink()
        assert ran(base, repository) == {}


def test_every_file_is_compiled_except_those_that_cannot_be(repository: Repository) -> None:
    repository.write({"app/broken.py": "def\n", "app/deep/er.py": "pass\n"})
    with checked_out(repository.folder, "v1", ".") as (_, head):
        head.compile([replace(STACK, cwd=str(repository.folder))])
        compiled = {path.parent.parent / f"{path.name.split('.')[0]}.py" for path in head.folder.rglob("*.pyc")}
        assert {path.relative_to(head.folder).as_posix() for path in compiled} == {
            *(name for name in FILES if name.endswith(".py")),
            "app/deep/er.py",
        }


def test_the_python_beside_the_stacks_program_compiles_as_it_is_the_one_that_will_run(
    repository: Repository, tmp_path: Path
) -> None:
    programs = tmp_path / "their" / "bin"
    programs.mkdir(parents=True)
    for name, text in (("serve", "#!/bin/sh\n"), ("python", f'#!/bin/sh\necho "$@" >> {tmp_path}/compiled\n')):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    stack = replace(STACK, cwd=str(repository.folder), programs=str(programs))
    with checked_out(repository.folder, "v1", ".") as (base, _):
        base.compile([stack, replace(stack, name="another")])
        assert (tmp_path / "compiled").read_text() == f"-m compileall -q {base.folder}\n"


def test_compiled_files_are_where_a_server_looks_for_them_whatever_the_settings_for_bytecode(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "prefix"))
    with checked_out(repository.folder, "v1", ".") as (base, _):
        base.compile([replace(STACK, cwd=str(repository.folder))])
        assert "app/main.py" in ran(base, repository)


def test_a_digest_depends_on_paths_and_contents_and_on_nothing_else() -> None:
    files = {"a.py": "11", "b.py": "22"}
    assert digest(files) == digest({"b.py": "22", "a.py": "11"})
    others = [
        {"a.py": "11", "b.py": "23"},
        {"a.py": "11", "c.py": "22"},
        {"a.py": "11"},
        {"a.py": "22", "b.py": "11"},
        {},
    ]
    assert len({digest(each) for each in (files, *others)}) == 6


class Programs:
    """Takes the place of venv and pip: notes what was run, and fails where a test wants it. Git runs for real."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ran: list[tuple[str, ...]] = []
        self.failing: str | None = None
        self.real = subprocess.run
        monkeypatch.setattr("bench.run.testbed.revisions.subprocess.run", self.run)

    def run(self, argv: tuple[str, ...], **options: object) -> "subprocess.CompletedProcess[str]":
        if argv[0] == "git":
            return self.real(argv, **options)  # type: ignore[call-overload, no-any-return]
        self.ran.append(argv)
        if self.failing is not None and self.failing in argv:
            return subprocess.CompletedProcess(argv, 1, "", "Collecting one\nERROR: no matching hashes\n")
        return subprocess.CompletedProcess(argv, 0, "", "")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs(monkeypatch)


@pytest.fixture
def locked(repository: Repository) -> Repository:
    """A repository whose lock file was introduced in v2 and changed in v3."""
    repository.write({LOCK: "one==1\n"})
    repository.commit("v2")
    repository.write({LOCK: "one==2\n"})
    repository.commit("v3")
    return repository


def wanted(side: Checkout) -> list[tuple[str, ...]]:
    """The commands that make its environment."""
    environment = side.folder.parent / f"{side.folder.name}.venv"
    return [
        (sys.executable, "-m", "venv", str(environment)),
        (
            str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--require-hashes", "--no-deps", "-r", str(side.folder / LOCK),
        ),
    ]  # fmt: skip


def test_a_side_with_another_lock_file_gets_an_environment_of_its_own(locked: Repository, programs: Programs) -> None:
    with checked_out(locked.folder, "v2", ".") as (base, head):
        assert programs.ran == wanted(base)
        assert base.environment == base.folder.parent / "base.venv" / "bin"
        assert head.environment is None
        assert base.revision.lock_sha256 == hashlib.sha256(b"one==1\n").hexdigest()
        assert head.revision.lock_sha256 == hashlib.sha256(b"one==2\n").hexdigest()


@pytest.mark.parametrize(("base", "head"), [("v3", "."), ("v3", "v3"), ("v2", "v2"), ("v1", "v2"), ("v1", "v1")])
def test_sides_with_the_same_lock_file_or_without_one_run_in_the_environment_of_the_harness(
    locked: Repository, programs: Programs, base: str, head: str
) -> None:
    with checked_out(locked.folder, base, head) as sides:
        assert [side.environment for side in sides] == [None] * 2
    assert programs.ran == []


def test_in_the_repository_of_the_harness_the_lock_file_of_its_working_tree_is_the_installed_one(
    locked: Repository, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revisions, "CHECKOUT", locked.folder)
    with checked_out(locked.folder, "v2", "v2") as (base, head):
        assert programs.ran == [*wanted(base), *wanted(head)]
        assert base.environment is not None
        assert head.environment is not None
        assert [one.parent.name for one in (base.environment, head.environment)] == ["base.venv", "head.venv"]
        assert len(str(base.environment)) == len(str(head.environment))
    programs.ran.clear()
    with checked_out(locked.folder, "v1", "v3") as (base, head):
        assert base.environment is head.environment is None
    assert programs.ran == []


def test_an_uncommitted_change_of_the_lock_file_counts(locked: Repository, programs: Programs) -> None:
    locked.write({LOCK: "one==3\n"})
    with checked_out(locked.folder, "v3", ".") as (base, head):
        assert head.revision.lock_sha256 == hashlib.sha256(b"one==3\n").hexdigest()
        assert programs.ran == wanted(base)


@pytest.mark.parametrize("failing", ["venv", "pip"])
def test_an_environment_that_cannot_be_made_is_an_error_and_leaves_nothing(
    locked: Repository, programs: Programs, failing: str
) -> None:
    programs.failing = failing
    said = r"^the environment of v2 cannot be made from its requirements\.lock: ERROR: no matching hashes$"
    with pytest.raises(BenchError, match=said), checked_out(locked.folder, "v2", "."):
        pass
    assert len(programs.ran) == (1 if failing == "venv" else 2)
    assert nothing_is_left(locked)


def test_a_file_that_was_renamed_with_git_has_only_its_new_name(repository: Repository) -> None:
    repository.git("mv", "app/unused.py", "app/renamed.py")
    with checked_out(repository.folder, "v1", ".") as (_, head):
        assert head.revision.dirty
        assert contents(head.folder) == contents(repository.folder)


@pytest.mark.parametrize("target", ["app", "nowhere"])
@pytest.mark.parametrize("tracked", [True, False])
def test_a_link_to_a_folder_or_to_nothing_is_copied_as_a_link(
    repository: Repository, target: str, tracked: bool
) -> None:
    link = repository.folder / "link"
    if tracked:
        link.symlink_to("kept.txt")
        repository.commit("v2")
        link.unlink()
    link.symlink_to(target)
    with checked_out(repository.folder, "v1", ".") as (_, head):
        assert contents(head.folder)["link"] == f"-> {target}"


@pytest.mark.parametrize("link", [True, False])
def test_a_folder_may_have_become_a_file_or_a_link(repository: Repository, link: bool) -> None:
    for name in ("__init__.py", "main.py", "part.py", "unused.py"):
        (repository.folder / "app" / name).unlink()
    (repository.folder / "app").rmdir()
    if link:
        (repository.folder / "app").symlink_to("kept.txt")
    else:
        (repository.folder / "app").write_text("now a file\n")
    with checked_out(repository.folder, "v1", ".") as (_, head):
        assert contents(head.folder) == contents(repository.folder)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
def test_a_file_name_may_have_any_bytes(repository: Repository) -> None:
    name = b"caf\xe9.txt"
    (repository.folder / os.fsdecode(name)).write_text("new\n")
    with checked_out(repository.folder, "v1", ".") as (_, head):
        assert name in [os.fsencode(path.name) for path in head.folder.iterdir()]


def test_another_worktree_whose_folder_is_unmounted_stays_registered(repository: Repository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    (tmp_path / "other").rename(tmp_path / "unmounted")
    with checked_out(repository.folder, "v1", "."):
        pass
    assert repository.worktrees() == 2


@pytest.fixture
def library(tmp_path: Path, repository: Repository) -> Repository:
    """A repository that is a submodule of `repository`, at libs/part, from its tag v2 on; it has one of its own."""
    deep = Repository(tmp_path / "deep", {"deep.py": "DEEP = 1\n"})
    library = Repository(tmp_path / "library", {"part.py": "PART = 1\n"})
    local = ("-c", "protocol.file.allow=always")
    library.git(*local, "submodule", "--quiet", "add", str(deep.folder), "deep")
    library.commit("v2")
    repository.git(*local, "submodule", "--quiet", "add", str(library.folder), "libs/part")
    repository.git(*local, "submodule", "--quiet", "update", "--init", "--recursive")
    repository.commit("v2")
    return library


PARTS = {"libs/part/part.py": "PART = 1\n", "libs/part/deep/deep.py": "DEEP = 1\n"}


def parts(side: Checkout) -> dict[str, str]:
    return {
        name: text for name, text in contents(side.folder).items() if name.startswith("libs/") and "git" not in name
    }


@pytest.mark.usefixtures("library")
def test_the_submodules_of_a_revision_are_checked_out_without_a_network(repository: Repository) -> None:
    before = repository.state()
    with checked_out(repository.folder, "v2", ".") as (base, head):
        assert parts(base) == parts(head) == PARTS
        assert (base.lacks, head.lacks, head.revision.dirty) == (None, None, False)
    assert repository.state() == before
    assert nothing_is_left(repository)


@pytest.mark.usefixtures("library")
def test_a_submodule_of_base_is_the_one_that_base_records_and_that_of_the_working_tree_is_as_it_is(
    repository: Repository,
) -> None:
    part = repository.folder / "libs" / "part"
    (part / "part.py").write_text("PART = 2\n")
    subprocess.run(("git", "commit", "--quiet", "--all", "--message", "two"), cwd=part, check=True)
    repository.commit("v3")
    (part / "part.py").write_text("PART = 3\n")
    (part / "deep" / "new.py").write_text("NEW = 1\n")
    with checked_out(repository.folder, "v2", ".") as (base, head):
        assert parts(base) == PARTS
        assert parts(head) == {**PARTS, "libs/part/part.py": "PART = 3\n", "libs/part/deep/new.py": "NEW = 1\n"}
        assert (base.revision.dirty, head.revision.dirty) == (False, True)
    with checked_out(repository.folder, "v3", "v2") as (base, head):
        assert parts(base) == {**PARTS, "libs/part/part.py": "PART = 2\n"}
        assert parts(head) == PARTS


@pytest.mark.usefixtures("library")
def test_a_submodule_that_the_working_tree_no_longer_has_is_found_in_the_repository(repository: Repository) -> None:
    repository.git("rm", "--quiet", "--force", "libs/part")
    repository.commit("v3")
    with checked_out(repository.folder, "v2", "v3") as (base, head):
        assert parts(base) == PARTS
        assert parts(head) == {}
        assert base.lacks is None


@pytest.mark.usefixtures("library")
def test_submodules_that_were_never_fetched_are_named_with_what_to_do(repository: Repository, tmp_path: Path) -> None:
    bare = tmp_path / "clone"
    repository.git("clone", "--quiet", str(repository.folder), str(bare))
    with checked_out(bare, "v2", ".") as (base, head):
        assert parts(base) == parts(head) == {}
        assert base.lacks == (
            f"v2 was measured without its submodules libs/part, because their commits are not in {bare}: "
            "fetch them with git submodule update --init --recursive"
        )
        assert head.lacks is not None


def killed(repository: Repository) -> Path:
    """The temporary folder of an A/B that was killed."""
    code = (
        "import os, sys; from pathlib import Path; from bench.run.testbed.revisions import checked_out\n"
        "with checked_out(Path(sys.argv[1]), 'v1', '.') as (base, _):\n"
        "    print(base.folder.parent, flush=True); os.kill(os.getpid(), 9)"
    )
    env = {**os.environ, "TMPDIR": tempfile.gettempdir(), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        (sys.executable, "-c", code, str(repository.folder)), env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr
    return Path(done.stdout.strip())


def test_the_sides_that_a_killed_ab_left_are_forgotten_and_deleted(repository: Repository) -> None:
    before = repository.state()
    folder = killed(repository)
    assert repository.worktrees() == 3
    assert delete_abandoned(remove_sides) == [folder]
    assert nothing_is_left(repository)
    assert repository.state() == before


def test_the_sides_of_a_killed_ab_whose_folder_is_gone_are_forgotten_at_the_next(repository: Repository) -> None:
    shutil.rmtree(killed(repository))
    assert repository.worktrees() == 3
    with checked_out(repository.folder, "v1", "."):
        assert repository.worktrees() == 3
    assert nothing_is_left(repository)

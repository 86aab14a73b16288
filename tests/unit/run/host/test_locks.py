import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.run.host.locks import taken
from bench.run.host.owner import TOGETHER, Owner, this_process

REFUSED = (
    "cores 0, 1 are used by another run, pid {pid}, into results/first (bench run): wait for it, or choose other cores "
    "with taskset"
)


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv(TOGETHER)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def lock(folder: Path, core: int) -> Path:
    return folder / f"stackduel-core-{core}.lock"


@contextmanager
def first(*cores: int) -> Iterator[None]:
    with taken(cores, "into results/first (bench run)", force=False):
        yield


@pytest.mark.parametrize(("force", "way_out"), [(False, ", or go on with --force"), (None, "")])
def test_a_second_run_on_the_same_cores_is_refused_and_the_first_is_named(*, force: bool | None, way_out: str) -> None:
    with first(0, 1), pytest.raises(BenchError) as caught, taken((0, 1), "", force=force):
        pass
    assert str(caught.value) == REFUSED.format(pid=os.getpid()) + way_out


def test_only_the_cores_that_both_want_are_named() -> None:
    with (
        first(1),
        pytest.raises(BenchError, match=r"^core 1 is used by another run, pid"),
        taken((0, 1, 2), "", force=None),
    ):
        pass


def test_runs_on_different_cores_do_not_know_each_other() -> None:
    with first(0, 1), taken((2, 3), "second", force=False) as second:
        assert second.others(frozenset()) is None


def test_the_cores_are_free_once_the_first_run_has_ended() -> None:
    with first(0, 1):
        pass
    with taken((0, 1), "second", force=False) as second:
        assert second.others(second.ended()) is None


def test_with_force_both_runs_know_of_each_other() -> None:
    with taken((0, 1), "into one (a)", force=False) as one:
        assert one.others(one.ended()) is None
        with taken((1, 2), "into two (b)", force=True) as two:
            assert two.others(two.ended()) == f"core 1 is used by another run, pid {os.getpid()}, into one (a)"
            assert one.others(one.ended()) == f"core 1 is used by another run, pid {os.getpid()}, into two (b)"


def ended() -> Owner:
    return replace(this_process(), started=1)


def test_a_run_that_was_forced_in_counts_until_the_end_of_the_cell_in_which_it_ended(temporary: Path) -> None:
    with taken((0,), "into one (a)", force=False) as one:
        before = one.ended()
        with lock(temporary, 0).open("a") as text:
            text.write(f"{ended()} into two (b)\n")
        assert one.others(before) == f"core 0 is used by another run, pid {os.getpid()}, into two (b)"
        assert one.others(one.ended()) is None


def test_a_run_that_has_ended_is_not_named_as_the_one_that_has_the_core(temporary: Path) -> None:
    with first(0):
        own = lock(temporary, 0).read_text()
        lock(temporary, 0).write_text(f"{ended()} into results/before (x)\n{own}")
        with pytest.raises(BenchError, match="into results/first"), taken((0,), "", force=False):
            pass
        lock(temporary, 0).write_text("nonsense\n")
        with pytest.raises(BenchError, match=r"^core 0 is used by another run: wait"), taken((0,), "", force=False):
            pass


def test_runs_that_measure_together_share_the_locks_and_refuse_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOGETHER, "tests")
    with taken((0, 1), "into one (a)", force=False) as one, taken((0, 1), "into two (b)", force=False) as two:
        assert one.others(one.ended()) is two.others(two.ended()) is None
        monkeypatch.delenv(TOGETHER)
        with pytest.raises(BenchError, match=r"pid \d+, into one"), taken((1,), "into three (c)", force=False):
            pass


def test_runs_that_measure_together_do_not_take_what_another_has(monkeypatch: pytest.MonkeyPatch) -> None:
    with first(0):
        monkeypatch.setenv(TOGETHER, "tests")
        with pytest.raises(BenchError, match="into results/first"), taken((0,), "", force=False):
            pass


def test_every_user_may_lock_and_write_a_file_whatever_the_umask(temporary: Path) -> None:
    former = os.umask(0o077)
    try:
        with first(0):
            pass
    finally:
        os.umask(former)
    assert stat.S_IMODE(lock(temporary, 0).stat().st_mode) == 0o666


def test_the_file_of_another_user_is_never_opened_with_o_creat(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock(temporary, 0).touch()
    real = os.open

    def guarded(path: Path, flags: int, *rest: int) -> int:
        assert not flags & os.O_CREAT  # as fs.protected_regular has it
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", guarded)
    with first(0):
        pass


def test_a_link_in_the_place_of_a_lock_is_an_error_that_says_what_to_do(temporary: Path) -> None:
    (temporary / "precious").write_text("kept")
    lock(temporary, 0).symlink_to("precious")
    with pytest.raises(BenchError, match=r"core-0.lock, the lock of a core, cannot be opened: .*: delete it"), first(0):
        pass
    assert (temporary / "precious").read_text() == "kept"


def test_a_file_of_runs_that_share_their_lock_does_not_grow_for_ever(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOGETHER, "tests")
    lock(temporary, 0).write_text(f"{ended()} into results/before (x)\n" * 3000)
    with first(0):
        assert len(lock(temporary, 0).read_text().splitlines()) == 1


def test_a_lock_ends_with_the_process_however_it_ends(temporary: Path) -> None:
    with first(0):
        descriptor = os.open(lock(temporary, 0), os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a closed descriptor, as of a process that was killed
    os.close(descriptor)

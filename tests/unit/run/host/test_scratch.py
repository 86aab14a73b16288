import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from bench.run.host.owner import Owner, owner_in, this_process
from bench.run.host.scratch import delete_abandoned, scratch_folder


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ended() -> Owner:
    """An owner whose number belongs to another process now."""
    return replace(this_process(), started=1)


def left_by(owner: Owner, folder: Path) -> Path:
    path = folder / f"bench-{owner}-x1y2"
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "file").touch()
    return path


def nothing(_: Path) -> None:
    """Nothing is to be done before."""


def test_a_folder_names_its_owner_and_is_gone_afterwards(temporary: Path) -> None:
    with scratch_folder() as folder:
        assert folder.parent == temporary.resolve()
        assert owner_in(folder.name) == this_process()
        assert delete_abandoned(nothing) == []
        assert folder.is_dir()
    assert list(temporary.iterdir()) == []


def test_the_folder_of_an_owner_that_has_ended_is_deleted_and_named(temporary: Path) -> None:
    path = left_by(ended(), temporary)
    told: list[Path] = []
    assert delete_abandoned(told.append) == [path]
    assert told == [path]
    assert not path.exists()


def test_other_folders_are_left_alone(temporary: Path) -> None:
    kept = [
        left_by(this_process(), temporary),
        left_by(replace(ended(), party="0" * 8), temporary),
        left_by(replace(this_process(), place="0" * 8), temporary),  # in another container
        temporary / "bench-of-somebody",
        temporary / "elsewhere" / f"bench-{ended()}",
    ]
    for path in kept:
        path.mkdir(parents=True, exist_ok=True)
    (temporary / f"bench-{ended()}-link").symlink_to(temporary / "elsewhere")
    assert delete_abandoned(nothing) == []
    assert all(path.is_dir() for path in kept)


def test_the_folder_of_another_boot_is_deleted(temporary: Path) -> None:
    path = left_by(replace(this_process(), place="0" * 8), temporary)
    os.utime(path, (1.0, 1.0))
    assert delete_abandoned(nothing) == [path]


def test_a_folder_that_somebody_has_locked_is_in_use_whatever_its_name(temporary: Path) -> None:
    with scratch_folder() as folder:
        path = folder.rename(temporary / f"bench-{ended()}-x")
        assert delete_abandoned(nothing) == []
        path.rename(folder)

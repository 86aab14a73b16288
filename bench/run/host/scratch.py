"""Temporary folders that tell whose they are, so that those of a killed harness can be found and deleted."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.run.host.owner import owner_in, this_process

PREFIX = "bench-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A temporary folder that is deleted afterwards. Its name has its owner in it, who holds a lock on it."""
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{this_process()}-") as name:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Path(name).resolve()
        finally:
            os.close(descriptor)


def delete_abandoned(before: Callable[[Path], None]) -> list[Path]:
    """The folders that were deleted: those of this user whose owner has ended. `before` was called with each.

    A folder whose owner cannot be seen from here, such as one in another container, is deleted only if it is older than
    the boot of this machine. What somebody holds a lock on is never deleted.
    """
    found = sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))
    return [path for path in found if _abandoned(path) and _delete(path, before)]


def _abandoned(path: Path) -> bool:
    owner = owner_in(path.name)
    if owner is None or owner.alive or not owner.ours or path.is_symlink() or not path.is_dir():
        return False
    status = path.stat()
    return status.st_uid == os.getuid() and (owner.ended or status.st_mtime < psutil.boot_time())


def _delete(path: Path, before: Callable[[Path], None]) -> bool:
    """Whether it was deleted. Its owner may live where this process cannot see it, but its lock tells."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:  # another harness is cleaning up at the same moment
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        before(path)
        shutil.rmtree(path)
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(descriptor)
    return True

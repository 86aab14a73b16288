"""Facts about the machine, the versions and the code: what one must know to compare two runs."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import distributions as installed
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.model.run import Machine

PACKAGES = (
    "flask", "gunicorn", "gevent", "requests", "urllib3",
    "fastapi", "starlette", "pydantic", "uvicorn", "uvicorn-worker", "uvloop", "httptools", "anyio",
    "httpx", "httpcore", "httpx-aiohttp", "aiohttp",
    "locust", "geventhttpclient", "numpy", "matplotlib",
)  # fmt: skip


def has_pss() -> bool:
    """Whether the kernel gives the proportional set size (PSS) of a process."""
    return Path("/proc/self/smaps_rollup").exists()


def machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        cpu_model=_cpu_model(),
        cpus=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        system=platform.system(),
        kernel=platform.release(),
        python=platform.python_version(),
        has_pss=has_pss(),
    )


def _cpu_model() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """The installed version of each package whose speed may show in a figure."""
    return {package: version(package) for package in PACKAGES}


def distributions() -> dict[str, str]:
    """The version of every distribution that is installed in the harness's environment, by its name."""
    return dict(sorted((one.name, one.version) for one in installed() if one.name))  # a damaged one has no name


def git_state(folder: Path, aside: Sequence[Path] = ()) -> tuple[str | None, bool | None]:
    """The commit of the repository of `folder`, and whether it has uncommitted changes; (None, None) without git.

    What lies in the folders `aside` is no change: runs may be recorded within the repository that they measure.
    """
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        top = Path(_git(folder, "rev-parse", "--show-toplevel")).resolve()
        inside = [path.resolve() for path in aside if top in path.resolve().parents]
        without = [f":(top,exclude,literal){path.relative_to(top).as_posix()}" for path in inside]
        return commit, bool(_git(folder, "status", "--porcelain", "--", *without))
    except (OSError, subprocess.CalledProcessError):
        return None, None


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(("git", "-C", str(folder), *arguments), capture_output=True, check=True)
    return os.fsdecode(done.stdout).strip()


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()

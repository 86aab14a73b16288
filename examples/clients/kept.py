"""The data of docs/clients.md: a run, the profiles and the flames, kept next to the reference run.

Only the figures of the run are kept. Its raw samples are large and stay in the original run folder.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from bench.places import RESULTS
from bench.record.store import load_run, save_run
from examples.clients.flames import Flame
from examples.clients.profiles import Profile

FOLDER = RESULTS / "reference/clients"


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles, when they were taken (ISO 8601 in UTC), and the versions of the packages in them."""

    taken: str
    versions: Mapping[str, str]
    profiles: tuple[Profile, ...]


@dataclass(frozen=True, slots=True)
class Flames:
    """All flames, when they were recorded (ISO 8601 in UTC), and the versions of the packages in them."""

    taken: str
    versions: Mapping[str, str]
    flames: tuple[Flame, ...]


_PROFILES, _FLAMES = TypeAdapter(Profiles), TypeAdapter(Flames)


def keep(run: Path, profiles: Profiles, folder: Path = FOLDER) -> None:
    """Replace the kept data by the figures of a recorded run and by these profiles."""
    recorded = load_run(run)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_run(folder, replace(recorded, cells=tuple(replace(cell, samples=None) for cell in recorded.cells)))
    (folder / "profiles.json").write_bytes(_PROFILES.dump_json(profiles, indent=1) + b"\n")


def keep_flames(flames: Flames, folder: Path = FOLDER) -> None:
    """Replace the kept flames."""
    (folder / "flames.json").write_bytes(_FLAMES.dump_json(flames, indent=1) + b"\n")


def kept_profiles(folder: Path = FOLDER) -> Profiles:
    """The kept profiles. Raises OSError or ValueError if they cannot be read."""
    return _PROFILES.validate_json((folder / "profiles.json").read_bytes())


def kept_flames(folder: Path = FOLDER) -> Flames:
    """The kept flames. Raises OSError or ValueError if they cannot be read."""
    return _FLAMES.validate_json((folder / "flames.json").read_bytes())

"""What docs/clients.md is made from: a run and the profiles that were taken after it, kept beside the reference run.

Of the run its figures are kept, and not its raw samples, which are large: they stay in the folder that it was made in.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from bench.places import RESULTS
from bench.record.store import load_run, save_run
from examples.clients.profiles import Profile

FOLDER = RESULTS / "reference/clients"


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles, when they were taken (ISO 8601 in UTC), and the versions of what they are of."""

    taken: str
    versions: Mapping[str, str]
    profiles: tuple[Profile, ...]


_PROFILES = TypeAdapter(Profiles)


def keep(run: Path, profiles: Profiles, folder: Path = FOLDER) -> None:
    """Put the figures of a recorded run, and the profiles, in the place of what was kept."""
    recorded = load_run(run)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_run(folder, replace(recorded, cells=tuple(replace(cell, samples=None) for cell in recorded.cells)))
    (folder / "profiles.json").write_bytes(_PROFILES.dump_json(profiles, indent=1) + b"\n")


def kept_profiles(folder: Path = FOLDER) -> Profiles:
    """The profiles that were kept. Raises OSError or ValueError where there are none that can be read."""
    return _PROFILES.validate_json((folder / "profiles.json").read_bytes())

"""What docs/clients.md is made from: a run and the profiles that were taken after it, kept beside the reference run."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from bench.run.folder import RESULTS
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
    """Put what was recorded in a run folder, and the profiles, in the place of what was kept."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(run / "run.json", folder)
    shutil.copytree(run / "cells", folder / "cells")
    (folder / "profiles.json").write_bytes(_PROFILES.dump_json(profiles, indent=1) + b"\n")


def kept_profiles(folder: Path = FOLDER) -> Profiles:
    """The profiles that were kept. Raises OSError or ValueError where there are none that can be read."""
    return _PROFILES.validate_json((folder / "profiles.json").read_bytes())

"""The data of docs/httpx.md: a run, the profiles and the flames, kept next to the reference run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from examples import measured
from examples.clients.flames import Flame
from examples.clients.profiles import Profile

FOLDER = measured.KEPT / "httpx"


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
    measured.keep(run, folder)
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

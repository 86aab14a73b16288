"""Call stacks as py-spy samples them, and how much of the CPU time each function had by itself."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Group = Literal["server", "framework", "client", "application", "Python", "other"]
GROUPS: tuple[Group, ...] = ("server", "framework", "client", "application", "Python", "other")

PACKAGES: Mapping[Group, frozenset[str]] = {
    "server": frozenset({"gunicorn", "uvicorn", "uvicorn_worker", "uvloop", "httptools", "h11", "gevent", "greenlet"}),
    "framework": frozenset(
        {
            "flask", "werkzeug", "jinja2", "itsdangerous", "click", "blinker", "fastapi", "starlette", "pydantic",
            "pydantic_core", "anyio", "sniffio", "typing_inspection", "annotated_doc", "annotated_types",
        }
    ),
    "client": frozenset(
        {
            "requests", "urllib3", "httpx", "httpcore", "httpx_aiohttp", "aiohttp", "yarl", "multidict", "aiosignal",
            "frozenlist", "propcache", "aiohappyeyeballs", "certifi", "idna", "charset_normalizer",
        }
    ),
}  # fmt: skip
"""The packages of each group, as they are called in site-packages."""

_FRAME = re.compile(r"^(?P<function>.*) \((?P<file>[^()]*)\)$")
_LINE = re.compile(r":[0-9]+$")
_INSTALLED = re.compile(r".*/(?:site|dist)-packages/([^/]+)")
_PYTHON = re.compile(r".*/lib/python3[^/]*/|^<|^\?")


@dataclass(frozen=True, slots=True)
class Frame:
    """One call: the function, its file, and what that belongs to. `package`: empty for files of no package."""

    function: str
    file: str
    package: str
    group: Group


@dataclass(frozen=True, slots=True)
class Profile:
    """The stacks of a server, outermost call first, each with the number of samples in which it was seen."""

    stacks: tuple[tuple[tuple[Frame, ...], int], ...]

    @property
    def samples(self) -> int:
        """All samples."""
        return sum(count for _, count in self.stacks)


@dataclass(frozen=True, slots=True)
class Self:
    """A function, the share of all samples in which it ran itself, and the share in which it or what it called did."""

    frame: Frame
    share: float
    total: float


def parsed(text: str, application: Iterable[str]) -> Profile:
    """The profile that lines of `outer;inner;... count` hold, as py-spy writes them with --format raw.

    `application`: folders whose files are the application's. Processes are taken together, and threads too. ValueError
    where a line is none.
    """
    folders = tuple(f"{folder.rstrip('/')}/" for folder in application)
    found: Counter[tuple[Frame, ...]] = Counter()
    for line in text.splitlines():
        calls, space, count = line.rpartition(" ")
        if not space or not count.isdigit():
            raise ValueError(f"{line[:80]!r} is no stack with a count")
        frames = (_frame(call, folders) for call in calls.split(";") if not call.startswith(("process ", "thread (")))
        stack = tuple(frame for frame in frames if frame is not None)
        if stack:
            found[stack] += int(count)
    return Profile(tuple(sorted(found.items(), key=lambda one: [(frame.file, frame.function) for frame in one[0]])))


def by_function(profile: Profile) -> tuple[Self, ...]:
    """Every function that was seen, the one with the largest share of its own first, then the largest in total."""
    counts: Counter[Frame] = Counter()
    totals: Counter[Frame] = Counter()
    for stack, count in profile.stacks:
        counts[stack[-1]] += count
        totals.update(dict.fromkeys(stack, count))
    ordered = sorted(totals, key=lambda frame: (-counts[frame], -totals[frame], frame.file, frame.function))
    return tuple(Self(frame, counts[frame] / profile.samples, totals[frame] / profile.samples) for frame in ordered)


def by_group(profile: Profile) -> Mapping[Group, float]:
    """The share of each group, by the function that ran itself."""
    counts: Counter[Group] = Counter()
    for stack, count in profile.stacks:
        counts[stack[-1].group] += count
    return {group: counts[group] / profile.samples for group in GROUPS}


def differences(one: Profile, other: Profile) -> tuple[tuple[Frame, float, float], ...]:
    """Each function with its share in both profiles, the one that differs most first."""
    shares = [{found.frame: found.share for found in by_function(profile) if found.share} for profile in (one, other)]
    frames = dict.fromkeys([*shares[0], *shares[1]])
    rows = [(frame, shares[0].get(frame, 0.0), shares[1].get(frame, 0.0)) for frame in frames]
    return tuple(sorted(rows, key=lambda row: -abs(row[1] - row[2])))


def _frame(call: str, application: Sequence[str]) -> Frame | None:
    match = _FRAME.match(call)
    if match is None:
        return None
    function, file = match["function"], _LINE.sub("", match["file"])
    installed = _INSTALLED.match(file)
    package = installed[1].removesuffix(".py") if installed else ""
    return Frame(function, file, package, _group(file, package, application))


def _group(file: str, package: str, application: Sequence[str]) -> Group:
    if package:
        return next((group for group, names in PACKAGES.items() if package in names), "other")
    if file.startswith(tuple(application)):
        return "application"
    return "Python" if _PYTHON.match(file) else "other"

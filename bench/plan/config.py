"""bench.toml, checked: the tables as people write them, merged, and the plan of a run that they give."""

import reprlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bench.errors import BenchError
from bench.model.config import (
    HARNESS,
    Arrivals,
    Closed,
    Companion,
    Connection,
    Cores,
    Interface,
    Load,
    Objective,
    Open,
    Plan,
    Profile,
    Scenario,
    Sought,
    Stack,
    Timing,
    UpstreamCall,
)
from bench.model.loads import most_in_flight, upstream_waits_s, within
from bench.model.requests import MIX
from bench.model.run import MOST_CELLS
from bench.places import SHIPPED
from bench.plan.objective import default_objective, objective
from bench.plan.requests import ExpectTable, FeedTable, HeaderName, HeaderValue, LoginTable, RequestTable, Status, asked
from bench.plan.table import Count, Name, NotNegative, Positive, Rate, RequestTarget, Table

ASKS = frozenset({"path", "requests", "locustfile"})
"""What a scenario sends; it has one of these."""

DEFAULT_CONFIG = SHIPPED / "bench.toml"

RESERVED = (
    "host", "port", "workers", "threads", "upstream", "users", "connections", "folder", "server", "base", "head",
    "generator", "harness",
)  # fmt: skip
"""Names that stand for something else in a table or in the results."""


def _own_name(name: str) -> str:
    if name in RESERVED:
        raise PydanticCustomError("reserved", "A companion cannot be called {name}", {"name": name})
    return name


CompanionName = Annotated[str, Field(max_length=40, pattern=r"^[a-z][a-z0-9_]*$"), AfterValidator(_own_name)]


def _service_url(url: str) -> str:
    parts = urlsplit(url)
    try:
        sound = parts.scheme == "http" and parts.hostname and parts.port != 0 and not parts.query
    except ValueError:
        sound = False
    if not sound:
        raise PydanticCustomError("url", "write http://HOST:PORT")
    return url


ServiceUrl = Annotated[str, AfterValidator(_service_url)]


def _slo(text: str) -> str:
    try:
        objective(text)
    except ValueError as error:
        raise PydanticCustomError("slo", "{error}", {"error": str(error)}) from None
    return text


Slo = Annotated[str, AfterValidator(_slo)]

_Limit = TypeVar("_Limit", int, float)


class StackTable(Table):
    """A `[stacks.NAME]` table; what it is `like` is laid below it already."""

    like: Name | None = None
    title: str | None = None
    interface: Interface | None = None
    argv: Annotated[list[str], Field(min_length=1)] | None = None
    env: dict[str, str] = Field(default_factory=dict)
    workers: Count = 1
    threads: Count | Literal["users"] = 1
    slots: Count | Literal["unbounded"] | None = None
    ready_path: RequestTarget | None = None
    cwd: str = "."
    programs: str | None = None
    needs: list[str] = Field(default_factory=list)
    prepare: Annotated[list[str], Field(min_length=1)] | None = None
    url: ServiceUrl | None = None

    @model_validator(mode="after")
    def _serves(self) -> "StackTable":
        if (self.argv is None) == (self.url is None):
            message = "give `argv` of a server to start, or `url` of a service that runs already"
            raise PydanticCustomError("serves", message)
        started = self.model_fields_set & {"env", "cwd", "programs", "needs", "prepare"}
        if self.url is not None and started:
            message = "`url` names a service that runs already, so {started} cannot be given"
            raise PydanticCustomError("url", message, {"started": ", ".join(sorted(started))})
        return self


class CompanionTable(Table):
    """A `[companions.NAME]` table."""

    argv: Annotated[list[str], Field(min_length=1)] | None = None
    env: dict[str, str] = Field(default_factory=dict)
    url: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    setup: Annotated[list[str], Field(min_length=1)] | None = None
    ready_path: RequestTarget | None = None
    cwd: str | None = None
    programs: str | None = None
    user: str | None = None
    cores: Cores = "load"
    url_from: str | None = None

    @model_validator(mode="after")
    def _starts(self) -> "CompanionTable":
        if (self.argv is None) == (self.url_from is None):
            message = "give `argv` of a program to start, or `url_from`, the variable with the url of one that runs"
            raise PydanticCustomError("starts", message)
        others = self.model_fields_set - {"url_from"}
        if self.url_from is not None and others:
            message = "`url_from` names one that runs already, so {others} cannot be given"
            raise PydanticCustomError("url_from", message, {"others": ", ".join(sorted(others))})
        return self


class UpstreamTable(Table):
    """The calls to one upstream route: an `upstream.ROUTE` key of a scenario."""

    calls: Count = 1
    median_s: NotNegative
    sigma: Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)] = 0.0


class ScenarioTable(Table):
    """A `[scenarios.NAME]` table."""

    title: str | None = None
    locustfile: str | None = None
    upstream: dict[Literal["weather", "users", "orders", "reviews"], UpstreamTable] = Field(default_factory=dict)
    hold_s: NotNegative | None = None
    timeout_s: Positive = 30.0
    path: RequestTarget | None = None
    status: Status | None = None
    requests: Annotated[list[RequestTable], Field(min_length=1)] | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    feed: FeedTable | None = None
    login: LoginTable | None = None
    cookies: bool = False
    connection: Connection = "keep-alive"
    locust_args: list[str] | None = None
    body: Any = None

    @model_validator(mode="after")
    def _asks(self) -> "ScenarioTable":
        if self.body is not None:
            message = (
                "`body` was what the answer must be, and is now `expect.text` of a request: "
                "write requests = [{{ path = {path}, expect = {{ text = ... }} }}]"
            )
            raise PydanticCustomError("body", message, {"path": repr(self.path or "/")})
        given = {"path": self.path, "requests": self.requests, "locustfile": self.locustfile}
        there = [name for name, value in given.items() if value is not None]
        if len(there) > 1:
            raise PydanticCustomError(
                "asks", "give one of {names}, not {there}", {"names": ", ".join(given), "there": " and ".join(there)}
            )
        if self.status is not None and self.path is None:
            raise PydanticCustomError("status", "`status` belongs to `path`: put it into each of the requests")
        if self.locust_args is not None and self.locustfile is None:
            raise PydanticCustomError("locust_args", "`locust_args` belong to a `locustfile`: remove them")
        if self.locustfile is not None:
            own = [name for name in ("headers", "feed", "login", "cookies") if getattr(self, name)]
            if own:
                message = "a locustfile sends its own requests, and {name} is for `requests`: remove one of them"
                raise PydanticCustomError("locustfile", message, {"name": own[0]})
        return self


class ProfileTable(Table):
    """A `[profiles.NAME]` table."""

    stacks: Annotated[list[Name], Field(min_length=1)]
    scenarios: Annotated[list[Name], Field(min_length=1)]
    users: list[Count] = Field(default_factory=list)
    rates: list[Rate] = Field(default_factory=list)
    arrivals: Arrivals = "fixed"
    scenario_users: dict[str, list[Count]] = Field(default_factory=dict)
    scenario_rates: dict[str, list[Rate]] = Field(default_factory=dict)
    max_users: dict[str, Count] = Field(default_factory=dict)
    max_rate: dict[str, Rate] = Field(default_factory=dict)
    max_in_flight: Count = 500
    capacity: list[Name] = Field(default_factory=list)
    capacity_stacks: list[Name] = Field(default_factory=list)
    slo: Slo | None = None
    capacity_arrivals: Arrivals = "poisson"
    compare: Annotated[list[Name], Field(min_length=2, max_length=2)] | None = None
    warmup_s: Positive
    window_s: Positive
    window_limit_s: Positive | None = None
    rounds: Count
    server_cpus: Count = 1


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search is asked for instead of what the profile says; None: as the profile says."""

    objective: Objective | None = None
    arrivals: Arrivals | None = None


class Config(Table):
    """A whole file, or several files merged."""

    stacks: dict[Name, StackTable] = Field(default_factory=dict)
    companions: dict[CompanionName, CompanionTable] = Field(default_factory=dict)
    scenarios: dict[Name, ScenarioTable] = Field(default_factory=dict)
    profiles: dict[Name, ProfileTable] = Field(default_factory=dict)


def load_config(paths: Sequence[Path]) -> Config:
    """The files merged and checked; a key of a later file replaces that of an earlier one.

    A scenario that says what to send replaces one of the same name.

    Raises BenchError where a file cannot be read or is not valid. The message names the file or key and what is valid.
    """
    merged: dict[str, Any] = {}
    for path in paths:
        tables = _read(path)
        for name, scenario in tables.get("scenarios", {}).items() if isinstance(tables.get("scenarios"), dict) else ():
            if isinstance(scenario, dict) and not ASKS.isdisjoint(scenario):
                merged.get("scenarios", {}).pop(name, None)
        _lay_over(merged, tables)
    names = " and ".join(str(path) for path in paths)
    if isinstance(merged.get("stacks"), dict):
        merged["stacks"] = {name: _with_like(merged["stacks"], name, names) for name in merged["stacks"]}
    try:
        config = Config.model_validate(merged)
    except ValidationError as error:
        raise BenchError(f"{names}: {_explain(error)}") from None
    for name, profile in config.profiles.items():
        where = f"{names}: profiles.{name}"
        stacks = [*profile.stacks, *profile.max_users, *profile.max_rate, *(profile.compare or [])]
        known("stack", stacks, config.stacks, where)
        if profile.compare is not None and profile.compare[0] == profile.compare[1]:
            raise BenchError(f"{where}.compare: {profile.compare[0]!r} cannot be compared with itself")
        scenarios = [*profile.scenarios, *profile.scenario_users, *profile.scenario_rates, *profile.capacity]
        known("scenario", scenarios, config.scenarios, where)
        elsewhere = [name for name in profile.capacity if name not in profile.scenarios]
        if elsewhere:
            raise BenchError(f"{where}.capacity: {elsewhere[0]!r} is not among the scenarios of the profile")
        apart = [name for name in profile.capacity_stacks if name not in profile.stacks]
        if apart:
            raise BenchError(f"{where}.capacity_stacks: {apart[0]!r} is not among the stacks of the profile")
        if profile.capacity_stacks and not profile.capacity:
            raise BenchError(f"{where}.capacity_stacks: name the scenarios that they are searched under in `capacity`")
        if profile.slo is not None and not profile.capacity:
            raise BenchError(f"{where}.slo: name the scenarios that it is for in `capacity`")
        if profile.window_limit_s is not None and profile.window_limit_s < profile.window_s:
            raise BenchError(f"{where}.window_limit_s: {profile.window_limit_s:g} is less than window_s")
    return config


def _with_like(stacks: Mapping[str, Any], name: str, names: str, above: tuple[str, ...] = ()) -> Any:
    """The table of a stack, laid over that of the stack which it is `like`, whose title stays its own.

    Raises BenchError where there is no such stack, or a stack is like itself.
    """
    table = stacks[name]
    like = table.get("like") if isinstance(table, dict) else None
    if not isinstance(like, str):
        return table
    where = f"{names}: stacks.{name}.like"
    known("stack", [like], stacks, where)
    if like in (*above, name):
        raise BenchError(f"{where}: {like!r} cannot be like itself")
    below = _with_like(stacks, like, names, (*above, name))
    if not isinstance(below, dict):
        return table
    made = deepcopy({key: value for key, value in below.items() if key != "title"})
    _lay_over(made, table)
    return made


def known(kind: str, names: Iterable[str], valid: Iterable[str], where: str) -> None:
    """Raise BenchError, listing the valid names, if one of the names is not valid."""
    for name in names:
        if name not in valid:
            raise BenchError(f"{where}: unknown {kind} {name!r}; known: {', '.join(valid) or 'none'}")


def make_plan(
    config: Config,
    profile_name: str,
    *,
    stacks: Sequence[str] | None = None,
    scenarios: Sequence[str] | None = None,
    users: Sequence[int] | None = None,
    rates: Sequence[float] | None = None,
    arrivals: Arrivals | None = None,
    rounds: int | None = None,
    window_s: float | None = None,
    warmup_s: float | None = None,
    searched: Searched | None = None,
) -> Plan:
    """What one run measures: a profile, in which the arguments that are given replace the profile's own values.

    `users` or `rates` replace all loads of the profile, closed-loop and open-loop, and its limits, and what is searched
    for. With `searched` nothing is measured but capacity, under every scenario. Raises BenchError
    for an unknown profile, stack or scenario, listing the known ones, where no load is left, where there are more cells
    than a run may have, and where a locustfile is missing.
    """
    known("profile", [profile_name], config.profiles, "--profile")
    table = config.profiles[profile_name]
    stack_names = tuple(dict.fromkeys(stacks or table.stacks))
    scenario_names = tuple(dict.fromkeys(scenarios or table.scenarios))
    known("stack", stack_names, config.stacks, "--stacks")
    known("scenario", scenario_names, config.scenarios, "--scenarios")
    asked = bool(users or rates) or searched is not None
    closed = {name: users or [] if asked else table.scenario_users.get(name, table.users) for name in scenario_names}
    offered = {name: rates or [] if asked else table.scenario_rates.get(name, table.rates) for name in scenario_names}
    loads: dict[str, tuple[Load, ...]] = {
        name: (
            *(Closed(users=count) for count in sorted(set(closed[name]))),
            *(
                Open(rate_rps=rate, arrivals=arrivals or table.arrivals, max_in_flight=table.max_in_flight)
                for rate in sorted(set(offered[name]))
            ),
        )
        for name in scenario_names
    }
    listed = tuple(name for name in stack_names if name.partition("[")[0] in table.capacity_stacks)
    base_s = window_s if window_s is not None else table.window_s
    limit_s = 3 * base_s if window_s is not None or table.window_limit_s is None else table.window_limit_s
    profile = Profile(
        name=profile_name,
        stacks=stack_names,
        loads=loads,
        timing=Timing(warmup_s if warmup_s is not None else table.warmup_s, base_s, limit_s),
        rounds=rounds or table.rounds,
        max_users={} if asked else _limits(table.max_users, stack_names),
        max_rate_rps={} if asked else _limits(table.max_rate, stack_names),
        compare=_compared(table, stack_names, config),
        server_cpus=table.server_cpus,
        sought={
            name: _sought(table, _scenario(name, config.scenarios[name]), searched)
            for name in scenario_names
            if searched is not None or (name in table.capacity and not asked and (listed or not table.capacity_stacks))
        },
        searched=listed if searched is None else (),
    )
    for name, own in loads.items():
        if not own and name not in profile.sought:
            raise BenchError(f"profiles.{profile_name}: no users and no rates for scenario {name}")
    given = any(within(profile, name, load) for name in stack_names for load in sum(loads.values(), ()))
    if not given and not profile.sought:
        raise BenchError(f"profiles.{profile_name}: max_users and max_rate leave no load for {', '.join(stack_names)}")
    searches = len(profile.sought) * len(profile.searched or stack_names)
    cells = (len(stack_names) * sum(map(len, loads.values())) + searches) * profile.rounds
    if cells > MOST_CELLS:
        raise BenchError(f"profiles.{profile_name}: it has {cells} cells, and a run has at most {MOST_CELLS}")
    most = most_in_flight(profile)
    made = {name: _stack(name, config.stacks[name], most) for name in stack_names}
    running = next((name for name, stack in made.items() if stack.url is not None), None)
    calling = next((name for name in scenario_names if config.scenarios[name].upstream), None)
    if running is not None and calling is not None:
        raise BenchError(
            f"scenarios.{calling}.upstream: {running} runs already, and cannot be told of the mock upstream"
        )
    for name, stack in made.items():
        known("companion", stack.needs, config.companions, f"stacks.{name}.needs")
    return Plan(
        stacks=made,
        scenarios={name: _scenario(name, config.scenarios[name]) for name in scenario_names},
        profile=profile,
        companions={
            name: _companion(name, table)
            for name, table in config.companions.items()
            if any(name in stack.needs for stack in made.values())
        },
    )


def _sought(table: ProfileTable, scenario: Scenario, searched: Searched | None) -> Sought:
    """What is sought under a scenario: what was asked for, else what the profile says, else the default."""
    wanted = searched or Searched()
    written = objective(table.slo) if table.slo is not None else None
    return Sought(
        wanted.objective or written or default_objective(scenario),
        wanted.arrivals or table.capacity_arrivals,
        table.max_in_flight,
    )


def _limits(limits: Mapping[str, _Limit], stacks: Iterable[str]) -> dict[str, _Limit]:
    """The limits of these stacks; a variant such as `flask-sync[workers=2]` has the limit of its stack."""
    found = {name: limits.get(name.partition("[")[0]) for name in stacks}
    return {name: most for name, most in found.items() if most is not None}


def _compared(table: ProfileTable, stacks: Sequence[str], config: Config) -> tuple[str, str] | None:
    """The two stacks of the headline: the profile's, else the first ASGI and the first WSGI stack, or the first two.

    The first variant of a stack stands for the stack.
    """
    by_name = {name.partition("[")[0]: name for name in reversed(stacks)} | {name: name for name in stacks}
    if table.compare is not None and set(table.compare) <= by_name.keys():
        return by_name[table.compare[0]], by_name[table.compare[1]]
    firsts = {config.stacks[name].interface: name for name in reversed(stacks)}
    if {"asgi", "wsgi"} <= firsts.keys():
        return firsts["asgi"], firsts["wsgi"]
    return (stacks[1], stacks[0]) if len(stacks) > 1 else None


def _read(path: Path) -> dict[str, Any]:
    """The tables of a file. Paths in them become relative to the folder of bench.toml, or absolute outside of it.

    A file that names the command of a stack decides where its program comes from: a stack of bench.toml from the
    harness's own environment first, any other from the PATH first, unless the file names a folder of `programs`.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors on Windows put a byte-order mark first
    except FileNotFoundError:
        raise BenchError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"{path}: {error}") from None
    except RecursionError:
        raise BenchError(f"{path}: its arrays or tables are nested too deeply") from None
    folder = path.resolve().parent
    for stack in _tables_in(tables, "stacks"):
        if "url" not in stack and ("argv" in stack or "cwd" in stack):
            _place(stack, "cwd", stack.get("cwd", "."), folder)
        if stack.get("programs", HARNESS) != HARNESS:
            _place(stack, "programs", stack["programs"], folder)
        if "argv" in stack:
            stack.setdefault("programs", HARNESS if path.resolve() == DEFAULT_CONFIG else None)
    for companion in _tables_in(tables, "companions"):
        for key in ("cwd", "programs"):
            if companion.get(key, HARNESS) != HARNESS:
                _place(companion, key, companion[key], folder)
    for scenario in _tables_in(tables, "scenarios"):
        for table, key in _files(scenario):
            _place(table, key, table[key], folder)
    return tables


def _files(scenario: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """The tables and keys of a scenario that name a file."""
    requests = scenario.get("requests")
    tables = [(scenario, "locustfile"), (scenario.get("feed"), "file"), (scenario.get("login"), "body_file")]
    tables += [(one, "body_file") for one in (requests if isinstance(requests, list) else [])]
    for table, key in tables:
        if isinstance(table, dict) and key in table:
            yield table, key


def _tables_in(tables: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    group = tables.get(key)
    return [table for table in group.values() if isinstance(table, dict)] if isinstance(group, dict) else []


def _place(table: dict[str, Any], key: str, value: object, folder: Path) -> None:
    if isinstance(value, str):
        path = (folder / value).resolve()
        table[key] = path.relative_to(SHIPPED).as_posix() if path.is_relative_to(SHIPPED) else str(path)


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = value


def _explain(error: ValidationError) -> str:
    """The first error in words; for an unknown key also the keys that are known."""
    errors = error.errors(include_url=False)
    first = errors[0]
    place = _place_of(first["loc"])
    if first["type"] == "missing":
        return f"{place} is missing"
    if first["type"] != "extra_forbidden":
        # A value of which several types are valid has an error for each type.
        allowed = " or ".join(complaint["msg"] for complaint in errors if _place_of(complaint["loc"]) == place)
        return f"{place}: {allowed}, not {reprlib.repr(first['input'])}"
    return f"{place}: unknown key; known: {', '.join(_keys(first['loc']))}"


def _keys(location: Sequence[int | str]) -> list[str]:
    """The keys of the table that the location of a key lies in."""
    sections: dict[str, type[Table]] = {
        "stacks": StackTable, "companions": CompanionTable, "scenarios": ScenarioTable, "profiles": ProfileTable,
    }  # fmt: skip
    inner: dict[str, type[Table]] = {
        "upstream": UpstreamTable, "requests": RequestTable, "login": LoginTable, "feed": FeedTable,
        "expect": ExpectTable,
    }  # fmt: skip
    above = [part for part in location[:-1] if isinstance(part, str)]
    table = next((inner[part] for part in reversed(above[2:]) if part in inner), None)
    if table is None:
        table = sections[above[0]] if above else Config
    return [
        field.alias or name for name, field in table.model_fields.items() if name != "body" or table is RequestTable
    ]


def _place_of(location: Sequence[int | str]) -> str:
    """The dotted key, without what pydantic adds to it: the type that it tried, or a mark for the key itself."""
    *above, last = (str(part) if str(part).isprintable() else repr(part) for part in location)
    return ".".join(above if last.startswith(("[key]", "constrained-", "literal[")) else (*above, last))


def _stack(name: str, table: StackTable, most: int) -> Stack:
    threads = most if table.threads == "users" else table.threads
    slots = table.workers * threads if table.slots is None else table.slots
    return Stack(
        name=name,
        title=table.title or name,
        interface=table.interface,
        argv=tuple(table.argv or ()),
        url=table.url,
        env=table.env,
        workers=table.workers,
        threads=threads,
        slots=None if slots == "unbounded" else slots,
        ready_path=table.ready_path,
        cwd=table.cwd,
        programs=table.programs,
        needs=tuple(dict.fromkeys(table.needs)),
        prepare=tuple(table.prepare or ()),
    )


def _companion(name: str, table: CompanionTable) -> Companion:
    """The companion. BenchError where something of it needs a port that its program is not told."""
    companion = Companion(
        name=name,
        argv=tuple(table.argv or ()),
        env=table.env,
        url=table.url or "http://{host}:{port}",
        port=table.port,
        setup=tuple(table.setup or ()),
        ready_path=table.ready_path,
        cwd=table.cwd,
        programs=table.programs,
        user=table.user,
        cores=table.cores,
        url_from=table.url_from,
    )
    by_port = {"ready_path": table.ready_path is not None, "url": "{port}" in (table.url or "")}
    wanting = [key for key, needs_it in by_port.items() if needs_it]
    if wanting and not companion.listens and companion.url_from is None:
        raise BenchError(
            f"companions.{name}: {wanting[0]} needs a port: write {{port}} into its argv or env, or give its `port`"
        )
    return companion


def _scenario(name: str, table: ScenarioTable) -> Scenario:
    calls: dict[str, UpstreamCall] = {
        route: UpstreamCall(call.calls, call.median_s, call.sigma) for route, call in table.upstream.items()
    }
    where = f"scenarios.{name}"
    locustfile = table.locustfile or MIX
    if not (SHIPPED / locustfile).is_file():
        raise BenchError(f"{where}.locustfile: there is no file {SHIPPED / locustfile}")
    requests = table.requests or [RequestTable(path=table.path or "/", status=table.status or 200)]
    own = table.locustfile is None
    found = asked(where, requests, table.headers, table.feed, table.login, cookies=table.cookies) if own else None
    return Scenario(
        name=name,
        title=table.title or name,
        locustfile=locustfile,
        upstream=calls,
        hold_s=upstream_waits_s(calls) if table.hold_s is None else table.hold_s,
        timeout_s=table.timeout_s,
        asked=found,
        connection=table.connection,
        locust_args=tuple(table.locust_args or ()),
    )

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.model.config import HARNESS, Closed, Objective, Open, UpstreamCall
from bench.model.requests import MIX
from bench.places import SHIPPED
from bench.plan.config import DEFAULT_CONFIG, Searched, load_config, make_plan
from bench.plan.variants import apply_settings

WHOLE = """
[stacks.one]
interface = "wsgi"
argv = ["serve", "{port}"]

[scenarios.look]
upstream.users = { calls = 2, median_s = 0.1 }
upstream.orders = { median_s = 0.05, sigma = 0.5 }

[profiles.quick]
stacks = ["one"]
scenarios = ["look"]
users = [10, 1, 10]
warmup_s = 1
window_s = 2.0
rounds = 1
"""

Write = Callable[..., Path]


def fixed(rate_rps: float, max_in_flight: int = 500) -> Open:
    return Open(rate_rps=rate_rps, arrivals="fixed", max_in_flight=max_in_flight)


def poisson(rate_rps: float) -> Open:
    return replace(fixed(rate_rps), arrivals="poisson")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(text: str, name: str = "mine.toml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return file


def complaint(*paths: Path) -> str:
    with pytest.raises(BenchError) as caught:
        load_config(paths)
    return str(caught.value)


@pytest.mark.parametrize(
    ("above", "wanted"),
    [
        ("[stacks", "Expected ']'"),
        ("a = " + "[" * 5000, "nested too deeply"),
        ("a = " + "9" * 5000, "4300 digits"),
        ("colour = 1", "colour: unknown key; known: stacks, companions, scenarios, profiles"),
        ("stacks.one.colour = 1", "stacks.one.colour: unknown key; known: like, title, interface, argv, env"),
        ("scenarios.look.colour = 1", "scenarios.look.colour: unknown key; known: title, locustfile, upstream"),
        ("profiles.quick.colour = 1", "profiles.quick.colour: unknown key; known: stacks, scenarios, users"),
        (
            "scenarios.look.upstream.users.colour = 1",
            "scenarios.look.upstream.users.colour: unknown key; known: calls, median_s, sigma",
        ),
        (
            "scenarios.look.upstream.wether = { median_s = 1.0 }",
            "scenarios.look.upstream.wether: Input should be 'weather', 'users', 'orders' or 'reviews'",
        ),
        ("stacks = 3", "stacks: Input should be a valid dictionary, not 3"),
        ("stacks.one = 3", "stacks.one: Input should be a valid dictionary"),
        ("stacks.two.interface = 'wsgi'", "stacks.two: give `argv` of a server to start, or `url` of a service"),
        (
            "stacks.one.url = 'http://127.0.0.1:1'",
            "stacks.one: give `argv` of a server to start, or `url` of a service",
        ),
        ("stacks.two.url = 'https://a'", "stacks.two.url: write http://HOST:PORT, not 'https://a'"),
        ("stacks.two.url = 'http://a:x'", "stacks.two.url: write http://HOST:PORT, not 'http://a:x'"),
        (
            "stacks.two = { url = 'http://a', needs = ['b'], cwd = '.' }",
            "stacks.two: `url` names a service that runs already, so cwd, needs cannot be given",
        ),
        ("companions.db.env.A = 'b'", "companions.db: give `argv` of a program to start, or `url_from`"),
        (
            "companions.db = { url_from = 'DATABASE_URL', user = 'nobody' }",
            "companions.db: `url_from` names one that runs already, so user cannot be given",
        ),
        ("companions.db = { argv = ['db'], colour = 1 }", "companions.db.colour: unknown key; known: argv, env, url"),
        ("companions.port.argv = ['db']", "companions.port: A companion cannot be called port"),
        ("companions.Db.argv = ['db']", "companions.Db: String should match pattern"),
        ("companions.db = { argv = ['db'], cores = 'all' }", "companions.db.cores: Input should be 'load' or 'server'"),
        ("scenarios.look.locust_args = ['-T', 'a']", "scenarios.look: `locust_args` belong to a `locustfile`"),
        ("stacks.one.argv = 'serve'", "stacks.one.argv: Input should be a valid list, not 'serve'"),
        ("stacks.one.argv = []", "stacks.one.argv: List should have at least 1 item"),
        ("stacks.one.interface = 'cgi'", "stacks.one.interface: Input should be 'wsgi' or 'asgi', not 'cgi'"),
        ("stacks.one.env = { A = 1 }", "stacks.one.env.A: Input should be a valid string, not 1"),
        ("stacks.one.workers = 0", "stacks.one.workers: Input should be greater than or equal to 1, not 0"),
        ("stacks.one.workers = true", "stacks.one.workers: Input should be a valid integer, not True"),
        ("stacks.one.threads = 'many'", "Input should be a valid integer or Input should be 'users', not 'many'"),
        (
            "stacks.one.slots = 'all'",
            "stacks.one.slots: Input should be a valid integer or Input should be 'unbounded'",
        ),
        ("stacks.one.programs = 3", "stacks.one.programs: Input should be a valid string, not 3"),
        ("stacks.one.ready_path = 'health'", "stacks.one.ready_path: A path begins with /, not 'health'"),
        (
            "stacks.one.ready_path = '/a b'",
            "stacks.one.ready_path: A path is percent-encoded: write '/a%20b', not '/a b'",
        ),
        (
            "scenarios.look.path = '/grüße?q=é%20%'",
            "look.path: A path is percent-encoded: write '/gr%C3%BC%C3%9Fe?q=%C3%A9%20%', not '/grüße?q=é%20%'",
        ),
        ('scenarios.look.path = "/a\\nb"', "scenarios.look.path: A path is percent-encoded: write '/a%0Ab', not "),
        (f"scenarios.look.path = '/{'ü' * 5000}'", "scenarios.look.path: A path is percent-encoded: write '/%C3%BC"),
        ("scenarios.look.upstream.users = { median_s = 1, sigma = 1e9 }", "should be less than or equal to 10, not"),
        ("scenarios.look.timeout_s = 0", "scenarios.look.timeout_s: Input should be greater than 0, not 0"),
        ("scenarios.look.status = 20", "scenarios.look.status: Input should be greater than or equal to 100, not 20"),
        ("scenarios.look.hold_s = -1.0", "scenarios.look.hold_s: Input should be greater than or equal to 0, not -1.0"),
        ("profiles.quick.rates = [10, 0]", "profiles.quick.rates.1: Input should be greater than 0, not 0"),
        ("profiles.quick.rates = [-1.0]", "profiles.quick.rates.0: Input should be greater than 0, not -1.0"),
        ("profiles.quick.rates = [nan]", "profiles.quick.rates.0: Input should be"),
        ("profiles.quick.rates = [inf]", "profiles.quick.rates.0: Input should be"),
        ("profiles.quick.rates = [1000001]", "profiles.quick.rates.0: Input should be less than or equal to 1000000"),
        ("profiles.quick.rates = ['fast']", "profiles.quick.rates.0: Input should be a valid number, not 'fast'"),
        ("profiles.quick.rates = 10", "profiles.quick.rates: Input should be a valid list, not 10"),
        (
            "profiles.quick.scenario_rates = { look = [0.0] }",
            "profiles.quick.scenario_rates.look.0: Input should be greater than 0, not 0.0",
        ),
        ("profiles.quick.scenario_rates = { see = [1] }", "profiles.quick: unknown scenario 'see'; known: look"),
        (
            "profiles.quick.arrivals = 'bursts'",
            "profiles.quick.arrivals: Input should be 'fixed' or 'poisson', not 'bursts'",
        ),
        ("profiles.quick.max_rate = { one = 0 }", "profiles.quick.max_rate.one: Input should be greater than 0, not 0"),
        ("profiles.quick.max_rate = { two = 1 }", "profiles.quick: unknown stack 'two'; known: one"),
        (
            "profiles.quick.max_in_flight = 0",
            "profiles.quick.max_in_flight: Input should be greater than or equal to 1, not 0",
        ),
        ("profiles.quick.compare = ['one']", "profiles.quick.compare: List should have at least 2 items"),
        ("profiles.quick.compare = ['a', 'b', 'c']", "profiles.quick.compare: List should have at most 2 items"),
        ("profiles.quick.compare = ['one', 'two']", "profiles.quick: unknown stack 'two'; known: one"),
        ("profiles.quick.compare = ['one', 'one']", "profiles.quick.compare: 'one' cannot be compared with itself"),
        (
            "profiles.quick.users = [1, -1]",
            "profiles.quick.users.1: Input should be greater than or equal to 1, not -1",
        ),
        ("profiles.quick.stacks = []", "profiles.quick.stacks: List should have at least 1 item"),
        ("profiles.quick.rounds = 0", "profiles.quick.rounds: Input should be greater than or equal to 1, not 0"),
        ("profiles.quick.warmup_s = -1", "profiles.quick.warmup_s: Input should be greater than 0, not -1"),
        ("profiles.quick.window_s = inf", "profiles.quick.window_s: Input should be a finite number, not inf"),
        ("profiles.quick.window_limit_s = 1.5", "profiles.quick.window_limit_s: 1.5 is less than window_s"),
        ("profiles.quick.stacks = ['two']", "profiles.quick: unknown stack 'two'; known: one"),
        ("profiles.quick.scenarios = ['see']", "profiles.quick: unknown scenario 'see'; known: look"),
        ("profiles.quick.max_users = { two = 1 }", "profiles.quick: unknown stack 'two'; known: one"),
        ("profiles.quick.scenario_users = { see = [1] }", "profiles.quick: unknown scenario 'see'; known: look"),
        (f"stacks.{'x' * 81}.title = 'long'", "String should have at most 80 characters"),
        ('stacks."a\\nb" = { interface = "wsgi", argv = ["a"] }', "String should match pattern"),
    ],
)
def test_what_is_malformed_is_told_in_one_line_that_names_file_key_and_what_is_valid(
    write: Write, above: str, wanted: str
) -> None:
    base, mine = write(WHOLE, "base.toml"), write(above)
    said = complaint(base, mine)
    assert str(mine) in said
    assert wanted in said
    assert said.isprintable()
    assert len(said) < 500


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert complaint(tmp_path / "gone.toml") == f"{tmp_path / 'gone.toml'}: there is no such file"


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    assert "directory" in complaint(tmp_path)
    assert str(tmp_path) in complaint(tmp_path)


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"title = 'caf\xe9'")
    assert str(path) in complaint(path)
    assert "utf-8" in complaint(path)


def test_one_key_laid_over_a_table_leaves_the_others(write: Write) -> None:
    config = load_config([write(WHOLE, "base.toml"), write("stacks.one.workers = 3")])
    assert config.stacks["one"].workers == 3
    assert config.stacks["one"].argv == ["serve", "{port}"]


def test_a_new_stack_stands_beside_those_below(write: Write) -> None:
    above = write('stacks.two = { interface = "asgi", argv = ["b"] }\nprofiles.quick.stacks = ["one", "two"]')
    assert list(load_config([write(WHOLE, "base.toml"), above]).stacks) == ["one", "two"]


def test_relative_paths_are_relative_to_the_file_that_names_them(write: Write, tmp_path: Path) -> None:
    base = write(WHOLE, "base/base.toml")
    mine = write(
        """
        stacks.one.env = { A = "1" }
        stacks.two = { interface = "wsgi", argv = ["a"], cwd = "app" }
        scenarios.look.locustfile = "../look.py"
        """,
        "other/mine.toml",
    )
    config = load_config([base, mine])
    assert config.stacks["one"].cwd == str(tmp_path / "base")
    assert config.stacks["two"].cwd == str(tmp_path / "other/app")
    assert config.scenarios["look"].locustfile == str(tmp_path / "look.py")


@pytest.mark.parametrize(
    ("table", "programs"),
    [
        ('argv = ["a"]', None),
        ('argv = ["a"]\nprograms = "{harness}"', HARNESS),
        ('argv = ["a"]\nprograms = ".venv/bin"', "other/.venv/bin"),
        ('argv = ["a"]\nprograms = "../bin"', "bin"),
    ],
)
def test_the_folder_of_programs_is_relative_to_the_file_that_names_it_and_none_without(
    write: Write, tmp_path: Path, table: str, programs: str | None
) -> None:
    mine = write(f"[stacks.one]\n{table}", "other/mine.toml")
    found = load_config([write(WHOLE, "base/base.toml"), mine]).stacks["one"].programs
    assert found == (programs if programs in {None, HARNESS} else str(tmp_path / str(programs)))


def test_our_own_stacks_find_their_programs_in_our_environment_until_a_file_replaces_their_command(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {stack.programs for stack in load_config([DEFAULT_CONFIG]).stacks.values()} == {HARNESS}
    kept = load_config([DEFAULT_CONFIG, write("stacks.flask-sync = { workers = 2, cwd = 'mine' }")])
    assert kept.stacks["flask-sync"].programs == HARNESS
    replaced = load_config([DEFAULT_CONFIG, write("stacks.flask-sync.argv = ['mine']")])
    assert replaced.stacks["flask-sync"].programs is None
    monkeypatch.chdir(DEFAULT_CONFIG.parent)
    named = load_config([DEFAULT_CONFIG, Path(DEFAULT_CONFIG.name)])
    assert {stack.programs for stack in named.stacks.values()} == {HARNESS}


def test_a_plan_and_its_variants_keep_the_folder_of_programs(write: Write, tmp_path: Path) -> None:
    above = write("stacks.one.programs = 'bin'\nstacks.one.argv = ['a', '{workers}']")
    config, _ = apply_settings(load_config([write(WHOLE, "base.toml"), above]), ["one.workers=2,3"])
    plan = make_plan(config, "quick", stacks=["one[workers=2]", "one[workers=3]"])
    assert {stack.programs for stack in plan.stacks.values()} == {str(tmp_path / "bin")}


def test_who_replaces_the_command_of_a_stack_means_a_program_in_his_own_folder(write: Write, tmp_path: Path) -> None:
    mine = write('stacks.one.argv = ["./mine"]', "other/mine.toml")
    assert load_config([write(WHOLE, "base/base.toml"), mine]).stacks["one"].cwd == str(tmp_path / "other")


def test_paths_within_the_checkout_are_kept_relative_to_it() -> None:
    config = load_config([DEFAULT_CONFIG])
    assert {stack.cwd for stack in config.stacks.values()} == {"."}
    assert all((SHIPPED / (scenario.locustfile or MIX)).is_file() for scenario in config.scenarios.values())


def test_a_stack_without_an_interface_is_compared_in_the_order_of_the_profile(write: Write) -> None:
    plain = WHOLE.replace('interface = "wsgi"\n', "")
    path = write(plain + "[stacks.two]\nargv = ['a']\n[stacks.three]\ninterface = 'asgi'\nargv = ['a']")
    plan = make_plan(load_config([path]), "quick", stacks=["one", "two", "three"])
    assert plan.stacks["one"].interface is None
    assert plan.profile.compare == ("two", "one")


@pytest.mark.parametrize(("key", "value"), [("ready_path", "/up"), ("url", "db://{host}:{port}")])
def test_a_companion_that_is_told_no_port_has_nothing_that_needs_one(write: Write, key: str, value: str) -> None:
    table = f"[companions.db]\nargv = ['db']\n{key} = '{value}'\n[stacks.one]\nneeds = ['db', 'db']"
    with pytest.raises(BenchError, match=f"companions.db: {key} needs a port: write {{port}} into its argv or env"):
        make_plan(load_config([write(WHOLE), write(table, "own.toml")]), "quick")
    told = write(f"{table}\n[companions.db.env]\nPORT = '{{port}}'", "told.toml")
    found = make_plan(load_config([write(WHOLE), told]), "quick")
    assert found.companions["db"].listens
    assert found.stacks["one"].needs == ("db",)
    socket = write(table.replace(f"{key} = '{value}'", "url = 'db://{folder}'"), "socket.toml")
    assert not make_plan(load_config([write(WHOLE), socket]), "quick").companions["db"].listens


def test_a_scenario_that_says_what_to_send_replaces_one_of_the_same_name(write: Write) -> None:
    own = write("[scenarios.health]\npath = '/hello'")
    found = make_plan(load_config([DEFAULT_CONFIG, own]), "bench", scenarios=["health"], users=[1]).scenarios["health"]
    assert (found.title, found.locustfile) == ("health", MIX)
    longer = write("[scenarios.health]\ntimeout_s = 7")
    found = make_plan(load_config([DEFAULT_CONFIG, longer]), "bench", scenarios=["health"], users=[1]).scenarios[
        "health"
    ]
    assert (found.timeout_s, found.locustfile) == (7.0, "loadtests/health.py")


def test_a_scenario_without_a_locustfile_uses_the_one_that_gets_a_path(write: Write) -> None:
    assert make_plan(load_config([write(WHOLE)]), "quick").scenarios["look"].locustfile == MIX
    assert (SHIPPED / MIX).is_file()


def test_every_profile_of_the_project_makes_a_plan() -> None:
    config = load_config([DEFAULT_CONFIG])
    for name, table in config.profiles.items():
        plan = make_plan(config, name)
        assert plan.profile.stacks == tuple(table.stacks)
        # The slices of an A/B never grow.
        assert plan.profile.timing.window_limit_s == (1 if name == "ab" else 3) * plan.profile.timing.window_s


def test_loads_ascend_without_repetition_and_a_limit_is_by_default_three_windows(write: Write) -> None:
    profile = make_plan(load_config([write(WHOLE)]), "quick").profile
    assert profile.loads == {"look": (Closed(users=1), Closed(users=10))}
    assert profile.timing.window_limit_s == 6.0


def test_holding_time_is_by_default_the_sum_of_the_upstreams_mean_delays(write: Write) -> None:
    path = write(WHOLE)
    scenario = make_plan(load_config([path]), "quick").scenarios["look"]
    assert scenario.hold_s == pytest.approx(2 * 0.1 + 0.05 * math.exp(0.5**2 / 2))
    assert scenario.upstream == {"users": UpstreamCall(2, 0.1), "orders": UpstreamCall(1, 0.05, 0.5)}
    above = write("scenarios.look.hold_s = 0.1", "above.toml")
    assert make_plan(load_config([path, above]), "quick").scenarios["look"].hold_s == 0.1


@pytest.mark.parametrize(
    ("above", "slots"),
    [
        ("", 1),
        ("stacks.one.workers = 3\nstacks.one.threads = 4", 12),
        ("stacks.one.workers = 2\nstacks.one.threads = 'users'", 20),
        ("stacks.one.workers = 2\nstacks.one.slots = 5", 5),
        ("stacks.one.slots = 'unbounded'", None),
    ],
)
def test_slots_are_by_default_workers_times_threads(write: Write, above: str, slots: int | None) -> None:
    plan = make_plan(load_config([write(WHOLE, "base.toml"), write(above)]), "quick")
    assert plan.stacks["one"].slots == slots


def test_as_many_threads_as_users_follow_the_highest_load_of_the_command_line(write: Write) -> None:
    config = load_config([write(WHOLE + "[stacks.two]\ninterface = 'wsgi'\nargv = ['a']\nthreads = 'users'")])
    assert make_plan(config, "quick", stacks=["two"]).stacks["two"].threads == 10
    assert make_plan(config, "quick", stacks=["two"], users=[7, 70]).stacks["two"].threads == 70


def test_the_command_line_takes_the_place_of_the_profiles_values(write: Write) -> None:
    above = write("profiles.quick.max_users = { one = 5 }\nprofiles.quick.window_limit_s = 2.5")
    config = load_config([write(WHOLE, "base.toml"), above])
    assert make_plan(config, "quick").profile.max_users == {"one": 5}
    profile = make_plan(config, "quick", users=[50], rounds=4, window_s=0.5, warmup_s=0.2).profile
    assert profile.max_users == {}  # who names the loads means them
    assert profile.loads["look"] == (Closed(users=50),)
    assert (profile.rounds, profile.timing.warmup_s, profile.timing.window_s) == (4, 0.2, 0.5)
    assert profile.timing.window_limit_s == 1.5


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ({"profile_name": "slow"}, "--profile: unknown profile 'slow'; known: quick"),
        ({"stacks": ["two"]}, "--stacks: unknown stack 'two'; known: one"),
        ({"scenarios": ["see"]}, "--scenarios: unknown scenario 'see'; known: look"),
    ],
)
def test_an_unknown_name_on_the_command_line_is_told_with_the_known_ones(
    write: Write, words: dict[str, str], wanted: str
) -> None:
    with pytest.raises(BenchError) as caught:
        make_plan(load_config([write(WHOLE)]), **{"profile_name": "quick", **words})  # type: ignore[arg-type]
    assert str(caught.value) == wanted


def test_a_plan_without_any_cell_is_refused(write: Write) -> None:
    above = write("profiles.quick.users = [10]\nprofiles.quick.max_users = { one = 5 }")
    with pytest.raises(BenchError, match=r"profiles\.quick: max_users and max_rate leave no load for one"):
        make_plan(load_config([write(WHOLE, "base.toml"), above]), "quick")


def test_rates_are_open_loads_beside_the_closed_ones_ascending_and_without_repetition(write: Write) -> None:
    above = write("profiles.quick.rates = [200, 50.5, 200.0]\nprofiles.quick.max_in_flight = 70")
    profile = make_plan(load_config([write(WHOLE, "base.toml"), above]), "quick").profile
    assert profile.loads == {"look": (Closed(users=1), Closed(users=10), fixed(50.5, 70), fixed(200.0, 70))}


def test_arrivals_are_evenly_spaced_unless_profile_or_command_line_says_otherwise(write: Write) -> None:
    rates = "profiles.quick.users = []\nprofiles.quick.rates = [5]\n"
    config = load_config([write(WHOLE, "base.toml"), write(rates)])
    assert make_plan(config, "quick").profile.loads["look"] == (fixed(5.0),)
    assert make_plan(config, "quick", arrivals="poisson").profile.loads["look"] == (poisson(5.0),)
    config = load_config([write(WHOLE, "base.toml"), write(rates + "profiles.quick.arrivals = 'poisson'")])
    assert make_plan(config, "quick").profile.loads["look"] == (poisson(5.0),)
    assert make_plan(config, "quick", arrivals="fixed").profile.loads["look"] == (fixed(5.0),)
    assert make_plan(config, "quick", rates=[7.0]).profile.loads["look"] == (poisson(7.0),)


def test_one_scenario_may_have_other_users_or_rates_than_the_rest(write: Write) -> None:
    above = write(
        """
        scenarios.see.path = "/see"
        [profiles.quick]
        scenarios = ["look", "see"]
        rates = [5]
        scenario_users = { see = [] }
        scenario_rates = { see = [9, 3] }
        """
    )
    profile = make_plan(load_config([write(WHOLE, "base.toml"), above]), "quick").profile
    assert profile.loads == {
        "look": (Closed(users=1), Closed(users=10), fixed(5.0)),
        "see": (fixed(3.0), fixed(9.0)),
    }


def test_a_scenario_left_without_any_load_is_refused_by_name(write: Write) -> None:
    above = write(
        """
        scenarios.see.path = "/see"
        [profiles.quick]
        scenarios = ["look", "see"]
        scenario_users = { see = [] }
        """
    )
    config = load_config([write(WHOLE, "base.toml"), above])
    with pytest.raises(BenchError, match=r"profiles\.quick: no users and no rates for scenario see$"):
        make_plan(config, "quick")
    assert set(make_plan(config, "quick", scenarios=["look"]).profile.loads) == {"look"}
    assert make_plan(config, "quick", users=[3]).profile.loads["see"] == (Closed(users=3),)


@pytest.mark.parametrize(
    ("users", "rates", "loads"),
    [
        ([50, 5], None, (Closed(users=5), Closed(users=50))),
        (None, [70.0, 7.0], ("7", "70")),
        ([5], [7.0], (Closed(users=5), "7")),
    ],
)
def test_users_or_rates_of_the_command_line_replace_all_loads_and_all_limits(
    write: Write, users: list[int] | None, rates: list[float] | None, loads: tuple[Closed | str, ...]
) -> None:
    above = write(
        """
        [profiles.quick]
        rates = [100]
        scenario_users = { look = [20] }
        scenario_rates = { look = [300] }
        max_users = { one = 2 }
        max_rate = { one = 2.0 }
        """
    )
    config = load_config([write(WHOLE, "base.toml"), above])
    profile = make_plan(config, "quick", users=users, rates=rates).profile
    assert profile.loads["look"] == tuple(fixed(float(load)) if isinstance(load, str) else load for load in loads)
    assert (profile.max_users, profile.max_rate_rps) == ({}, {})


def test_limits_are_kept_where_the_command_line_names_no_load(write: Write) -> None:
    above = write("profiles.quick.rates = [1]\nprofiles.quick.max_users.one = 5\nprofiles.quick.max_rate.one = 2")
    profile = make_plan(load_config([write(WHOLE, "base.toml"), above]), "quick", rounds=2).profile
    assert (profile.max_users, profile.max_rate_rps) == ({"one": 5}, {"one": 2.0})


def test_a_rate_beyond_the_limit_of_every_stack_leaves_no_load(write: Write) -> None:
    above = write("profiles.quick.users = []\nprofiles.quick.rates = [10.5]\nprofiles.quick.max_rate = { one = 10 }")
    with pytest.raises(BenchError, match="max_users and max_rate leave no load for one"):
        make_plan(load_config([write(WHOLE, "base.toml"), above]), "quick")


def test_as_many_threads_as_users_are_as_many_as_an_open_load_may_have_under_way(write: Write) -> None:
    above = write("stacks.one.threads = 'users'\nprofiles.quick.rates = [5]\nprofiles.quick.max_in_flight = 300")
    config = load_config([write(WHOLE, "base.toml"), above])
    assert make_plan(config, "quick").stacks["one"].threads == 300
    assert make_plan(config, "quick", users=[7]).stacks["one"].threads == 7


COMPARED = """
[stacks]
w1 = { interface = "wsgi", argv = ["a"] }
w2 = { interface = "wsgi", argv = ["a"] }
a1 = { interface = "asgi", argv = ["a"] }
a2 = { interface = "asgi", argv = ["a"] }
[profiles.quick]
stacks = ["w1", "w2", "a1", "a2"]
"""


@pytest.mark.parametrize(
    ("stacks", "compare"),
    [
        (None, ("a1", "w1")),
        (["a2", "w2", "a1", "w1"], ("a2", "w2")),
        (["w2", "a1"], ("a1", "w2")),
        (["w1", "w2"], ("w2", "w1")),
        (["a2", "a1"], ("a1", "a2")),
        (["a2"], None),
    ],
)
def test_the_first_asgi_stack_is_by_default_compared_with_the_first_wsgi_one_else_the_second_with_the_first(
    write: Write, stacks: list[str] | None, compare: tuple[str, str] | None
) -> None:
    config = load_config([write(WHOLE, "base.toml"), write(COMPARED)])
    assert make_plan(config, "quick", stacks=stacks).profile.compare == compare


def test_a_profile_says_which_two_stacks_are_its_headline_where_both_are_measured(write: Write) -> None:
    config = load_config([write(WHOLE, "base.toml"), write(COMPARED + 'compare = ["w2", "a2"]')])
    assert make_plan(config, "quick").profile.compare == ("w2", "a2")
    assert make_plan(config, "quick", stacks=["a2", "w2", "w1"]).profile.compare == ("w2", "a2")
    assert make_plan(config, "quick", stacks=["w1", "w2", "a1"]).profile.compare == ("a1", "w1")


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.encode())
    assert list(load_config([path]).stacks) == ["one"]


def test_a_path_that_is_percent_encoded_is_kept(write: Write) -> None:
    above = write("scenarios.look.path = '/a%20b/%C3%BC?q=[1]&r=~!'")
    assert load_config([write(WHOLE, "base.toml"), above]).scenarios["look"].path == "/a%20b/%C3%BC?q=[1]&r=~!"


@pytest.mark.parametrize("name", ["gone.py", "."])
def test_a_locustfile_that_is_missing_is_found_when_it_is_planned(write: Write, tmp_path: Path, name: str) -> None:
    config = load_config([write(WHOLE, "base.toml"), write(f"scenarios.look.locustfile = '{name}'")])
    with pytest.raises(BenchError) as caught:
        make_plan(config, "quick")
    assert str(caught.value) == f"scenarios.look.locustfile: there is no file {(tmp_path / name).resolve()}"


def test_a_plan_of_more_cells_than_a_run_may_have_is_refused(write: Write) -> None:
    config = load_config([write(WHOLE)])
    assert make_plan(config, "quick", rounds=5000).profile.rounds == 5000
    with pytest.raises(BenchError, match=r"profiles\.quick: it has 10002 cells, and a run has at most 10000"):
        make_plan(config, "quick", rounds=5001)


CARRIED = """
[profiles.carried]
stacks = ["one"]
scenarios = ["look", "other"]
capacity = ["look"]
users = [10]
warmup_s = 1
window_s = 2
rounds = 1

[scenarios.other]
path = "/other"

[scenarios.third]
path = "/third"
"""


def test_a_profile_names_the_scenarios_whose_capacity_is_searched_for(write: Write) -> None:
    profile = make_plan(load_config([write(WHOLE + CARRIED)]), "carried").profile
    assert set(profile.sought) == {"look"}
    sought = profile.sought["look"]
    assert sought.objective.limit_s == pytest.approx(2 * (0.2 + 0.05 * math.exp(0.125)))
    assert (sought.arrivals, sought.max_in_flight) == ("poisson", 500)
    assert profile.loads["look"] == (Closed(users=10),)


def test_an_objective_of_the_profile_or_of_the_command_takes_the_place_of_the_default(write: Write) -> None:
    config = load_config([write(WHOLE + CARRIED.replace("users = [10]", 'slo = "p99:1s"'))])
    assert make_plan(config, "carried", scenarios=["look"]).profile.sought["look"].objective == Objective("p99", 1.0)
    asked = Searched(Objective("p50", 0.3), "fixed")
    profile = make_plan(config, "carried", searched=asked).profile
    assert {name: (one.objective.percentile, one.arrivals) for name, one in profile.sought.items()} == {
        "look": ("p50", "fixed"), "other": ("p50", "fixed"),
    }  # fmt: skip
    assert profile.loads == {"look": (), "other": ()}


def test_a_profile_names_the_stacks_that_are_searched(write: Write) -> None:
    two = '[stacks.two]\nlike = "one"\n' + CARRIED.replace('stacks = ["one"]', 'stacks = ["one", "two"]')
    config = load_config([write(WHOLE + two.replace("users = [10]", 'users = [10]\ncapacity_stacks = ["two"]'))])
    profile = make_plan(config, "carried").profile
    assert (profile.stacks, profile.searched) == (("one", "two"), ("two",))
    assert make_plan(config, "carried", stacks=["two", "one"]).profile.searched == ("two",)
    assert make_plan(config, "carried", stacks=["one"]).profile.sought == {}
    assert make_plan(config, "carried", stacks=["one"], searched=Searched()).profile.searched == ()


def test_a_variant_of_a_stack_is_searched_like_the_stack(write: Write) -> None:
    two = '[stacks.two]\nlike = "one"\n' + CARRIED.replace('stacks = ["one"]', 'stacks = ["one", "two"]')
    config = load_config([write(WHOLE + two.replace("users = [10]", 'users = [10]\ncapacity_stacks = ["two"]'))])
    config, replaced = apply_settings(config, ["two.env.A=1,2"])
    plan = make_plan(config, "carried", stacks=["one", *replaced["two"]])
    assert plan.profile.searched == ("two[env.A=1]", "two[env.A=2]")


def test_loads_that_are_asked_for_leave_no_search(write: Write) -> None:
    assert not make_plan(load_config([write(WHOLE + CARRIED)]), "carried", rates=[10.0]).profile.sought


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('slo = "fast"', r"profiles\.carried\.slo: 'fast': write p50, p95 or p99"),
        ('capacity = ["nowhere"]', "unknown scenario 'nowhere'"),
        ('capacity = ["third"]', "'third' is not among the scenarios of the profile"),
        ('capacity_stacks = ["nobody"]', "'nobody' is not among the stacks of the profile"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(write: Write, line: str, message: str) -> None:
    text = CARRIED.replace('capacity = ["look"]', "") if line.startswith("capacity") else CARRIED
    with pytest.raises(BenchError, match=message):
        load_config([write(WHOLE + text.replace("users = [10]", f"users = [10]\n{line}"))])


def test_an_objective_of_no_scenario_is_refused(write: Write) -> None:
    text = CARRIED.replace('capacity = ["look"]', 'slo = "p95:1s"')
    with pytest.raises(BenchError, match=r"profiles\.carried\.slo: name the scenarios that it is for in `capacity`"):
        load_config([write(WHOLE + text)])
    text = CARRIED.replace('capacity = ["look"]', 'capacity_stacks = ["one"]')
    with pytest.raises(
        BenchError, match=r"profiles\.carried\.capacity_stacks: name the scenarios that they are searched"
    ):
        load_config([write(WHOLE + text)])


def test_a_stack_that_is_like_another_says_only_what_differs(write: Write) -> None:
    base = WHOLE.replace(
        'argv = ["serve"', 'title = "the first"\nworkers = 2\nenv = { A = "1", B = "1" }\nargv = ["serve"'
    )
    two = write(base + '\n[stacks.two]\nlike = "one"\nenv = { B = "2" }\n[stacks.three]\nlike = "two"\nworkers = 3\n')
    stacks = make_plan(load_config([two]), "quick", stacks=["one", "two", "three"]).stacks
    assert [(one.title, one.workers, one.env) for one in stacks.values()] == [
        ("the first", 2, {"A": "1", "B": "1"}),
        ("two", 2, {"A": "1", "B": "2"}),
        ("three", 3, {"A": "1", "B": "2"}),
    ]
    assert {one.argv for one in stacks.values()} == {("serve", "{port}")}
    assert {one.cwd for one in stacks.values()} == {str(two.parent)}


def test_a_stack_of_another_file_may_be_like_one_of_ours(write: Write) -> None:
    mine = write('[stacks.mine]\nlike = "flask-gthread"\nworkers = 2\n')
    stacks = load_config([DEFAULT_CONFIG, mine]).stacks
    ours, theirs = stacks["flask-gthread"], stacks["mine"]
    assert (theirs.workers, theirs.title, theirs.like) == (2, None, "flask-gthread")
    assert (theirs.argv, theirs.env, theirs.cwd, theirs.programs) == (ours.argv, ours.env, ours.cwd, ours.programs)


@pytest.mark.parametrize(
    ("like", "words"),
    [
        ("gone", "stacks.two.like: unknown stack 'gone'; known: one, two"),
        ("two", "stacks.two.like: 'two' cannot be like itself"),
        (7, "stacks.two.like: Input should be a valid string"),
    ],
)
def test_a_stack_can_only_be_like_another_one(write: Write, like: object, words: str) -> None:
    said = like if isinstance(like, int) else f'"{like}"'
    assert words in complaint(write(f"{WHOLE}\n[stacks.two]\nlike = {said}\n"))


def test_two_stacks_cannot_be_like_one_another(write: Write) -> None:
    text = '\n[stacks.two]\nlike = "three"\n[stacks.three]\nlike = "two"\n'
    assert "stacks.three.like: 'two' cannot be like itself" in complaint(write(WHOLE + text))

import pytest

from bench.errors import BenchError
from bench.model.loads import amount
from bench.plan.config import DEFAULT_CONFIG, Config, load_config, make_plan
from bench.plan.schedule import visits
from bench.plan.variants import apply_settings, replace_names

KEEP = {"KEEP": "it", "THREADS": "{threads}"}

CONFIG = Config.model_validate(
    {
        "stacks": {
            "one": {"title": "The one", "interface": "wsgi", "argv": ["a", "{workers}"], "env": KEEP},
            "one.two": {"interface": "asgi", "argv": ["b", "-w={workers}"]},
        },
        "scenarios": {"look": {}},
        "profiles": {
            "quick": {
                "stacks": ["one"],
                "scenarios": ["look"],
                "users": [1, 10],
                "rates": [10.0, 50.0],
                "max_users": {"one": 5},
                "max_rate": {"one": 20.0},
                "warmup_s": 1.0,
                "window_s": 1.0,
                "rounds": 1,
            }
        },
    }
)


def test_each_value_makes_a_variant_that_replaces_the_stack() -> None:
    config, replaced = apply_settings(CONFIG, ["one.workers=1,2,4"])
    assert replaced == {"one": ["one[workers=1]", "one[workers=2]", "one[workers=4]"]}
    assert [config.stacks[name].workers for name in replaced["one"]] == [1, 2, 4]
    assert config.stacks["one[workers=2]"].title == "The one, workers 2"
    assert replace_names(["one.two", "one"], replaced) == ["one.two", *replaced["one"]]


def test_two_settings_of_one_stack_multiply() -> None:
    config, replaced = apply_settings(CONFIG, ["one.workers=1,2", "one.threads=3,users"])
    assert replaced["one"] == [
        f"one[workers={workers},threads={threads}]" for workers in (1, 2) for threads in (3, "users")
    ]
    last = config.stacks["one[workers=2,threads=users]"]
    assert (last.workers, last.threads) == (2, "users")


def test_an_environment_variable_is_set_beside_the_others() -> None:
    config, replaced = apply_settings(CONFIG, ["one.env.UPSTREAM_CLIENT=a=b"])
    assert config.stacks[replaced["one"][0]].env == {**KEEP, "UPSTREAM_CLIENT": "a=b"}
    assert CONFIG.stacks["one"].env == KEEP


def test_a_service_that_runs_already_may_have_other_slots() -> None:
    config = Config.model_validate({"stacks": {"there": {"url": "http://127.0.0.1:1"}}})
    found, _ = apply_settings(config, ["there.slots=4"])
    assert found.stacks["there[slots=4]"].slots == 4


def test_slots_may_be_unbounded() -> None:
    config, replaced = apply_settings(CONFIG, ["one.slots=unbounded,7"])
    assert [config.stacks[name].slots for name in replaced["one"]] == ["unbounded", 7]


def test_a_stack_with_a_dot_in_its_name_can_be_set() -> None:
    config, replaced = apply_settings(CONFIG, ["one.two.workers=3"])
    assert replaced == {"one.two": ["one.two[workers=3]"]}
    assert config.stacks["one.two[workers=3]"].workers == 3


def test_a_variant_has_the_limit_of_its_stack() -> None:
    config, replaced = apply_settings(CONFIG, ["one.workers=2"])
    plan = make_plan(config, "quick", stacks=replace_names(["one"], replaced))
    assert plan.profile.max_users == {"one[workers=2]": 5}
    assert plan.profile.max_rate_rps == {"one[workers=2]": 20.0}
    visited = [key.load for visit in visits(plan, seed=1) for key in visit]
    assert [amount(load) for load in visited] == [10.0, 1.0]


@pytest.mark.parametrize(
    ("settings", "stacks", "compare"),
    [
        ([], None, ("fastapi-aiohttp", "flask-gthread")),
        (["flask-gthread.threads=10,50"], None, ("fastapi-aiohttp", "flask-gthread[threads=10]")),
        (["flask-gthread.threads=50,10"], None, ("fastapi-aiohttp", "flask-gthread[threads=50]")),
        (
            ["flask-gthread.threads=10,50", "fastapi-aiohttp.env.A=1,2"],
            None,
            ("fastapi-aiohttp[env.A=1]", "flask-gthread[threads=10]"),
        ),
        (["flask-sync.workers=1,2"], None, ("fastapi-aiohttp", "flask-gthread")),
        # A headline needs both of its stacks to be measured.
        (
            ["flask-gthread.threads=10,50"],
            ["flask-gthread", "fastapi-httpx"],
            ("fastapi-httpx", "flask-gthread[threads=10]"),
        ),
        (["flask-sync.workers=1,2"], ["flask-sync"], ("flask-sync[workers=2]", "flask-sync[workers=1]")),
    ],
)
def test_the_first_variant_represents_its_stack_in_the_headline(
    settings: list[str], stacks: list[str] | None, compare: tuple[str, str]
) -> None:
    config, replaced = apply_settings(load_config([DEFAULT_CONFIG]), settings)
    measured = replace_names(stacks or config.profiles["bench"].stacks, replaced)
    assert make_plan(config, "bench", stacks=measured).profile.compare == compare


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("one", "write STACK.KEY=VALUE[,VALUE...]"),
        ("one.workers", "write STACK.KEY=VALUE[,VALUE...]"),
        ("one=1", "write STACK.KEY=VALUE[,VALUE...]"),
        ("one.workers=", "write STACK.KEY=VALUE[,VALUE...]"),
        ("", "write STACK.KEY=VALUE[,VALUE...]"),
        ("three.workers=1", "unknown stack 'three'; known: one, one.two"),
        ("one.argv=x", "unknown key 'argv'; known: workers, threads, slots, env.NAME"),
        ("one.workers=x", "'x': Input should be a valid integer"),
        ("one.workers=1,0", "'0': Input should be greater than or equal to 1"),
        ("one.workers=-1", "'-1': Input should be a valid integer"),
        ("one.workers=1,,2", "'': Input should be a valid integer"),
        ("one.two.threads=2", "neither argv nor env of one.two has {threads}, so it would change nothing"),
        ("one.threads=all", "'all': Input should be a valid integer"),
    ],
)
def test_the_error_for_a_bad_setting_says_what_is_allowed(setting: str, wanted: str) -> None:
    with pytest.raises(BenchError) as caught:
        apply_settings(CONFIG, [setting])
    assert str(caught.value).startswith(f"--set {setting}: ")
    assert wanted in str(caught.value)

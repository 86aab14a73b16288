from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.judge.gate.comparable import (
    Difference,
    differences,
    machine_differences,
    notable,
    settings_differences,
)
from bench.model.config import Companion, Plan, Timing, UpstreamCall
from bench.model.requests import Asked, Feed, Login, Request
from bench.model.run import Run
from tests.unit.sessions import ordinary

RUN = ordinary(rounds=1)
FLASK = "flask-gthread"


def machine(**changes: Any) -> Run:
    return replace(RUN, machine=replace(RUN.machine, **changes))


def configured(change: Callable[[Plan], Plan]) -> Run:
    return replace(RUN, config=change(RUN.config))


def profile(**changes: Any) -> Run:
    return configured(lambda plan: replace(plan, profile=replace(plan.profile, **changes)))


def stack(**changes: Any) -> Run:
    return configured(lambda plan: replace(plan, stacks={**plan.stacks, FLASK: replace(plan.stacks[FLASK], **changes)}))


def scenario(**changes: Any) -> Run:
    return configured(lambda plan: replace(plan, scenarios={"weather": replace(plan.scenarios["weather"], **changes)}))


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        (machine(cpu_model="Other CPU"), Difference("machine.cpu_model", "Example CPU @ 2.00GHz", "Other CPU")),
        (machine(cpus=4), Difference("machine.cpus", "2", "4")),
        (machine(system="Darwin"), Difference("machine.system", "Linux", "Darwin")),
        (machine(kernel="6.1.1"), Difference("machine.kernel", "6.1.0", "6.1.1")),
        (machine(python="3.11.10"), Difference("machine.python", "3.11.9", "3.11.10")),
        (machine(has_pss=False), Difference("machine.has_pss", "True", "False")),
        (machine(memory_bytes=9_000_000_000), Difference("machine.memory_bytes", "8000 MB", "9000 MB")),
        (replace(RUN, server_cpus=(0, 1)), Difference("server_cpus", "0", "0, 1")),
        (replace(RUN, load_cpus=()), Difference("load_cpus", "1", "not pinned")),
        (replace(RUN, seed=8), Difference("seed", "7", "8")),
        (
            replace(RUN, versions={**RUN.versions, "flask": "3.2.0"}),
            Difference("versions.flask", "3.1.0", "3.2.0"),
        ),
        (
            replace(RUN, versions={**RUN.versions, "uvloop": "0.23.0"}),
            Difference("versions.uvloop", "none", "0.23.0"),
        ),
        (profile(name="full"), Difference("profile", "bench", "full")),
        (profile(timing=Timing(0.5, 2.0, 3.0)), Difference("timing.window_s", "1.0", "2.0")),
        (stack(argv=("serve", "{host} {port}")), Difference(
            f"stacks.{FLASK}.argv", "serve '{host}:{port}'", "serve '{host} {port}'"
        )),
        (stack(env={"CLIENT": "httpx"}), Difference(f"stacks.{FLASK}.env.CLIENT", "none", "httpx")),
        (stack(workers=2), Difference(f"stacks.{FLASK}.workers", "1", "2")),
        (stack(threads=50), Difference(f"stacks.{FLASK}.threads", "100", "50")),
        (stack(slots=None), Difference(f"stacks.{FLASK}.slots", "100", "unbounded")),
        (stack(cwd="elsewhere"), Difference(f"stacks.{FLASK}.cwd", ".", "elsewhere")),
        (stack(programs=".venv/bin"), Difference(f"stacks.{FLASK}.programs", "{harness}", ".venv/bin")),
        (stack(programs=None), Difference(f"stacks.{FLASK}.programs", "{harness}", "none")),
        (scenario(timeout_s=5.0), Difference("scenarios.weather.timeout_s", "30.0", "5.0")),
        (
            scenario(upstream={"weather": UpstreamCall(2, 0.02)}),
            Difference(
                "scenarios.weather.upstream.weather",
                "calls 1, median_s 0.02, sigma 0.0",
                "calls 2, median_s 0.02, sigma 0.0",
            ),
        ),
    ],
)  # fmt: skip
def test_each_field_that_changes_figures_is_named_with_both_values(head: Run, wanted: Difference) -> None:
    assert differences(RUN, head) == (wanted,)
    assert differences(head, RUN) == (Difference(wanted.field, wanted.head, wanted.base),)


def beside(**changes: Any) -> Run:
    companion = Companion("db", ("db", "-c", "fsync=on"))
    return configured(
        lambda plan: replace(
            plan,
            stacks={name: replace(one, needs=("db",)) for name, one in plan.stacks.items()},
            companions={"db": replace(companion, **changes)},
        )
    )


@pytest.mark.parametrize("changes", [{"argv": ("db",)}, {"cores": "server"}, {"setup": ("init",)}, {"env": {"A": "b"}}])
def test_another_companion_is_a_difference(changes: dict[str, Any]) -> None:
    (name,) = changes
    assert [one.field for one in differences(beside(), beside(**changes))] == [f"companions.db.{name}"]
    assert differences(beside(), beside()) == ()


def test_rounds_of_a_service_that_ran_already_are_no_restarts_to_compare() -> None:
    running = configured(
        lambda plan: replace(plan, stacks={name: replace(one, url="http://a") for name, one in plan.stacks.items()})
    )
    found = differences(running, running)
    assert found
    assert {one.base for one in found} == {"http://a, ran already, so its rounds are no restarts"}


def without(name: str) -> Run:
    return configured(lambda plan: replace(plan, stacks={one: it for one, it in plan.stacks.items() if one != name}))


@pytest.mark.parametrize(
    "head",
    [
        RUN,
        ordinary(rounds=9, seed=2),
        replace(RUN, commit="f" * 40, dirty=True, lock_sha256="cd" * 32, started="later", notes=("a note",)),
        replace(RUN, lock_sha256=None, source="/mine", distributions={"flask": "3.1.0"}),
        machine(memory_bytes=8_700_000_000),
        machine(memory_bytes=7_300_000_000),
        stack(title="another title", ready_path=None),
        scenario(title="another title"),
        profile(rounds=20, compare=None, max_users={FLASK: 10}),
        without(FLASK),
    ],
)
def test_fields_that_change_no_figure_are_no_difference(head: Run) -> None:
    assert differences(RUN, head) == differences(head, RUN) == ()


def test_what_is_asked_is_compared_request_by_request() -> None:
    look = Request("look", "GET", "/", json={"n": 1})
    feed = Feed("rows.csv", "random", ("n",), "ab" * 32)
    base = scenario(asked=Asked((look,), feed))
    for changed, field in (
        (Asked((replace(look, json={"n": 2}),), feed), "requests.look"),
        (Asked((look, replace(look, name="more")), feed), "requests.more"),
        (Asked((look,), replace(feed, sha256="cd" * 32)), "feed"),
        (Asked((look,), feed, Login(look, {"t": "json:t"})), "login"),
        (Asked((look,), feed, cookies=True), "cookies"),
    ):
        (found,) = differences(base, scenario(asked=changed))
        assert found.field == f"scenarios.weather.{field}"
    (found,) = differences(base, scenario(asked=Asked((replace(look, json={"n": 2}),), feed)))
    assert found.base == '{"method": "GET", "path": "/", "json": {"n": 1}, "status": [200], "weight": 1.0}'


def test_every_difference_is_named() -> None:
    head = replace(machine(cpus=8, kernel="7.0"), seed=1)
    assert [one.field for one in differences(RUN, head)] == ["machine.cpus", "machine.kernel", "seed"]


def test_what_is_told_is_no_difference() -> None:
    assert notable(RUN, RUN) == ()
    assert notable(RUN, replace(RUN, lock_sha256=None)) == (Difference("lock_sha256", "abababababab", "none"),)
    assert notable(RUN, profile(rounds=20)) == (Difference("rounds", "1", "20"),)


def test_of_other_distributions_the_first_are_named() -> None:
    here = replace(RUN, distributions=dict.fromkeys("abcdef", "1"))
    there = replace(RUN, distributions={**dict.fromkeys("abcde", "2"), "f": "1", "g": "1"})
    assert notable(here, there) == (
        Difference("distributions", "a 1, b 1, c 1 and 3 more", "a 2, b 2, c 2 and 3 more"),
    )
    assert notable(here, RUN) == ()


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        (machine(cpu_model="Other CPU"), ["machine.cpu_model"]),
        (machine(cpus=4, memory_bytes=16_000_000_000), ["machine.cpus", "machine.memory_bytes"]),
        (machine(kernel="6.2.0", python="3.12.1"), ["machine.kernel", "machine.python"]),
        (replace(RUN, server_cpus=(0, 1)), ["server_cpus"]),
        (replace(RUN, versions={**RUN.versions, "flask": "9"}), ["versions.flask"]),
        (replace(RUN, lock_sha256="cd" * 32), ["lock_sha256"]),
        (replace(RUN, seed=99, commit="4" * 40), []),
        (profile(timing=Timing(9.0, 9.0, 9.0), rounds=9), []),
        (stack(workers=9), []),
    ],
)
def test_a_machine_is_its_hardware_and_what_is_installed_and_nothing_that_a_run_chooses(
    head: Run, fields: list[str]
) -> None:
    assert [one.field for one in machine_differences(RUN, head)] == fields


def test_the_settings_of_some_stacks_and_a_scenario_are_compared_alone() -> None:
    head = replace(stack(workers=9), seed=99)
    assert settings_differences(RUN, head, (FLASK,), "weather") == (Difference(f"stacks.{FLASK}.workers", "1", "9"),)
    assert settings_differences(RUN, head, ("fastapi-aiohttp",), "weather") == ()
    (found,) = settings_differences(RUN, scenario(timeout_s=9.0), (FLASK,), "weather")
    assert found.field == "scenarios.weather.timeout_s"

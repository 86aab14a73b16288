"""What the options of a command make of bench.toml."""

import argparse
from collections.abc import Sequence

from bench.model.config import Plan
from bench.plan.config import DEFAULT_CONFIG, Config, Searched, known, load_config, make_plan
from bench.plan.variants import NUMBERS, apply_settings, replace_names

CAPACITY = "capacity"
"""The profile of the command of this name."""


def config_of(arguments: argparse.Namespace, numbers: Sequence[str] = NUMBERS) -> tuple[Config, dict[str, list[str]]]:
    """All tables, those of --config and the variants of --set included, and the names of the variants of each stack.

    `numbers`: the keys that --set may have beside env.NAME.
    """
    paths = [DEFAULT_CONFIG, *([arguments.config] if arguments.config is not None else [])]
    return apply_settings(load_config(paths), arguments.set, numbers)


def stacks_of(arguments: argparse.Namespace, profile: str, config: Config, replaced: dict[str, list[str]]) -> list[str]:
    """The stacks of --stacks, or of the profile; in place of a stack with variants, these.

    Raises BenchError where --set names a stack that is not one of them: it would change nothing.
    """
    table = config.profiles.get(profile)
    stacks = arguments.stacks or (table.stacks if table is not None else [])
    known("stack of this run", replaced, stacks, "--set")
    return replace_names(stacks, replaced)


def searches_of(arguments: argparse.Namespace) -> Plan:
    """What `capacity` searches for. Raises BenchError as `plan_of` does."""
    config, replaced = config_of(arguments)
    return make_plan(
        config,
        CAPACITY,
        stacks=stacks_of(arguments, CAPACITY, config, replaced),
        scenarios=arguments.scenarios,
        rounds=arguments.rounds,
        searched=Searched(arguments.slo, arguments.arrivals),
    )


def plan_of(arguments: argparse.Namespace) -> Plan:
    """What `run` measures. Raises BenchError where --set names a stack that the run does not have."""
    config, replaced = config_of(arguments)
    return make_plan(
        config,
        arguments.profile,
        stacks=stacks_of(arguments, arguments.profile, config, replaced),
        scenarios=arguments.scenarios,
        users=arguments.users,
        rates=arguments.rate,
        arrivals=arguments.arrivals,
        rounds=arguments.rounds,
        window_s=arguments.window,
        warmup_s=arguments.warmup,
    )

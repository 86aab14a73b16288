"""What the options of a command make of bench.toml."""

import argparse

from bench.model.config import Plan
from bench.plan.config import DEFAULT_CONFIG, Config, Searched, known, load_config, make_plan
from bench.plan.variants import apply_settings, replace_names

CAPACITY = "capacity"
"""The profile of the command of this name."""


def config_of(arguments: argparse.Namespace) -> tuple[Config, dict[str, list[str]]]:
    """All tables, those of --config and the variants of --set included, and the names of the variants of each stack."""
    paths = [DEFAULT_CONFIG, *([arguments.config] if arguments.config is not None else [])]
    return apply_settings(load_config(paths), arguments.set)


def searches_of(arguments: argparse.Namespace) -> Plan:
    """What `capacity` searches for. Raises BenchError as `plan_of` does."""
    config, replaced = config_of(arguments)
    profile = config.profiles.get(CAPACITY)
    stacks = arguments.stacks or (profile.stacks if profile is not None else [])
    known("stack of this run", replaced, stacks, "--set")
    return make_plan(
        config,
        CAPACITY,
        stacks=replace_names(stacks, replaced),
        scenarios=arguments.scenarios,
        rounds=arguments.rounds,
        searched=Searched(arguments.slo, arguments.arrivals),
    )


def plan_of(arguments: argparse.Namespace) -> Plan:
    """What `run` measures. Raises BenchError where --set names a stack that the run does not have."""
    config, replaced = config_of(arguments)
    profile = config.profiles.get(arguments.profile)
    stacks = arguments.stacks or (profile.stacks if profile is not None else [])
    known("stack of this run", replaced, stacks, "--set")
    return make_plan(
        config,
        arguments.profile,
        stacks=replace_names(stacks, replaced),
        scenarios=arguments.scenarios,
        users=arguments.users,
        rates=arguments.rate,
        arrivals=arguments.arrivals,
        rounds=arguments.rounds,
        window_s=arguments.window,
        warmup_s=arguments.warmup,
    )

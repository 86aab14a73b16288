"""The command line: `python -m bench list | serve | selftest | run | ab`."""

import argparse
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from bench.errors import BenchError
from bench.judge.gate.paired import judge_paired
from bench.model.config import Plan
from bench.plan.config import DEFAULT_CONFIG, ROOT, Config, known, load_config, make_plan
from bench.plan.turns import SLICE_S
from bench.plan.variants import apply_settings, replace_names
from bench.record import store
from bench.run.host.cpus import cpu_sets
from bench.run.host.signals import Interrupted, stop_on_signals
from bench.run.session import ab, plain
from bench.run.session.fitness import take_selftest
from bench.run.session.folder import RESULTS
from bench.run.session.selftest import Ladders
from bench.run.session.serve import serve_stack
from bench.show.report.selftest import selftest_lines
from bench.show.verdict.options import add_options, gate
from bench.show.verdict.publish import present

DEFAULT_PROFILE = "bench"
AB_PROFILE = "ab"


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code: 0 every cell recorded, 1 a cell failed, 2 usage, 130 or 143 interrupted; of `ab` the verdict's."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser().parse_args(words)
    try:
        return int(arguments.verb(arguments, words))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return error.exit_code
    except Interrupted as interruption:
        print(f"bench: {interruption}", file=sys.stderr)
        return interruption.exit_code


def _list(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    config, _ = _config(arguments)
    for heading, tables in (("stacks", config.stacks), ("scenarios", config.scenarios)):
        print(f"{heading}:")
        for name, table in tables.items():
            print(f"  {name:<22} {table.title or ''}".rstrip())
    print("profiles:")
    for name, profile in config.profiles.items():
        stacks, scenarios = ", ".join(profile.stacks), ", ".join(profile.scenarios)
        every = (
            [*profile.users, *chain(*profile.scenario_users.values())],
            [*profile.rates, *chain(*profile.scenario_rates.values())],
        )
        users, rates = (", ".join(f"{load:g}" for load in sorted(set(loads))) for loads in every)
        loads = "; ".join(f"{kind}: {amounts}" for kind, amounts in (("users", users), ("rates", rates)) if amounts)
        print(f"  {name:<22} {stacks} on {scenarios}; {loads}; rounds: {profile.rounds}")
    return 0


def _serve(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    config, replaced = _config(arguments)
    known("stack", [arguments.stack], config.stacks, "serve")
    names = replace_names([arguments.stack], replaced)
    if len(names) > 1:
        raise BenchError(f"serve takes one stack, but --set makes {len(names)} variants of {arguments.stack}")
    plan = make_plan(config, arguments.profile, stacks=names, users=arguments.users)
    with stop_on_signals() as stop:
        serve_stack(plan.stacks[names[0]], plan, arguments.port, arguments.seed, stop)
    return 0


def _run(arguments: argparse.Namespace, words: Sequence[str]) -> int:
    with stop_on_signals() as stop:
        if arguments.resume is not None:
            result = plain.resume(arguments.resume, stop)
        else:
            result = plain.start(_plan(arguments), arguments.seed, words, arguments.out, stop, force=arguments.force)
    from bench.show.report.publish import publish  # noqa: PLC0415 (what draws is big, and nothing of it is needed to measure)

    publish(result.folder, RESULTS / "reference")
    if result.failed:
        print(f"bench run: {result.failed} cells failed; their logs are in {result.folder}/logs", file=sys.stderr)
    return 1 if result.failed else 0


def _ab(arguments: argparse.Namespace, words: Sequence[str]) -> int:
    config, replaced = _config(arguments)
    table = config.profiles[AB_PROFILE]
    stacks = replace_names(arguments.stacks or table.stacks, replaced)
    # What is left out leaves its time to the rest.
    spared = len(table.stacks) / len(stacks) * (2 if arguments.closed_only else 1)
    plan = make_plan(
        config,
        AB_PROFILE,
        stacks=stacks,
        scenarios=arguments.scenarios,
        users=arguments.users,
        rounds=arguments.restarts,
        window_s=arguments.window or spared * table.window_s,
    )
    question = ab.Question(
        arguments.repo, arguments.base, arguments.head, arguments.closed_only, arguments.slice, arguments.alpha
    )
    with stop_on_signals() as stop:
        result = ab.start(plan, question, arguments.seed, words, arguments.out, stop, force=arguments.force)
    print(f"recorded in {result.folder}; show it again with: python compare.py diff {result.folder}\n")
    found = judge_paired(store.load_run(result.folder), gate(arguments))
    return present(found, markdown=arguments.markdown, json=arguments.json)


def _selftest(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    with stop_on_signals() as stop:
        found = take_selftest(cpu_sets(arguments.server_cpus), Ladders(), stop)
    print("\n".join(selftest_lines(found)))
    return 0


def _config(arguments: argparse.Namespace) -> tuple[Config, dict[str, list[str]]]:
    """All tables, variants included, and which names the variants replace."""
    paths = [DEFAULT_CONFIG, *([arguments.config] if arguments.config is not None else [])]
    return apply_settings(load_config(paths), arguments.set)


def _plan(arguments: argparse.Namespace) -> Plan:
    config, replaced = _config(arguments)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure web stacks side by side.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument("--config", type=Path, metavar="FILE", help="a TOML file laid over bench.toml")
    everywhere.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STACK.KEY=V[,V]",
        help="variants of a stack; keys: workers, threads, slots, env.NAME",
    )
    planned = argparse.ArgumentParser(add_help=False)
    planned.add_argument("--profile", default=DEFAULT_PROFILE, help="a [profiles.NAME] table (default: %(default)s)")
    planned.add_argument("--users", type=_counts, metavar="N[,N]", help="closed loads in place of all of the profile's")
    planned.add_argument("--seed", type=int, default=1, help="of the order and of the delays (default: %(default)s)")

    listing = verbs.add_parser("list", parents=[everywhere], help="stacks, scenarios and profiles")
    listing.set_defaults(verb=_list)

    serve = verbs.add_parser("serve", parents=[everywhere, planned], help="one stack and the upstream, until Ctrl-C")
    serve.add_argument("stack", metavar="STACK")
    serve.add_argument("--port", type=_port, default=0, help="default: a free one")
    serve.set_defaults(verb=_serve)

    selftest = verbs.add_parser("selftest", help="what this machine can measure (a minute)")
    selftest.add_argument("--server-cpus", type=_count, default=1, help="cores for the server (default: %(default)s)")
    selftest.set_defaults(verb=_selftest)

    run = verbs.add_parser("run", parents=[everywhere, planned], help="measure a profile")
    run.add_argument("--stacks", type=_names, metavar="A[,B]", help="in place of the profile's")
    run.add_argument("--scenarios", type=_names, metavar="X[,Y]", help="in place of the profile's")
    run.add_argument(
        "--rate", type=_rates, metavar="R[,R]", help="open loads, requests/s, in place of all of the profile's"
    )
    run.add_argument("--arrivals", choices=("fixed", "poisson"), help="of open loads: evenly spaced, or seeded Poisson")
    run.add_argument("--rounds", type=_count, metavar="N")
    run.add_argument("--window", type=_seconds, metavar="S", help="seconds; it may grow to three times that")
    run.add_argument("--warmup", type=_seconds, metavar="S")
    run.add_argument("--force", action="store_true", help="measure even what the selftest says is beyond this machine")
    folder = run.add_mutually_exclusive_group()
    folder.add_argument("--out", type=Path, metavar="DIR", help="the run folder (default: results/<run-id>)")
    folder.add_argument("--resume", type=Path, metavar="DIR", help="go on with a run; everything else is as it was")
    run.set_defaults(verb=_run)

    both = verbs.add_parser("ab", parents=[everywhere], help="two revisions in one session, and the verdict")
    both.add_argument("--base", required=True, metavar="REF", help="the revision to compare with")
    both.add_argument("--head", default=".", metavar="REF", help="default: ., the working tree as it is")
    both.add_argument("--repo", type=Path, default=ROOT, metavar="DIR", help="whose revisions (default: this checkout)")
    both.add_argument("--stacks", type=_names, metavar="A[,B]", help="in place of the profile's")
    both.add_argument("--scenarios", type=_names, metavar="X[,Y]", help="in place of the profile's")
    both.add_argument("--users", type=_counts, metavar="N", help="of the closed load, in place of the profile's")
    both.add_argument("--closed-only", action="store_true", help="the closed load alone, for twice as long")
    both.add_argument("--restarts", type=_count, metavar="N", help="of both servers, in place of the profile's")
    both.add_argument("--window", type=_seconds, metavar="S", help="seconds of each load for an arm in a restart")
    both.add_argument("--slice", type=_seconds, metavar="S", default=SLICE_S, help="seconds at least (%(default)s)")
    both.add_argument("--seed", type=int, default=1, help="of order and delays (default: %(default)s)")
    both.add_argument("--force", action="store_true", help="measure even what the selftest says is beyond this machine")
    both.add_argument("--out", type=Path, metavar="DIR", help="the run folder (default: results/<run-id>)")
    add_options(both)
    both.set_defaults(verb=_ab)
    return parser


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r}: write names with commas between them")
    return names


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000):
        raise argparse.ArgumentTypeError(f"{text!r}: write a whole number from 1 to 100000")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r}: write a port from 1 to 65535")
    return int(text)


def _counts(text: str) -> list[int]:
    return [_count(part.strip()) for part in text.split(",")]


def _rates(text: str) -> list[float]:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if not values or not all(0 < value <= 1_000_000 for value in values):
        raise argparse.ArgumentTypeError(f"{text!r}: write requests/s, more than 0 and at most 1000000")
    return values


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"{text!r}: write seconds, more than 0 and at most a day")
    return value

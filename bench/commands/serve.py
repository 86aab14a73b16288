"""`serve`: one stack and the mock upstream, for a browser or for Locust by hand."""

import argparse
from collections.abc import Sequence

from bench.commands.planning import config_of
from bench.errors import BenchError
from bench.plan.config import known, make_plan
from bench.plan.variants import replace_names
from bench.run.host.signals import stop_on_signals
from bench.run.session.serve import serve_stack

HELP = """\
Start one stack and the mock upstream, print the address of the stack, and
serve until Ctrl-C. Nothing is measured.
"""


def serve(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """Serves until a signal, which raises Interrupted. Raises BenchError where the stack does not start or ends."""
    config, replaced = config_of(arguments)
    known("stack", [arguments.stack], config.stacks, "serve")
    url = config.stacks[arguments.stack].url
    if url is not None:
        raise BenchError(f"{arguments.stack} runs already, at {url}")
    stacks = replace_names([arguments.stack], replaced)
    if len(stacks) > 1:
        raise BenchError(f"serve takes one stack, but --set makes {len(stacks)} variants of {arguments.stack}")
    plan = make_plan(config, arguments.profile, stacks=stacks, users=arguments.users)
    with stop_on_signals() as stop:
        serve_stack(plan.stacks[stacks[0]], plan, arguments.port, arguments.seed, stop)
    return 0

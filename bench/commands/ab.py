"""`ab`: measure two revisions in one session, then show the verdict."""

import argparse
from collections.abc import Sequence

from bench.commands.planning import config_of, stacks_of
from bench.judge.gate.looks import MINUTES
from bench.judge.gate.paired import judge_paired
from bench.options import gate
from bench.places import COMMAND
from bench.plan.config import make_plan
from bench.record import store
from bench.run.host.signals import stop_on_signals
from bench.run.session.ab import Question, start
from bench.show.verdict.publish import present

PROFILE = "ab"
COUNTED = "instructions"
"""The profile of what --exact counts."""

HELP = """\
Measure two revisions of a service in one session: both run side by side on
the same core and are under load in turn, restart after restart. Then print
the verdict. What is measured is the profile "ab".
"""

NOTES = """\
exit codes:
  0    no regression, or nothing changed
  1    regressed
  2    wrong usage, a revision that does not serve, or an unexpected error
  3    not comparable
  4    inconclusive
  130  interrupted by Ctrl-C (143: by SIGTERM)

examples:
  %(prog)s --base main
  %(prog)s --base main --exact
  %(prog)s --base v1.0 --head v1.1 --fail-on p95:10%% \\
      --markdown verdict.md
"""


def ab(arguments: argparse.Namespace, words: Sequence[str]) -> int:
    """The exit code of the verdict. Raises BenchError where a revision cannot be measured, Interrupted at a signal."""
    config, replaced = config_of(arguments)
    plan = make_plan(
        config,
        PROFILE,
        stacks=stacks_of(arguments, PROFILE, config, replaced),
        scenarios=arguments.scenarios,
        users=arguments.users,
        rounds=arguments.restarts or MINUTES.get(arguments.minutes),
        window_s=arguments.window,
    )
    counted = None
    if arguments.exact:
        counted = make_plan(config, COUNTED, stacks=plan.profile.stacks, scenarios=arguments.scenarios)
    question = Question(
        repository=arguments.repo,
        base=arguments.base,
        head=arguments.head,
        closed_only=arguments.closed_only,
        slice_s=arguments.slice,
        gate=gate(arguments),
        anyway=arguments.anyway,
        counted=counted,
    )
    with stop_on_signals() as stop:
        result = start(plan, question, arguments.seed, words, arguments.out, stop, force=arguments.force)
    print(f"recorded in {result.folder}; show it again with: {COMMAND} diff {result.folder}\n")
    found = judge_paired(store.load_run(result.folder), question.gate)
    return present(found, markdown=arguments.markdown, json=arguments.json)

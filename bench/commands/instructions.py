"""`instructions`: how many instructions a service needs for a request, of one revision or of two."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.commands.planning import config_of, stacks_of
from bench.errors import BenchError
from bench.places import CHECKOUT
from bench.plan.config import make_plan
from bench.run.host.cpus import cpu_sets
from bench.run.host.locks import taken
from bench.run.host.signals import stop_on_signals
from bench.run.session.counting import refuse, say
from bench.run.session.instructions import compare, count
from bench.run.session.leftovers import clean_up
from bench.show.instructions.document import table_of, verdict
from bench.show.instructions.json import changes_json, counts_json
from bench.show.text import markdown as md
from bench.show.text import stdout
from bench.show.text.files import write

PROFILE = "instructions"

HELP = """\
Count the instructions that each service needs for a request, under valgrind's
callgrind. The application is called in a process of its own, without a server;
its upstream answers at once. Counts hardly vary, so small changes show. With
--base, compare two revisions. What is counted is the profile "instructions".
"""

NOTES = """\
exit codes:
  0    counted; with --base: no regression
  1    with --base: regressed
  2    wrong usage, no valgrind, or a request that is not answered rightly
  130  interrupted by Ctrl-C (143: by SIGTERM)

examples:
  %(prog)s
  %(prog)s --base main --markdown verdict.md
  %(prog)s --stacks fastapi-httpx \\
      --scenarios weather --users 1,50
"""


def instructions(arguments: argparse.Namespace, _words: Sequence[str]) -> int:
    """The exit code of the verdict; 0 where there is no base. Raises BenchError where something cannot be counted."""
    compared = (arguments.head, arguments.repo, arguments.noise)
    if arguments.base is None and any(given is not None for given in compared):
        raise BenchError("--head, --repo and --noise are about a comparison: give --base too")
    config, replaced = config_of(arguments, ())  # workers, threads and slots are those of a server
    stacks = stacks_of(arguments, PROFILE, config, replaced)
    plan = make_plan(config, PROFILE, stacks=stacks, scenarios=arguments.scenarios, users=arguments.users)
    refuse(plan)
    cpus = cpu_sets(plan.profile.server_cpus).used
    with stop_on_signals() as stop:
        clean_up(stop)
        with taken(cpus, "counting instructions", force=None):
            if arguments.base is None:
                counts = count(plan, cpus, stop, say)
                document, figures, code = table_of(counts), counts_json(counts), 0
            else:
                revisions = arguments.base, arguments.head or "."
                repository = arguments.repo or CHECKOUT or Path()
                changes = compare(plan, repository, revisions, cpus, stop, say, arguments.noise)
                document, figures, code = verdict(changes), changes_json(changes), changes.exit_code
    stdout.show(document)
    for path, text in ((arguments.markdown, md.render(document, level=None)), (arguments.json, figures)):
        if path is not None:
            write(path, text, "the counts")
    return code

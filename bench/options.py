"""The options of the commands: a row for each option."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.judge.cell.metrics import MEAN
from bench.judge.gate.looks import MINUTES
from bench.judge.gate.thresholds import ALPHA, Gate
from bench.places import CHECKOUT, LATEST
from bench.plan.turns import SLICE_S
from bench.show.export.formats import FORMATS
from bench.values import (
    GATED,
    count,
    counts,
    limit,
    names,
    one_rate,
    percent,
    pid,
    port,
    probability,
    rates,
    seconds,
    slo,
)

DEFAULT_PROFILE = "bench"

WHAT, LOAD, TIME, RESULT, VERDICT = "what to measure", "load", "time", "result", "verdict"
"""The headings under which the help of a command shows its options."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option or argument: its name, the commands that take it, its heading in their help, what argparse needs."""

    name: str
    commands: tuple[str, ...]
    heading: str
    settings: Mapping[str, Any]


class Once(argparse.Action):
    """An option that is an error if it is given twice: the first value would be forgotten."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Keep the value."""
        if getattr(namespace, self.dest) is not None:
            parser.error(f"{option} was given twice: put all tables into one file")
        setattr(namespace, self.dest, values)


def add_options(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the options of a command to its parser."""
    own = [option for option in OPTIONS if command in option.commands]
    for heading in dict.fromkeys(option.heading for option in own):
        group = parser.add_argument_group(heading)
        for option in own:
            if option.heading == heading:
                group.add_argument(option.name, **option.settings)


def gate(arguments: argparse.Namespace) -> Gate:
    """What --fail-on, --noise and --alpha ask of a verdict; of two thresholds for one metric the last counts."""
    return Gate(alpha=arguments.alpha, noise=arguments.noise, fail_on=dict(arguments.fail_on))


def _option(name: str, commands: str, heading: str, text: str, **settings: Any) -> Option:
    return Option(name, tuple(commands.split()), heading, {"help": text, **settings})


_WHOSE = "this checkout" if CHECKOUT is not None else "the current folder"
_METRICS = ", ".join(name for name in GATED if not name.endswith(MEAN))

# fmt: off
OPTIONS = (
    _option("stack", "serve", WHAT, "the stack to serve", metavar="STACK"),
    _option("stacks", "flame", WHAT, "one stack, or two to compare", metavar="STACK[,STACK]", type=names),
    _option("scenario", "flame", WHAT, "the scenario to put them under", metavar="SCENARIO"),
    _option("run", "report export", WHAT, "the run folder (default: results/latest)",
            metavar="RUN", nargs="?", type=Path, default=LATEST),
    _option("figures", "audit", WHAT, "a TOML file with a [[figures]] table for each row, or a CSV file",
            metavar="FILE", type=Path),
    _option("runs", "trend", WHAT, "the run folders, in any order", metavar="RUN", nargs="+", type=Path),
    _option("base", "diff", WHAT, "the run before the change, or an A/B run alone", metavar="BASE", type=Path),
    _option("head", "diff", WHAT, "the run with the change", metavar="HEAD", nargs="?", type=Path),
    _option("--config", "list serve run ab capacity flame instructions", WHAT,
            "a TOML file whose tables are added to those of bench.toml", metavar="FILE", type=Path, action=Once),
    _option("--profile", "serve run", WHAT, "a [profiles.NAME] table (default: %(default)s)",
            metavar="NAME", default=DEFAULT_PROFILE),
    _option("--base", "ab", WHAT, "the revision to compare with", metavar="REF", required=True),
    _option("--base", "instructions", WHAT, "the revision to compare with (default: count, compare nothing)",
            metavar="REF"),
    _option("--head", "ab", WHAT, "the revision to judge (default: ., the working tree)", metavar="REF", default="."),
    _option("--head", "instructions", WHAT, "the revision to judge (default: ., the working tree)", metavar="REF"),
    _option("--repo", "ab", WHAT, f"the repository of both revisions (default: {_WHOSE})",
            metavar="DIR", type=Path, default=CHECKOUT or Path()),
    _option("--repo", "instructions", WHAT, f"the repository of both revisions (default: {_WHOSE})",
            metavar="DIR", type=Path),
    _option("--stacks", "run ab capacity instructions", WHAT, "the stacks to measure, instead of the profile's",
            metavar="A[,B]", type=names),
    _option("--scenarios", "run ab capacity instructions", WHAT, "the scenarios to measure, instead of the profile's",
            metavar="X[,Y]", type=names),
    _option("--set", "list serve run ab capacity flame", WHAT,
            "replace a stack by variants, one for each value; KEY is workers, threads, slots or env.NAME; repeatable",
            metavar="STACK.KEY=V[,V]", action="append", default=[]),
    _option("--set", "instructions", WHAT, "replace a stack by variants, one for each value; repeatable",
            metavar="STACK.env.NAME=V[,V]", action="append", default=[]),
    _option("--pid", "run capacity", WHAT,
            "the process of a service that runs already; default: the one that listens on its port; repeatable",
            metavar="[STACK=]PID", action="append", type=pid, default=[]),
    _option("--server-cpus", "selftest", WHAT, "cores for the server (default: %(default)s)",
            metavar="N", type=count, default=1),

    _option("--users", "run", LOAD, "closed-loop loads, in users; they replace all loads of the profile",
            metavar="N[,N]", type=counts),
    _option("--users", "instructions", LOAD, "requests in flight, instead of the profile's",
            metavar="N[,N]", type=counts),
    _option("--users", "flame", LOAD, "users of a closed-loop load (default: 100)", metavar="N", type=count),
    _option("--rate", "flame", LOAD, "an open-loop load instead, in requests/s", metavar="R", type=one_rate),
    _option("--users", "ab", LOAD, "users of the closed-loop load, instead of the profile's",
            metavar="N", type=counts),
    _option("--users", "serve", LOAD, "the number that {users} stands for, instead of the profile's highest load",
            metavar="N", type=counts),
    _option("--rate", "run", LOAD, "open-loop loads, in requests/s; they replace all loads of the profile",
            metavar="R[,R]", type=rates),
    _option("--slo", "capacity", LOAD,
            "the objective: p50, p95 or p99 and its limit (default: p95, twice what a request waits for)",
            metavar="P95:200MS", type=slo),
    _option("--arrivals", "capacity", LOAD, "arrivals: evenly spaced or Poisson (default: the profile's)",
            choices=("fixed", "poisson")),
    _option("--arrivals", "run", LOAD, "open-loop arrivals: evenly spaced or Poisson (default: the profile's)",
            choices=("fixed", "poisson")),
    _option("--closed-only", "ab", LOAD, "measure only the closed-loop load", action="store_true"),
    _option("--anyway", "ab", LOAD, "measure even if nothing changed that the stacks run or read", action="store_true"),
    _option("--seed", "serve run ab capacity flame", LOAD,
            "seed of the order, the delays and the arrivals (default: %(default)s)", metavar="N", type=int, default=1),
    _option("--force", "run ab capacity", LOAD,
            "measure even if this machine cannot produce the load reliably, or another run uses the cores",
            action="store_true"),

    _option("--rounds", "run capacity", TIME, "how often to measure every cell, instead of the profile's rounds",
            metavar="N", type=count),
    _option("--minutes", "ab", TIME,
            "about how long at most: judge after 8, 10 and 12 restarts, or after 10, 13, 16 and 20 (default: 17)",
            type=int, choices=sorted(MINUTES)),
    _option("--restarts", "ab", TIME,
            "how often to restart both servers; judge at the end, or as --minutes does at 12 or 20",
            metavar="N", type=count),
    _option("--warmup", "run", TIME, "seconds of load before the window; up to twice as long if answers are slow",
            metavar="S", type=seconds),
    _option("--window", "run", TIME, "seconds that are measured; up to three times as long if answers are slow",
            metavar="S", type=seconds),
    _option("--window", "flame", TIME, "seconds of load after the warm-up (default: 5)", metavar="S", type=seconds),
    _option("--window", "ab", TIME, "seconds of each load for each revision in each restart",
            metavar="S", type=seconds),
    _option("--exact", "ab", TIME,
            "count instructions too, under valgrind: up to four minutes more, and a change of 1%% is found",
            action="store_true"),
    _option("--slice", "ab", TIME, "the least seconds of a slice (default: %(default)s)",
            metavar="S", type=seconds, default=SLICE_S),

    _option("--port", "serve", RESULT, "the port to serve on (default: a free one)", metavar="N", type=port, default=0),
    _option("--out", "run ab capacity", RESULT, "the run folder (default: results/RUN-ID)", metavar="DIR", type=Path),
    _option("--out", "flame", RESULT, "the folder of the graphs (default: results/flame)", metavar="DIR", type=Path),
    _option("--out", "trend", RESULT, "a folder for the page, its charts and all figures (default: none)",
            metavar="DIR", type=Path),
    _option("--format", "export", RESULT, "the format to write", choices=tuple(FORMATS), required=True),
    _option("--out", "export", RESULT,
            "the file, or the folder where there are several (default: standard output, or RUN/export)",
            metavar="FILE|DIR", type=Path),
    _option("--resume", "run", RESULT, "continue a run with its own options: measure its missing and failed cells",
            metavar="DIR", type=Path),
    _option("--timeline", "report", RESULT, "draw this cell second by second; CELL is its `order` in run.json",
            metavar="CELL", type=int),
    _option("--no-charts", "report", RESULT, "draw no charts: tables only", action="store_true"),
    _option("--embed", "report", RESULT, "write the short report between the marker lines of this Markdown file",
            metavar="FILE", type=Path),
    _option("--sections", "report", RESULT,
            "what --embed writes, such as answer,ranking,capacity,footnotes (default: the short report)",
            metavar="A[,B]", type=names),
    _option("--json", "report", RESULT, "write the answer and all figures to this file; -: print them, not the tables",
            metavar="FILE", type=Path),
    _option("--json", "trend", RESULT, "write all figures and steps to this file; -: print them, not the tables",
            metavar="FILE", type=Path),
    _option("--markdown", "trend", RESULT, "write the trend to this file, as a comment or a job summary",
            metavar="FILE", type=Path),
    _option("--json", "audit", RESULT, "write all findings to this file; -: print them, not the tables",
            metavar="FILE", type=Path),
    _option("--markdown", "audit", RESULT, "write the findings to this file", metavar="FILE", type=Path),
    _option("--alpha", "trend", RESULT,
            "the chance of naming any step of a kind of figures that has none (default: %(default)s)",
            metavar="A", type=probability, default=ALPHA),

    _option("--fail-on", "ab diff export", VERDICT,
            f"threshold of a metric, such as p95:10%%; repeatable; known: {_METRICS}",
            metavar="METRIC:P%", action="append", default=[], type=limit),
    _option("--noise", "ab diff export", VERDICT,
            "the threshold of every metric that is compared by ratio, such as 2%%",
            metavar="P%", type=percent),
    _option("--noise", "instructions", VERDICT, "the gate of every count (default: 1%%, or 3%% for several in flight)",
            metavar="P%", type=percent),
    _option("--alpha", "ab diff export", VERDICT, "the probability of any false alarm (default: %(default)s)",
            metavar="A", type=probability, default=ALPHA),
    _option("--markdown", "ab diff", VERDICT, "write the verdict to this file, as a comment for a review",
            metavar="FILE", type=Path),
    _option("--markdown", "instructions", VERDICT, "write the table or the verdict to this file", metavar="FILE",
            type=Path),
    _option("--json", "instructions", VERDICT, "write all numbers to this file", metavar="FILE", type=Path),
    _option("--json", "ab diff", VERDICT, "write the verdict and all its numbers to this file",
            metavar="FILE", type=Path),
)
# fmt: on

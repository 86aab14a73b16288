"""The figures and the chart of docs/calibration.md, from the kept sessions."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.judge.cell.metrics import PAIRED
from bench.judge.stats.intervals import Estimate
from bench.judge.stats.significance import proportion_interval, upper_bound
from bench.show.charts.style import marks_of, styled
from bench.show.text.embed import embed
from bench.show.text.markdown import table
from bench.show.text.words import listed
from bench.units import count, percent, ratio
from tests.calibration import rates
from tests.calibration.sessions import KEPT, Session
from tests.calibration.simulated import TOLERANCE, Simulated

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/calibration.md"
CHART = KEPT.parent / "detection"
KINDS = {
    "cpu": (("throughput", "cpu"), "closed", "Throughput, or CPU per request, closed-loop load"),
    "delay": (("p95",), "open", "P95, open-loop load"),
}
"""By kind of slowdown: the metrics, one of which is gated, the load model, and a title."""

DEFAULT = "default"
JUDGING = frozenset({"--restarts", "--fail-on", "--noise", "--alpha"})
"""Options with a value that do not change what a restart measures."""

SIZES = (0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10, 0.12, 0.15, 0.20)


def write(earlier: Sequence[Session], sessions: Sequence[Session], found: Sequence[Simulated]) -> None:
    """Write the figures into the document and the chart next to the sessions.

    `earlier`: sessions by the rules of before; `found`: simulated ones by those of now.
    """
    _draw(earlier, CHART)
    parts = [
        *_now(sessions, found),
        "## The earlier rules",
        *_before(earlier),
    ]
    DOCUMENT.write_text(embed(DOCUMENT.read_text(encoding="utf-8"), "\n\n".join(parts), DOCUMENT.name), "utf-8")


def _now(sessions: Sequence[Session], found: Sequence[Simulated]) -> Iterator[str]:
    """The rules of now."""
    yield "## Simulated sessions"
    yield (
        f"Each row has {count(found[0].sessions)} sessions of two stacks, decided by the code that decides real ones. "
        "The same noise is in the cost, the mean cost and the P95 of both stacks; none in slow and failed requests. "
        f"At the tolerance: one figure is worse by exactly {percent(TOLERANCE)}, so no session should pass."
    )
    yield _simulated(found)
    slower = [one for one in found if one.kind.slower == "one stack"]
    yield "Where one stack is slower in all three, with normal noise and four looks:"
    yield _table(
        ("slower by", "SD of a restart", "regressed", "passed", "restarts"),
        [[percent(one.kind.size), percent(one.kind.deviation), *_shares(one), f"{one.restarts:.1f}"] for one in slower],
    )
    yield "## Real sessions"
    if sessions:
        yield _summary(sessions)
        yield from _false_alarms(sessions)
        if any(one.kind != "none" for one in sessions):
            yield _detection(sessions)
        yield "The noise of a restart, with the same code in base and head:"
        yield _noise(sessions)
    else:
        yield "None so far."


def _simulated(found: Sequence[Simulated]) -> str:
    """Unchanged code and a figure at the tolerance, under each noise."""
    same = {one.kind: one for one in found if one.kind.slower == "nothing"}
    rows = []
    for one in (one for one in found if one.kind.slower == "one figure"):
        kind = one.kind
        unchanged = same[replace(kind, slower="nothing", size=0.0)]
        rows.append(
            [
                listed([*map(str, kind.looks)]),
                kind.noise,
                percent(kind.deviation),
                *_shares(unchanged),
                f"{unchanged.restarts:.1f}",
                percent(one.passed / one.sessions),
            ]
        )
    heads = (
        "looks",
        "noise",
        "SD of a restart",
        "unchanged: regressed",
        "passed",
        "restarts",
        "at the tolerance: passed",
    )
    return _table(heads, rows)


def _shares(one: Simulated) -> tuple[str, str]:
    return percent(one.regressed / one.sessions), percent(one.passed / one.sessions)


def _before(sessions: Sequence[Session]) -> Iterator[str]:
    yield (
        "The sessions below compared the mean of the better half of the slices, once, after twelve restarts. Passed "
        "was only what was shown to be within the threshold of 1 to 3 %, so unchanged code never passed."
    )
    yield from (
        _summary(sessions),
        "### False alarms",
        *_false_alarms(sessions),
        "### Detected slowdowns",
        _detection(sessions),
        f"[![Detection against injected size](../{CHART.relative_to(ROOT)}.png)](../{CHART.relative_to(ROOT)}.svg)",
        "### Noise: base against head with the same code",
        _noise(sessions),
        "### The same data under simpler rules",
        _others(sessions),
    )


def _summary(sessions: Sequence[Session]) -> str:
    minutes = statistics.median(one.minutes for one in sessions)
    machines = ", ".join(sorted({one.cpu_model for one in sessions}))
    return (
        f"{len(sessions)} sessions, from {min(one.taken for one in sessions)[:10]} to "
        f"{max(one.taken for one in sessions)[:10]}, {minutes:.1f} minutes each (median), on {machines}."
    )


def _false_alarms(sessions: Sequence[Session]) -> Iterator[str]:
    same = [one for one in sessions if one.kind == "none"]
    modes = {mode: [one for one in same if _mode(one) == mode] for mode in sorted({_mode(one) for one in same})}
    rows = []
    for mode, own in (*modes.items(), ("all together", same)):
        alarms = sum(one.exit_code == 1 for one in own)
        passed = sum(one.exit_code == 0 for one in own)
        bound = percent(upper_bound(alarms, len(own)))
        rows.append([mode, str(len(own)), str(alarms), bound, str(passed), str(len(own) - alarms - passed)])
    heads = ("options", "sessions", "regressed (exit 1)", "upper bound", "no regression (0)", "inconclusive (4)")
    yield _table(heads, rows)
    yield (
        "Independent sessions with the same code in base and head. The upper bound is the exact one-sided 95 % "
        "confidence limit of the false alarm rate."
    )


def _detection(sessions: Sequence[Session]) -> str:
    rows = []
    for mode, kind, size, stack in sorted(
        {
            (_mode(one), one.kind, one.size, figures.stack)
            for one in sessions
            if one.kind != "none"
            for figures in one.figures
        }
    ):
        own = [one for one in sessions if (_mode(one), one.kind, one.size) == (mode, kind, size)]
        metric, model = rates.gated(own, stack, *KINDS[kind][:2])
        caught, judged = _caught(own, stack, metric, model), len(own)
        low, high = proportion_interval(caught, judged)
        true = rates.true_size(own, stack, model, metric)
        rows.append(
            [
                mode,
                stack,
                PAIRED[metric].title,
                percent(size),
                _factor(true),
                f"{caught} of {judged}",
                f"{percent(low)} to {percent(high)}",
            ]
        )
    heads = (
        "options",
        "stack",
        "metric",
        "injected",
        "measured, over all restarts",
        "detected",
        "95 % interval of the rate",
    )
    return _table(heads, rows)


def _caught(sessions: Sequence[Session], stack: str, metric: str, model: str) -> int:
    """The number of sessions in which this metric of the stack regressed."""
    return sum([stack, model, metric] in [list(one) for one in session.regressed] for session in sessions)


def _noise(sessions: Sequence[Session]) -> str:
    rows = []
    for mode in sorted({_measuring(one) for one in sessions}):
        own = [one for one in sessions if _measuring(one) == mode]
        restarts = max(len(figures.base) for one in own for figures in one.figures)
        family = own[0].family
        rows += [
            [
                mode,
                one.stack,
                PAIRED[one.metric].title,
                percent(one.deviation),
                count(one.restarts),
                percent(rates.smallest(one, restarts, family)),
            ]
            for one in sorted(rates.noise(own), key=lambda each: (each.stack, each.metric))
        ]
    heads = ("options", "stack", "metric", "SD of a restart", "restarts", "smallest change found in 95 % of sessions")
    return _table(heads, rows)


def _others(sessions: Sequence[Session]) -> str:
    same = [one for one in sessions if one.kind == "none"]
    rows = [
        [
            one.rule,
            one.stack,
            PAIRED[one.metric].title,
            f"{one.alarms} of {one.trials}",
            percent(one.alarms / one.trials),
        ]
        for one in rates.as_others_do(same)
        if one.trials
    ]
    return _table(("rule", "stack", "metric", "false alarms", "rate"), rows)


def _draw(sessions: Sequence[Session], path: Path) -> None:
    """Draw simulated power as lines and measured rates as points, for sessions with default options."""
    default = [one for one in sessions if _measuring(one) == DEFAULT]
    with styled():
        figure = Figure(figsize=(9.0, 3.6), layout="constrained")
        panels = figure.subplots(1, len(KINDS), sharey=True)
        for panel, kind in zip(panels, KINDS, strict=True):
            _draw_panel(panel, kind, default)
        panels[0].set_ylabel("share of sessions that detect it")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
        figure.savefig(path.with_suffix(".png"), dpi=150, metadata={"Software": None})


def _draw_panel(panel: Axes, kind: str, sessions: Sequence[Session]) -> None:
    metrics, model, title = KINDS[kind]
    restarts = max(len(figures.base) for one in sessions for figures in one.figures)
    found = [one for one in rates.noise(sessions) if one.model == model and one.metric in metrics]
    stacks = sorted({figures.stack for one in sessions for figures in one.figures})
    look = marks_of({name: "asgi" if name.startswith("fastapi") else "wsgi" for name in stacks})
    for noise in sorted(found, key=lambda one: one.stack):
        colour, marker = look[noise.stack].colour, look[noise.stack].marker
        power = [rates.power(noise, size, restarts, sessions[0].family) for size in SIZES]
        panel.plot([100 * size for size in SIZES], power, color=colour, label=f"{noise.stack}, simulated")
        for size in sorted({one.size for one in sessions if one.kind == kind}):
            own = [one for one in sessions if (one.kind, one.size) == (kind, size)]
            true = rates.true_size(own, noise.stack, model, noise.metric)
            if true is not None:
                rate = _caught(own, noise.stack, noise.metric, model) / len(own)
                panel.plot(100 * (true.mean - 1), rate, marker, color=colour, label=f"{noise.stack}, measured")
    panel.set_title(title, loc="left")
    panel.set_xlabel("slowdown of head, %")
    panel.set_ylim(-0.03, 1.03)
    labels = dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True))
    panel.legend(labels.values(), labels.keys(), frameon=False)


def _mode(session: Session) -> str:
    return " ".join(session.argv) or DEFAULT


def _measuring(session: Session) -> str:
    """The options of a session that change what a restart measures, without those of JUDGING."""
    kept = [
        word for before, word in zip(("", *session.argv), session.argv, strict=False) if not {before, word} & JUDGING
    ]
    return " ".join(kept) or DEFAULT


def _factor(estimate: Estimate | None) -> str:
    return "-" if estimate is None else ratio(estimate.mean, estimate.low, estimate.high)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return table(heads, ["---"] * len(heads), rows)

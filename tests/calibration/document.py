"""The figures and the chart of docs/calibration.md, from the kept sessions."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

from bench.judge.cell.metrics import PAIRED
from bench.judge.gate.verdict import EXIT_CODES
from bench.judge.stats.intervals import Estimate
from bench.judge.stats.significance import proportion_interval, upper_bound
from bench.show.charts.style import styled
from bench.show.text.embed import embed
from bench.show.text.markdown import table
from bench.show.text.words import listed
from bench.units import count, percent, points, ratio
from tests.calibration import rates
from tests.calibration.recorded import EARLIER, EVERYWHERE, NOW, SIMPLER, SIZES, UNCHANGED, Recorded
from tests.calibration.sessions import KEPT, Session
from tests.calibration.simulated import TOLERANCE, Simulated, judged

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/calibration.md"
CHART = KEPT.parent / "power"
KINDS = {
    "cpu": (("throughput", "cpu"), "closed"),
    "delay": (("p95",), "open"),
    "pause": (("throughput_mean", "cpu_mean"), "closed"),
    "slow": (("tail",), "open"),
}
"""By kind of slowdown: the metrics, one of which is gated, and the load model under which it should show."""

COLOURS = {NOW: "#1f6fb5", EARLIER: "#222222"}
OTHERS = dict(zip(SIMPLER, ("#6e2a00", "#c8500a", "#ee8f3f", "#a98fd0"), strict=True))


def write(sessions: Sequence[Session], simulated: Sequence[Simulated], recorded: Sequence[Recorded]) -> None:
    """Write the figures into the document and the chart next to the sessions."""
    parts = [*_real(sessions), *_recorded(sessions, recorded), *_formulas(simulated)]
    DOCUMENT.write_text(embed(DOCUMENT.read_text(encoding="utf-8"), "\n\n".join(parts), DOCUMENT.name), "utf-8")


def _real(sessions: Sequence[Session]) -> Iterator[str]:
    minutes = statistics.median(one.minutes for one in sessions)
    machines = ", ".join(sorted({one.cpu_model for one in sessions}))
    yield "## Real sessions"
    yield (
        f"{len(sessions)} sessions, from {min(one.taken for one in sessions)[:10]} to "
        f"{max(one.taken for one in sessions)[:10]}, {minutes:.1f} minutes each (median), on {machines}. Behind each "
        "count is the exact 95 % interval of the rate, or where none is counted the exact one-sided 95 % bound. All "
        "are decided by the rules of now, from their figures."
    )
    yield _verdicts(sessions)
    if any(one.kind != "none" for one in sessions):
        yield "What was injected, and how large it was by the figure that should show it, over all restarts:"
        yield _detection(sessions)
    yield "The noise of a restart, with the same code in base and head:"
    yield _noise([one for one in sessions if one.kind == "none"])


def _verdicts(sessions: Sequence[Session]) -> str:
    """How the sessions of each kind ended."""
    rows = []
    for title, own in _alike(sessions):
        verdicts, restarts = zip(*map(judged, own), strict=True)
        counts = (sum(EXIT_CODES[verdict] == code for verdict in verdicts) for code in (1, 0, 4))
        shares = (_share(found, len(own)) for found in counts)
        rows.append([title, str(len(own)), *shares, f"{statistics.fmean(restarts):.1f}"])
    return _table(("head", "sessions", "regressed", "passed", "undecided", "restarts"), rows)


def _share(some: int, of: int) -> str:
    if not some:
        return f"0 (at most {percent(upper_bound(0, of))})"
    low, high = proportion_interval(some, of)
    return f"{some} ({percent(low)} to {percent(high)})"


def _restarts(session: Session) -> int:
    return max(len(figures.base) for figures in session.figures)


def _alike(sessions: Sequence[Session]) -> Iterator[tuple[str, list[Session]]]:
    """The sessions of each kind and size of slowdown and the same options, unchanged code first."""
    keys = sorted({(one.kind != "none", one.kind, one.size, one.argv) for one in sessions})
    for _, kind, size, argv in keys:
        own = [one for one in sessions if (one.kind, one.size, one.argv) == (kind, size, argv)]
        yield f"{_title(kind, size)}{' with ' if argv else ''}{' '.join(argv)}", own


def _title(kind: str, size: float) -> str:
    return {
        "none": "unchanged",
        "cpu": f"{percent(size)} more CPU per request",
        "delay": f"each request waits {percent(size)} of P95 longer",
        "pause": f"a pause of {size * 1000:g} ms every 2 s of load",
        "slow": f"{percent(size)} of requests take ten times as long",
    }[kind]


def _detection(sessions: Sequence[Session]) -> str:
    """For each kind of slowdown and each stack, the figure that should show it."""
    rows = []
    for title, own in _alike([one for one in sessions if one.kind != "none"]):
        for stack in dict.fromkeys(figures.stack for figures in own[0].figures):
            metric, model = rates.gated(own, stack, *KINDS[own[0].kind])
            caught = sum((stack, model, metric) in map(tuple, one.regressed) for one in own)
            true = rates.true_size(own, stack, model, metric)
            rows.append([title, stack, PAIRED[metric].title, _size(metric, true), f"{caught} of {len(own)}"])
    return _table(("head", "stack", "metric", "measured", "regressed"), rows)


def _size(metric: str, true: Estimate | None) -> str:
    if true is None:
        return "-"
    if PAIRED[metric].compared_by == "difference":
        found, around = points(true.mean, true.low, true.high)
        return f"{found} ({around})" if around else found
    return ratio(true.mean, true.low, true.high)


def _noise(sessions: Sequence[Session]) -> str:
    rows = [
        [
            one.stack,
            f"{PAIRED[one.metric].title}, {one.model} loop",
            points(one.deviation, None, None)[0].lstrip("+")
            if PAIRED[one.metric].compared_by == "difference"
            else percent(one.deviation),
            count(one.restarts),
        ]
        for one in sorted(rates.noise(sessions), key=lambda each: (each.stack, each.model, each.metric))
    ]
    return _table(("stack", "metric", "SD of a restart", "restarts"), rows)


def _recorded(sessions: Sequence[Session], found: Sequence[Recorded]) -> Iterator[str]:
    restarts = sum(_restarts(one) for one in sessions if one.kind == "none" and not one.argv)
    yield "## Other slowdowns, simulated from recorded slices"
    yield (
        f"Each row has {count(found[0].sessions)} simulated sessions. Their restarts are drawn from the {restarts} of "
        "the real sessions of unchanged code, and the slices of head are changed as the slowdown would change them. "
        f"Then they are decided by the code that decides real sessions. Beside it the rule of before: the {EARLIER}, "
        "once, after twelve restarts, where only what lies within the threshold of 1 to 3 % passes."
    )
    harms = [harm for harm in dict.fromkeys(one.harm for one in found) if harm not in {one.title for one in EVERYWHERE}]
    now, before = ({one.harm: one for one in found if one.rule == rule} for rule in (NOW, EARLIER))
    rows = [
        [harm, *_shares(now[harm]), percent(_undecided(now[harm])), *_shares(before[harm])]
        for harm in (*harms[:1], EVERYWHERE[3].title, *harms[1:])
    ]
    heads = ("head", "regressed", "passed", "undecided", "rule of before: regressed", "passed")
    yield _table(heads, rows)
    yield "## How small a slowdown it finds, beside simpler rules"
    yield (
        "All of head is slower by so much, on the same restarts. In the rows of simpler rules a run is one side of one "
        "restart, and the rule alarms where throughput (or CPU per request) or P95 of any stack is worse than it "
        "allows."
    )
    yield _power(found)
    yield f"[![Share of sessions that fail]({_chart()}.png)]({_chart()}.svg)"
    _draw(found, CHART)


def _chart() -> str:
    return f"../{CHART.relative_to(ROOT)}"


def _shares(one: Simulated | Recorded) -> tuple[str, str]:
    return percent(one.regressed / one.sessions), percent(one.passed / one.sessions)


def _undecided(one: Recorded) -> float:
    return 1 - (one.regressed + one.passed) / one.sessions


def _power(found: Sequence[Recorded]) -> str:
    """The share that fails by rule and size, and of the gate the share that passes."""
    rows = []
    for rule in dict.fromkeys(one.rule for one in found):
        own = _by_size(found, rule)
        rows.append([rule, "fails", *(percent(one.regressed / one.sessions) for one in own)])
        if rule == NOW:
            rows.append([rule, "passes", *(percent(one.passed / one.sessions) for one in own)])
    return _table(("rule", "", "unchanged", *(percent(size) for size in SIZES)), rows)


def _by_size(found: Sequence[Recorded], rule: str) -> list[Recorded]:
    """Unchanged code, and then all of SIZES."""
    own = {one.harm: one for one in found if one.rule == rule}
    return [own[harm.title] for harm in (UNCHANGED, *EVERYWHERE)]


def _draw(found: Sequence[Recorded], path: Path) -> None:
    """The share of sessions that fail by the size of the slowdown: a line for each rule."""
    sizes = [0.0, *(100 * size for size in SIZES)]
    with styled():
        figure = Figure(figsize=(7.5, 3.6), layout="constrained")
        panel = figure.subplots()
        for rule, colour in {**COLOURS, **OTHERS}.items():
            shares = [one.regressed / one.sessions for one in _by_size(found, rule)]
            panel.plot(sizes, shares, "o-", markersize=3, color=colour, label=rule, lw=2 if rule == NOW else 1)
        panel.set_xlabel("slowdown of head, %")
        panel.set_ylabel("share of sessions that fail")
        panel.set_ylim(-0.03, 1.03)
        figure.legend(loc="outside right center", frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
        figure.savefig(path.with_suffix(".png"), dpi=150, metadata={"Software": None})


def _formulas(found: Sequence[Simulated]) -> Iterator[str]:
    yield "## Simulated from formulas"
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


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return table(heads, ["---"] * len(heads), rows)

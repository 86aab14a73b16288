"""Run folders as nobody's program writes them: each is a small run that was damaged, on purpose or by chance.

    python -m tests.unit.hostile [--count 3000] [--seed 1] [--draw]

shows `compare.py report` and `diff` so many runs that were damaged by chance, each in a process of its own with 60 s
and 1 GB, and prints what came of them.
"""

import argparse
import contextlib
import copy
import io
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import numpy as np
from numpy.lib import format as npy

import compare
from bench.record.store import DAMAGED
from tests.unit.builders import FASTAPI, FLASK, plan, save

SHAPES = {"flask": FLASK, "loop": FASTAPI}
MOST_S, MOST_BYTES = 60.0, 1_000_000_000
HUGE = 100_000_000

Damage = Callable[[Path], None]


def small_run(folder: Path) -> None:
    """A run of eight cells and two loads."""
    save(folder, plan(SHAPES, {"weather": (5,)}, rounds=2, rates={"weather": (50.0,)}), SHAPES)


def edited(change: Callable[[dict[str, Any]], object]) -> Damage:
    """What makes this change to the object of run.json."""

    def damage(folder: Path) -> None:
        path = folder / "run.json"
        run = json.loads(path.read_bytes())
        change(run)
        path.write_text(json.dumps(run), encoding="utf-8")

    return damage


def replaced(old: str, new: str) -> Damage:
    """What writes `new` in place of the first `old` of run.json."""

    def damage(folder: Path) -> None:
        path = folder / "run.json"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return damage


def arrays(change: Callable[[dict[str, Any]], object]) -> Damage:
    """What makes this change to the arrays of the first cell."""

    def damage(folder: Path) -> None:
        path = folder / "cells" / "0.npz"
        with np.load(path) as found:
            changed = dict(found)
        change(changed)
        np.savez_compressed(path, **changed)

    return damage


def every_window(run: dict[str, Any], length_s: float) -> None:
    for cell in run["cells"]:
        cell["window"]["end_s"] = cell["window"]["start_s"] + length_s


def renamed(run: dict[str, Any], name: str) -> None:
    """The stack flask has this name."""
    text = json.dumps(run).replace('"flask"', json.dumps(name))
    run.clear()
    run.update(json.loads(text))


def many_stacks(run: dict[str, Any], count: int, name: str = "more") -> None:
    """So many more stacks, each with the cells of flask."""
    profile, stacks = run["config"]["profile"], run["config"]["stacks"]
    cells = [cell for cell in run["cells"] if cell["stack"] == "flask"]
    for number in range(count):
        one = f"{name}-{number}"
        stacks[one] = {**stacks["flask"], "name": one}
        profile["stacks"].append(one)
        run["cells"] += [{**cell, "stack": one, "samples": None} for cell in cells]
    for order, cell in enumerate(run["cells"]):
        cell["order"] = order


def many_loads(run: dict[str, Any], count: int) -> None:
    """So many more loads, each with one cell."""
    loads, cell = run["config"]["profile"]["loads"]["weather"], run["cells"][0]
    for users in range(1000, 1000 + count):
        load = {"model": "closed", "users": users}
        loads.append(load)
        run["cells"].append({**cell, "load": load, "order": len(run["cells"]), "samples": None})


def many_rounds(run: dict[str, Any], count: int) -> None:
    """So many rounds of one cell."""
    run["cells"] = [{**run["cells"][0], "round": number, "order": number, "samples": None} for number in range(count)]


def fifo(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return damage


def linked(name: str, target: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return damage


def bomb(folder: Path) -> None:
    """An archive of less than a megabyte whose arrays have a hundred million rows."""
    path = folder / "cells" / "0.npz"
    with np.load(path) as found:
        dtypes = {name: found[name].dtype for name in found}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, dtype in dtypes.items():
            if dtype.kind == "U":
                continue
            with packed.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array_header_1_0(
                    member, {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": (HUGE,)}
                )
                if name == "status":
                    for _ in range(HUGE * dtype.itemsize // 1_000_000):
                        member.write(bytes(1_000_000))


def promise(folder: Path) -> None:
    """An archive whose headers promise more than the machine could hold."""
    path = folder / "cells" / "0.npz"
    with zipfile.ZipFile(path, "w") as packed, packed.open("status.npy", "w") as member:
        npy.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (10**14,)})


def long_header(folder: Path) -> None:
    """An archive with a header of a thousand million bytes, which are deflated well."""
    path = folder / "cells" / "0.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("status.npy", "w", force_zip64=True) as member,
    ):
        member.write(npy.magic(2, 0) + (10**9).to_bytes(4, "little"))
        for _ in range(20):
            member.write(b" " * 1_000_000)


def bare_npy(folder: Path) -> None:
    with (folder / "cells" / "0.npz").open("wb") as file:
        npy.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})


def many_members(folder: Path) -> None:
    with zipfile.ZipFile(folder / "cells" / "0.npz", "w") as packed:
        for number in range(10_000):
            packed.writestr(f"{number:0100d}", b"")


def elsewhere(folder: Path) -> None:
    """Samples that are good, but not in the folder."""
    shutil.move(folder / "cells" / "0.npz", folder.parent / "0.npz")
    edited(lambda run: run["cells"][0].update(samples="../0.npz"))(folder)


def first_samples(name: str) -> Damage:
    return edited(lambda run: next(one for one in run["cells"] if one["order"] == 0).update(samples=name))


DAMAGES: Mapping[str, tuple[Damage, str]] = {
    # what is still shown
    "rounds of 1e9": (edited(lambda run: run["config"]["profile"].update(rounds=10**9)), ""),
    "a window of 1e9 s": (edited(lambda run: every_window(run, 1e9)), ""),
    "200 stacks": (edited(lambda run: many_stacks(run, 200)), ""),
    "50 stacks with long names": (edited(lambda run: many_stacks(run, 50, "n" * 390)), ""),
    "2000 loads": (edited(lambda run: many_loads(run, 2000)), ""),
    "a title of 3,000,000 characters": (
        edited(lambda run: run["config"]["scenarios"]["weather"].update(title="t" * 3_000_000)), ""
    ),
    "a report that is a FIFO": (fifo("report.md"), ""),
    # what is refused in one line
    "a name of 3,000 characters": (edited(lambda run: renamed(run, "n" * 3000)), "has 3000 characters"),
    "run.json is a FIFO": (fifo("run.json"), "it is not a regular file"),
    "run.json is endless": (linked("run.json", "/dev/zero"), "it is not a regular file"),
    "run.json is large": (
        lambda folder: os.truncate(folder / "run.json", 10**12), "it has 1000000 MB, and at most 32.0 MB can be read"
    ),
    "samples are a FIFO": (fifo("cells/0.npz"), "it is not a regular file"),
    "samples are endless": (linked("cells/0.npz", "/dev/zero"), "it is not in the run folder"),
    "samples link to themselves": (linked("cells/0.npz", "0.npz"), "cannot be read"),
    "deep nesting": (replaced('"notes": []', '"notes": ' + "[" * 200_000 + "]" * 200_000), "cannot be read"),
    "deep nesting where nothing is read": (
        replaced('"notes": []', '"notes": [], "more": ' + '{"a":' * 200_000 + "1" + "}" * 200_000), "cannot be read"
    ),
    "10 million values": (
        replaced('"notes": []', '"notes": [' + "[]," * 10_000_000 + "[]]"), "values, and at most 1500000 can be read"
    ),
    "a million wrong values": (
        replaced('"server_cpus": [', '"server_cpus": [' + '"x",' * 1_000_000), "of its fields are wrong"
    ),
    "20,000 notes": (edited(lambda run: run["notes"].extend(["odd"] * 20_000)), "it has 20000 notes"),
    "101 problems": (
        edited(lambda run: run["cells"][0]["measurements"][0].update(problems=[{"name": "x", "detail": "y"}] * 101)),
        "has 101 problems",
    ),
    "a command of 30 MB": (edited(lambda run: run["argv"].append("a b" * 10_000_000)), ""),
    "9,990 rounds": (edited(lambda run: many_rounds(run, 9990)), ""),
    "12,000 cells": (edited(lambda run: many_stacks(run, 3000)), "a run has at most 10000"),
    "a float beyond float": (replaced('"window_s": 1.0', '"window_s": 1e999'), "1e999 is no number that a run can"),
    "infinity": (replaced('"window_s": 1.0', '"window_s": Infinity'), "Infinity is no number that a run can"),
    "not a number": (replaced('"window_s": 1.0', '"window_s": NaN'), "NaN is no number that a run can"),
    "an integer beyond float": (replaced('"users": 5', '"users": 1' + "0" * 400), "is no number that a run can have"),
    "an integer of 5,000 digits": (replaced('"seed": 7', '"seed": ' + "9" * 5000), "is no number that a run can have"),
    "no users": (edited(lambda run: run["cells"][0].update(load={"model": "closed", "users": 0})), "a load of nothing"),
    "a cell twice": (edited(lambda run: run["cells"].append(run["cells"][0])), "two of its cells are of round"),
    "samples of two cells": (
        edited(lambda run: run["cells"][0].update(samples=run["cells"][1]["samples"])), "two of its cells have the"
    ),
    "a window of nothing": (edited(lambda run: every_window(run, 0.0)), "cannot be judged"),
    "100 million rows in a small archive": (bomb, "MB, and at most 300 MB can be read"),
    "more rows than a machine holds": (promise, "MB, and at most 300 MB can be read"),
    "a header of a thousand million bytes": (long_header, "another header than np.savez writes"),
    "an .npy in place of an .npz": (bare_npy, "0.npz cannot be read"),
    "10,000 arrays": (many_members, "0.npz cannot be read"),
    "a column of two dimensions": (arrays(lambda a: a.update(status=np.ones((10, 10)))), "(10, 10), not one dimension"),
    "a column that is a number": (arrays(lambda a: a.update(status=np.array(1))), "the shape (), not one dimension"),
    "a column of texts": (arrays(lambda a: a.update(status=a["status"].astype("U9"))), "status has values of type <U9"),
    "a column of objects": (arrays(lambda a: a.update(status=a["status"].astype(object))), "of type object"),
    "a column of complex numbers": (arrays(lambda a: a.update(done_s=a["done_s"] + 1j)), "of type complex128"),
    "a status that is a fraction": (arrays(lambda a: a.update(status=a["status"] / 3)), "of type float64, not int16"),
    "infinite times": (arrays(lambda a: a.update(done_s=a["done_s"] + np.inf)), "which no clock gives"),
    "times that are not numbers": (arrays(lambda a: a.update(done_s=a["done_s"] * np.nan)), "that is no number"),
    "roles that are not there": (arrays(lambda a: a.update(role=a["role"] + 99)), "cannot be judged"),
    "samples outside of the folder": (elsewhere, "it is not in the run folder"),
    "samples at an absolute path": (first_samples("/dev/stdin"), "it is not in the run folder"),
    "samples with a zero in their name": (first_samples("cells/\0.npz"), "cannot be read"),
    "samples with two lines in their name": (first_samples("cells/\n.npz"), "cannot be read"),
}  # fmt: skip
"""How a run is damaged, and what is said then; nothing where the run can still be shown."""

HEAVY = frozenset(
    {
        "200 stacks",
        "50 stacks with long names",
        "2000 loads",
        "9,990 rounds",
        "a command of 30 MB",
        "a title of 3,000,000 characters",
        "12,000 cells",
        "10 million values",
        "a million wrong values",
        "100 million rows in a small archive",
    }
)
"""Only tests/e2e/test_hostile.py has these: to write or to show them takes seconds."""

VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 0.5, -1e-300, 1e-320, 1e15, -1e30, 1e30, 1e31, 1e308, 10**18, 10**25, 10**400,
    float("nan"), float("inf"), "", "x", "x" * 3000, "\0", "\n", "\ud800", "\u202e", "../..", "closed", "open",
    [], {}, [[]], [0], {"": ""}, [None] * 50, "flask", "loop", "cells/1.npz",
)  # fmt: skip


def at_random(folder: Path, seed: int) -> None:
    """Damage run.json, the arrays or the files of a run, in one to three places."""
    random = Random(seed)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        random.choice((_json_at_random, _json_at_random, _arrays_at_random, _bytes_at_random))(folder, random)


def _json_at_random(folder: Path, random: Random) -> None:
    path = folder / "run.json"
    try:
        run = json.loads(path.read_bytes())
    except ValueError:
        return
    places = _places(run)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        holder, key = random.choice(places)
        try:
            _spoil(holder, key, places, random)
        except (LookupError, TypeError):  # an earlier change took it away
            continue
    with contextlib.suppress(RecursionError, ValueError):
        path.write_text(json.dumps(run), encoding="utf-8", errors="surrogatepass")


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Where the values of a tree are: what holds each, and under which key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [one for key in keys for one in ((value, key), *_places(value[key]))]


def _spoil(holder: Any, key: Any, places: list[tuple[Any, Any]], random: Random) -> None:
    how = random.randrange(12)
    alike = [value for value in VALUES if type(value) is type(holder[key])]
    if how > 5 and alike:  # what only the meaning tells to be wrong
        holder[key] = copy.deepcopy(random.choice(alike))
    elif how == 0:
        del holder[key]
    elif how == 1:
        other, place = random.choice(places)
        holder[key] = copy.deepcopy(other[place])
    elif how == 2 and isinstance(holder[key], int | float):
        holder[key] *= random.choice((-1, 0, 10, 1e6, 1e9, 1e-9))
    elif how == 3 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[key] = copy.deepcopy(random.choice(VALUES))


def _arrays_at_random(folder: Path, random: Random) -> None:
    path = random.choice(sorted((folder / "cells").iterdir()))
    try:
        with np.load(path) as found:
            whole = dict(found)
    except (*DAMAGED, MemoryError):  # an earlier change damaged it already
        return
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        name = random.choice(sorted(whole))
        with np.errstate(all="ignore"):
            whole[name] = _array_at_random(whole[name], random)
    if random.random() < 0.1:
        del whole[random.choice(sorted(whole))]
    np.savez(path, **whole)


def _array_at_random(one: Any, random: Random) -> Any:
    """An array in place of this one."""
    number = one.dtype.kind in "iufb"
    changes: list[Callable[[], Any]] = [
        lambda: one.reshape(1, -1),
        lambda: np.zeros(()),
        lambda: np.array(["x"] * 5),
        lambda: np.array(list(one.flat), dtype=object),
        lambda: np.full(one.shape, random.choice((np.nan, np.inf, -np.inf, 1e300, 1e12, 0.0, -1.0))),
        lambda: np.full(one.shape, random.choice((2**62, -(2**62), 255, 0, -1, 7))),
    ]
    if one.ndim:
        changes += [
            lambda: one[: len(one) // random.choice((2, 10**9))],
            lambda: np.concatenate([one, one]),
            lambda: one[::-1],
        ]
    if number:
        changes += [
            lambda: one.astype(random.choice(("f2", "f4", "c16", "U5", "?", "i8"))),
            lambda: one * np.float64(random.choice((-1, 0, 1000))),
        ]
    return random.choice(changes)()


def _bytes_at_random(folder: Path, random: Random) -> None:
    path = random.choice([folder / "run.json", *sorted((folder / "cells").iterdir())])
    data = bytearray(path.read_bytes())
    for _ in range(random.randint(1, 20)):
        if data:
            data[random.randrange(len(data))] = random.randrange(256)
    path.write_bytes(data[: random.randrange(len(data) + 1)] if random.random() < 0.2 else data)


def shown(folder: Path, other: Path) -> tuple[int, str]:
    """The worst exit code of `report` and `diff` with another run, and all that they wrote to standard error."""
    said, out = io.StringIO(), io.StringIO()
    commands = (["report", str(folder)], ["diff", str(other), str(folder)], ["diff", str(folder), str(other)])
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(out):
        codes = [compare.main(words) for words in commands]
    return max(codes), said.getvalue()


def main() -> int:
    """0 where all were shown or refused as they should; else 1, and the seeds of the others are printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--draw", action="store_true", help="draw the charts as well, which takes seconds")
    asked = parser.parse_args()
    if not asked.draw:
        mock.patch("bench.show.report.publish.pictures", return_value=()).start()
    found: Counter[str] = Counter()
    longest_s, most_bytes = 0.0, 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        top = Path(name)
        small_run(top / "good")
        shown(top / "good", top / "good")  # imports what is imported later
        for seed in range(asked.seed, asked.seed + asked.count):
            begun_s = time.monotonic()
            child = os.fork()
            if not child:
                os._exit(_alone(top, seed))
            _, status, used = os.wait4(child, 0)
            longest_s, most_bytes = max(longest_s, time.monotonic() - begun_s), max(most_bytes, used.ru_maxrss * 1024)
            shutil.rmtree(top / "bad", ignore_errors=True)
            how = f"exit code {os.WEXITSTATUS(status)}" if os.WIFEXITED(status) else f"signal {os.WTERMSIG(status)}"
            found[how] += 1
            if how not in {"exit code 0", "exit code 2", "exit code 3", "exit code 4", "exit code 1"}:
                print(f"seed {seed}: {how}", flush=True)
    print(f"{dict(found)}; longest {longest_s:.1f} s, most memory {most_bytes / 1e6:.0f} MB")
    return int(any(how not in {f"exit code {code}" for code in range(5)} for how in found))


def _alone(top: Path, seed: int) -> int:
    """What the process of one seed exits with: 99 for what must not be, as a traceback."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    signal.alarm(int(MOST_S))
    try:
        shutil.copytree(top / "good", top / "bad")
        at_random(top / "bad", seed)
        code, said = shown(top / "bad", top / "good")
    except BaseException as error:  # noqa: BLE001
        sys.__stderr__.write(f"seed {seed}: {type(error).__name__}: {error}\n")  # type: ignore[union-attr]
        return 99
    lines = said.splitlines()
    if "Traceback" in said or len(lines) > 3 or any(not line.startswith("compare.py: ") for line in lines):
        sys.__stderr__.write(f"seed {seed}: {said}\n")  # type: ignore[union-attr]
        return 99
    if "or this is a fault here" in said:
        print(f"seed {seed}: {lines[0]}", file=sys.__stderr__)
    return code


if __name__ == "__main__":
    sys.exit(main())

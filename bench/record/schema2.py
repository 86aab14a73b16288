"""Runs of schema 2, read as runs of schema 3: one measurement a server, and readings in long form."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.model.cell import SIDES
from bench.model.samples import LOAD_SIDE

VERSION = 2
_FIGURES = ("outcome", "problems", "requests", "throughput_rps", "latency_s", "service_s", "in_flight", "memory", "cpu")
_BOTTLENECK = {
    "rps": "slots_rps",
    "held_s": "service_time_s",
    "at_once": "concurrency",
    "bound": "limit",
    "why": "evidence",
}
_LIMITS = {"client pool": "application"}
_CPU_OF = {"generator": "generator_cpu_s", "upstream": "upstream_cpu_s", "harness": "sampler_cpu_s"}
_SERVER = ("pss_bytes", "anon_bytes", "rss_bytes", "uss_bytes", "cpu_user_s", "cpu_system_s", "threads", "switches")


def run_of(run: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The JSON object of a run of schema 2 as one of schema `version`."""
    ab = run.get("ab")
    sides = 1 if ab is None else len(SIDES)
    new = {**run, "schema_version": version, "cells": [_cell(cell, sides) for cell in run["cells"]]}
    if ab is not None:
        new["ab"] = {**ab, "pilots": [_cell(cell, 1) for cell in ab["pilots"]]}
    if run.get("selftest") is not None:
        new["selftest"] = _renamed(run["selftest"], {"open_lag_s": "open_send_delay_s"})
    return new


def arrays_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays of a cell of schema 2 as those of schema 3. Raises KeyError where one is missing."""
    new = {name: arrays[name] for name in ("scheduled_s", "sent_s", "done_s", "status", "bytes", "route", "slice")}
    new |= {"measurement": arrays["arm"], "new_connection": np.full(len(arrays["status"]), -1)}
    new |= {name: arrays[name] for name in ("beat_s", "beat_late_s")}
    arm, t_s = arrays["mem_arm"], arrays["mem_t_s"]
    servers = SIDES if arm.any() else ("server",)
    once = arm == 0  # a moment has a row for each server, and each has the counters of the load side
    nothing = np.full(int(once.sum()), -1)
    parts = [_server(arrays, arm == number, number) for number in range(len(servers))]
    for role, column in _CPU_OF.items():
        cpu_s = arrays[column][once]
        parts.append(
            {
                **dict.fromkeys(_SERVER, nothing),
                "t_s": t_s[once],
                "role": np.full(len(cpu_s), len(servers) + list(_CPU_OF).index(role)),
                "cpu_user_s": cpu_s,
                "cpu_system_s": np.zeros(len(cpu_s)),
            }
        )
    new |= {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    new |= {"cores_t_s": t_s[once]} | {name: arrays[name][once] for name in ("server_steal_s", "load_steal_s")}
    return new | {"roles": np.array([*servers, *LOAD_SIDE])}


def _server(arrays: Mapping[str, NDArray[Any]], own: NDArray[Any], number: int) -> dict[str, NDArray[Any]]:
    """The readings of one server; the oldest runs lack the anonymous part of PSS."""
    count = int(own.sum())
    columns = {name: arrays[name][own] if name in arrays else np.full(count, -1) for name in _SERVER}
    return {**columns, "t_s": arrays["mem_t_s"][own], "role": np.full(count, number)}


def _cell(cell: Mapping[str, Any], sides: int) -> dict[str, Any]:
    new = {name: cell[name] for name in ("stack", "scenario", "load", "round", "order")}
    new |= {name: cell.get(name) for name in ("window", "probe", "samples")} | {"timer_lag_s": cell.get("heartbeat_s")}
    new["slices"] = [_renamed(one, {"arm": "measurement"}) for one in cell.get("slices", ())]
    arms: Sequence[Mapping[str, Any]] = cell.get("arms") or [cell] * sides
    return new | {"measurements": [_measurement(one) for one in arms]}


def _measurement(arm: Mapping[str, Any]) -> dict[str, Any]:
    new = {name: arm[name] for name in _FIGURES if name in arm}
    new |= {"send_delay_s": arm.get("lag_s"), "upstream": arm.get("upstream")}
    ceiling = arm.get("ceiling")
    if ceiling is None:
        return new | {"bottleneck": None}
    limit = _LIMITS.get(ceiling["bound"], ceiling["bound"])
    return new | {"bottleneck": _renamed({**ceiling, "bound": limit}, _BOTTLENECK)}


def _renamed(new: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in new.items()}

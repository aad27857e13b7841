"""Run files with known truth, written by hand: no worker, no clock, no noise but the noise that is asked for."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

GRID = "0" * 64


@dataclass(frozen=True)
class Noise:
    """Relative sizes: between processes, between samples, drift over a block, spikes, and what a neighbour does."""

    process: float = 0.01
    sample: float = 0.004
    drift: float = 0.02
    spike_share: float = 0.02
    spike: float = 0.5
    busy_share: float = 0.4  # of the rounds, disturbed for all at once
    busy: float = 0.15
    sentinel: float = 0.004


@dataclass(frozen=True)
class Truth:
    """One case: its true time in seconds, how hard a neighbour hits it, and what else its rows carry."""

    strategy: str
    variant: str
    time_s: float
    role: str = "case"
    sensitivity: float = 1.0
    compile_s: float | None = None
    status: str = "ok"
    reason: str | None = None
    every: int = 1  # sampled in every n-th round only
    fields: dict[str, Any] = field(default_factory=dict)


QUIET = Noise(process=0.002, sample=0.001, drift=0.0, spike_share=0.0, busy_share=0.0, sentinel=0.001)


def header(**changes: Any) -> dict[str, Any]:
    """The first record of a run file."""
    return {
        "record": "run",
        "format": "linregbench-run",
        "version": 2,
        "run": "20261123-160000-ab12",
        "started": "2026-11-23T16:00:00+00:00",
        "preset": "quick",
        "seed": 0,
        "options": {"blocks": 5},
        "machine": {"cpu": "Example 3000", "cores": 2, "affinity": [0, 1], "memory_bytes": 8 << 30, "os": "Linux"},
        "commit": None,
        "dirty": None,
        "linregbench": "0.1.0",
        "grid": GRID,
    } | changes


def environment(**changes: Any) -> dict[str, Any]:
    """The record of one nursery."""
    return {
        "record": "environment",
        "environment": "here",
        "nursery": "cpu,1 thread,float32",
        "device": "cpu",
        "threads": "1",
        "x64": False,
        "python": "3.11.7",
        "packages": {"jax": "0.10.2", "jaxlib": "0.10.2", "numpy": "2.4.6"},
        "blas": "OpenBLAS",
        "xla_flags": "",
        "device_kind": "cpu",
        "plugins": {},
    } | changes


def workload(**changes: Any) -> dict[str, Any]:
    """Gradient descent on 100 samples of 2 features."""
    return {
        "method": "gd",
        "samples": 100,
        "features": 2,
        "batch": 1,
        "steps": 100,
        "dtype": "float32",
        "condition": None,
        "seed": 0,
        "step_size": None,
        "tolerance": None,
        "max_steps": None,
        "data": None,
    } | changes


def measurement(**changes: Any) -> dict[str, Any]:
    """One case of one block, ok, with three samples of 1 ms."""
    return {
        "record": "measurement",
        "block": 0,
        "group": 0,
        "role": "case",
        "workload": workload(),
        "strategy": "jax_scan",
        "variant": "analytic",
        "backend": "jax",
        "compiled": True,
        "batched": False,
        "device": "cpu",
        "threads": "1",
        "precision": "highest",
        "environment": "here",
        "status": "ok",
        "reason": None,
        "loops": 8,
        "samples_s": [1e-3, 1e-3, 1e-3],
        "rounds": [0, 1, 2],
        "transfer_s": 2e-5,
        "trace_s": None,
        "lower_s": None,
        "compile_s": None,
        "first_call_s": 1.2e-3,
        "warm_up_s": 0.02,
        "dispatch_s": None,
        "cpu_over_wall": 1.0,
        "compiles": 0,
        "peak_rss_bytes": 210_000_000,
        "rss_growth_bytes": 40_000_000,
        "error": 2.1e-7,
        "error_limit": 1e-4,
        "steps_taken": None,
        "findings": [],
        "involuntary_switches": 0,
        "overhead_s": {"fork": 0.02, "place": 0.01, "sample": 0.2},
    } | changes


def block(**changes: Any) -> dict[str, Any]:
    """Closes the block of `measurement`."""
    return {
        "record": "block",
        "block": 0,
        "group": 0,
        "problem": {key: value for key, value in workload().items() if key != "dtype"},
        "threads": "1",
        "sentinel_s": [[1e-4], [1e-4], [1e-4]],
        "rounds": 3,
        "wall_s": 1.0,
        "steal": None,
    } | changes


def blocks_of(
    truths: Sequence[Truth],
    *,
    of: dict[str, Any],
    blocks: int = 5,
    rounds: int = 20,
    noise: Noise = QUIET,
    seed: int = 0,
    threads: str = "1",
    quiet_s: float = 1e-4,
) -> list[dict[str, Any]]:
    """The measurements and block records of one workload; the first truth is the baseline and has a twin."""
    rng = np.random.default_rng([seed, *json.dumps(of, sort_keys=True).encode()])
    records: list[dict[str, Any]] = []
    base, *others = truths
    played = [(base, "baseline"), (base, "twin"), *((truth, truth.role) for truth in others)]
    for number in range(blocks):
        busy = noise.busy * rng.exponential(size=rounds) * (rng.random(rounds) < noise.busy_share)
        drift = noise.drift * rng.standard_normal() * np.linspace(0, 1, rounds)
        for truth, role in played:
            took = range(0, rounds, truth.every) if truth.status == "ok" else range(0)
            process = noise.process * rng.standard_normal()
            own = noise.sample * rng.standard_normal(rounds)
            spikes = noise.spike * rng.exponential(size=rounds) * (rng.random(rounds) < noise.spike_share)
            log_s = np.log(truth.time_s) + process + own + drift + spikes + truth.sensitivity * busy
            compiled = truth.compile_s is not None
            records.append(
                measurement(
                    block=number,
                    role=role,
                    workload=of,
                    strategy=truth.strategy,
                    variant=truth.variant,
                    backend="numpy" if truth.strategy.startswith("numpy") else "jax",
                    compiled=compiled,
                    status=truth.status,
                    reason=truth.reason,
                    threads=threads,
                    samples_s=[float(np.exp(log_s[n])) for n in took],
                    rounds=list(took),
                    compile_s=truth.compile_s,
                    trace_s=0.012 if compiled else None,
                    lower_s=0.02 if compiled else None,
                )
                | truth.fields
            )
        sentinel = quiet_s * np.exp(noise.sentinel * rng.standard_normal((rounds, 2)) + drift[:, None] + busy[:, None])
        problem = {key: value for key, value in of.items() if key != "dtype"}
        records.append(
            block(block=number, problem=problem, threads=threads, sentinel_s=sentinel.tolist(), rounds=rounds)
        )
    return records


def write(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    """The records as a run file, without the help of RunWriter."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path

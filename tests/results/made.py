"""Runs, estimates and comparisons from synthetic records, made without a file."""

import json
from collections.abc import Sequence
from typing import Any

import synthetic
from synthetic import QUIET, Noise, Truth

from linregbench.results.runfile.read import Run, parse_record
from linregbench.results.runfile.records import Block, End, Environment, Header, Measurement, Stop
from linregbench.results.stats.estimates import Estimate, estimate, label

BASE = Truth("numpy_loop", "analytic", 1e-3)

STOP = {"record": "stop", "problem": {"method": "gd"}, "threads": "1", "reason": "5 blocks, fixed"}
END = {"record": "end", "reason": "complete", "wall_s": 3.0, "harness_s": {"sample": 1.0}}
SMALL = [
    synthetic.header(),
    synthetic.environment(),
    *synthetic.blocks_of(
        [Truth("numpy_loop", "analytic", 1e-3), Truth("jax_scan", "analytic", 2e-4)],
        of=synthetic.workload(),
        blocks=2,
        rounds=4,
    ),
    STOP,
    END,
]
SMALL_BYTES = "".join(json.dumps(record) + "\n" for record in SMALL).encode()


def as_run(records: Sequence[dict[str, Any]], name: str = "run.jsonl") -> Run:
    """The records as `read_run` would give them back."""
    parsed = [parse_record(record) for record in records]
    header, *_ = (record for record in parsed if isinstance(record, Header))
    return Run(
        name=name,
        header=header,
        environments=tuple(record for record in parsed if isinstance(record, Environment)),
        measurements=tuple(record for record in parsed if isinstance(record, Measurement)),
        blocks=tuple(record for record in parsed if isinstance(record, Block)),
        stops=tuple(record for record in parsed if isinstance(record, Stop)),
        end=next((record for record in parsed if isinstance(record, End)), None),
        notices=(),
    )


def run_of(
    name: str,
    *truths: Truth,
    seed: int = 0,
    noise: Noise = QUIET,
    blocks: int = 10,
    quiet_s: float = 1e-4,
    header: dict[str, Any] | None = None,
    environment: dict[str, Any] | None = None,
    workload: dict[str, Any] | None = None,
) -> Run:
    """A run of one workload: the baseline and these cases."""
    of = synthetic.workload(**workload or {})
    records = [synthetic.header(**{"run": name} | (header or {})), synthetic.environment(**environment or {})]
    records += synthetic.blocks_of([BASE, *truths], of=of, noise=noise, blocks=blocks, seed=seed, quiet_s=quiet_s)
    return as_run(records, f"{name}.jsonl")


def sides_run(*truths: tuple[Truth, float], noise: Noise = QUIET, blocks: int = 10, seed: int = 0) -> Run:
    """One run of two environments, "ref" and "here": each case in both, and how many times as fast it is here."""
    return as_run(sides_records(*truths, noise=noise, blocks=blocks, seed=seed))


def sides_records(
    *truths: tuple[Truth, float], noise: Noise = QUIET, blocks: int = 10, seed: int = 0
) -> list[dict[str, Any]]:
    """Its records."""
    both = [BASE]
    both += [Truth(t.strategy, t.variant, t.time_s / factor, fields=t.fields) for t, factor in truths]
    for truth in (BASE, *(truth for truth, _ in truths)):
        both.append(Truth(truth.strategy, truth.variant, truth.time_s, fields={**truth.fields, "environment": "ref"}))
    header = synthetic.header(options={"environments": ["ref", "here"]})
    records = [header, synthetic.environment(), synthetic.environment(environment="ref")]
    return [*records, *synthetic.blocks_of(both, of=synthetic.workload(), noise=noise, blocks=blocks, seed=seed)]


def settings_run(blocks: int = 10) -> Run:
    """Two cases under three settings: "X=" of the baseline, "X=1" where both are faster, "X=2" where neither is."""
    times = {"numpy_loop": (1e-3, 5e-4, 1e-3), "jax_scan": (4e-4, 1e-4, 4e-4)}
    truths = [
        Truth(strategy, "analytic", time_s, fields={"setting": f"X={value}"})
        for strategy, of in times.items()
        for value, time_s in zip(("", "1", "2"), of, strict=True)
    ]
    records = synthetic.blocks_of(truths, of=synthetic.workload(), blocks=blocks)
    return as_run([synthetic.header(), synthetic.environment(), *records])


def parsed(records: Sequence[dict[str, Any]]) -> tuple[list[Measurement], list[Block]]:
    rows = [parse_record(record) for record in records]
    return [row for row in rows if isinstance(row, Measurement)], [row for row in rows if isinstance(row, Block)]


def estimates_of(*truths: Truth, **options: Any) -> dict[str, Estimate]:
    of = options.pop("of", synthetic.workload())
    measurements, blocks = parsed(synthetic.blocks_of(truths, of=of, **options))
    return {label(row.case): row for row in estimate(measurements, blocks)}

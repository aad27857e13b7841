"""asv's door to ratios: each strategy against the NumPy loop, from the harness's own blocks, sampled in lockstep.

A ratio holds on a noisy machine where a time does not. asv takes larger for worse, so these are time / time of the
NumPy loop, the inverse of what the tables of `linregbench` show.
"""

from __future__ import annotations

import random
from pathlib import Path
from statistics import median
from typing import Any

from linregbench import solvers

from ..grid.cases import Contest, select
from ..grid.options import RunOptions
from ..processes.handle import Setting
from ..processes.pool import Nurseries, out_of_the_way
from ..sampling.block import Entry, Rules, Unwatched, run_block
from . import cases
from .asv_common import SUITE_VERSION, tracked

BLOCKS = 7
"""One sample each. Seven a side are the fewest in which asv's test can find anything at its level of 0.002."""

ROUNDS_A_BLOCK = 10
FEW_SAMPLES, FEW_BATCHES = sorted(cases.SAMPLES)[:2], [1, *sorted(cases.BATCHES)[:1]]

_Key = tuple[str, str, int, int, str]


def setup_cache() -> dict[_Key, tuple[str, Any]]:
    """By case, its status and its ratios, or the reason why it has none: measured once for the whole suite."""
    here = Setting(solvers=Path(solvers.__file__).parent)
    measured: dict[_Key, tuple[str, Any]] = {}
    with Nurseries({"here": here}) as nurseries, out_of_the_way(nurseries.allowed):
        known = nurseries.solvers("here")
        strategies = {solver.strategy for solver in known[0]}
        options = RunOptions(
            preset=cases.PRESET.name,
            methods=cases.METHODS,
            strategies=tuple(name for name in cases.RIVALS if name in strategies),
            devices=tuple(name for name in cases.DEVICES if cases.may_be_here(name)),
            samples=tuple(FEW_SAMPLES),
            batch=tuple(FEW_BATCHES),
        )
        contests = select(options, {"here": known})
        for block in range(BLOCKS):
            nurseries.renew(block)
            for contest in contests:
                _one_block(contest, block, nurseries, measured)
    return measured


setup_cache.timeout = 600.0  # type: ignore[attr-defined]


class Ratio:
    """Each sample is the median over the rounds of one block, every case in a fresh process."""

    params = (cases.METHODS, cases.RIVALS, FEW_SAMPLES, FEW_BATCHES, cases.DEVICES)
    param_names = ("method", "strategy", "samples", "batch", "device")
    version = SUITE_VERSION
    unit = "times the NumPy loop's time"

    def track_ratio(
        self,
        measured: dict[_Key, tuple[str, Any]],
        method: str,
        strategy: str,
        samples: int,
        batch: int,
        device: str,
    ) -> dict[str, Any]:
        """Time over the NumPy loop's time."""
        absent = ("skipped", f"no {device} device, or no such solver, here")
        return tracked(*measured.get((method, strategy, samples, batch, device), absent))

    track_ratio.pretty_name = "Time over the NumPy loop's time: above 1 is slower"  # type: ignore[attr-defined]


def _one_block(contest: Contest, block: int, nurseries: Nurseries, measured: dict[_Key, tuple[str, Any]]) -> None:
    """Add the block's ratio to each case of the contest, or the status that ends it."""
    (baseline,) = contest.baselines
    entries = [Entry(baseline, "baseline"), *map(Entry, contest.cases)]
    preset = cases.PRESET
    details = {"long_call_s": preset.long_call_s, "target_s": preset.target_s, "guard": False, "gate": False}
    rules = Rules(preset.timeout_s, rounds=ROUNDS_A_BLOCK, target_s=preset.target_s)
    records, _ = run_block(
        entries,
        rules,
        lambda case: nurseries.start(case, details),
        Unwatched(),  # all rounds count, since asv knows of no quiet ones
        random.Random(block),
        lambda _: None,
    )
    base = dict(zip(records[0]["rounds"], records[0]["samples_s"], strict=True))
    for entry, record in zip(entries[1:], records[1:], strict=True):
        status, ratios = measured.setdefault(_key(entry), ("ok", []))
        worst = next((ending for ending in (record, records[0]) if ending["status"] != "ok"), None)
        if status == "ok" and worst is not None:
            measured[_key(entry)] = (worst["status"], worst["reason"])
        elif status == "ok":
            pairs = zip(record["rounds"], record["samples_s"], strict=True)
            # five decimals: asv prints all that it is given
            ratios.append(round(median(sample_s / base[n] for n, sample_s in pairs if n in base), 5))


def _key(entry: Entry) -> _Key:
    workload = entry.case.workload
    return (workload.method, entry.case.solver.strategy, workload.samples, workload.batch, entry.case.device)

"""Estimates from measurements with known truth: the rules of quiet rounds, baselines, winners, statuses."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import synthetic
from synthetic import QUIET, Noise, Truth

from results.estimates import Estimate, estimate, label, ratio_between
from results.kinds import Block, Measurement, Stop, problem_key
from results.quiet import thresholds
from results.records import parse_record

BASE = Truth("numpy_loop", "analytic", 1e-3)
SCAN = Truth("jax_scan", "analytic", 5e-4, compile_s=0.06)


def parsed(records: Sequence[dict[str, Any]]) -> tuple[list[Measurement], list[Block]]:
    rows = [parse_record(record) for record in records]
    return [row for row in rows if isinstance(row, Measurement)], [row for row in rows if isinstance(row, Block)]


def estimates_of(*truths: Truth, **options: Any) -> dict[str, Estimate]:
    of = options.pop("of", synthetic.workload())
    measurements, blocks = parsed(synthetic.blocks_of(truths, of=of, **options))
    return {label(row.case): row for row in estimate(measurements, blocks)}


def test_truth_is_found() -> None:
    rows = estimates_of(BASE, SCAN, blocks=10, noise=Noise(process=0.005))
    scan, base = rows["jax_scan analytic"], rows["numpy_loop analytic"]
    assert scan.time_s == pytest.approx(5e-4, rel=0.01)
    assert scan.time_low_s is not None
    assert scan.time_high_s is not None
    assert scan.time_s is not None
    assert scan.time_low_s < scan.time_s < scan.time_high_s
    assert scan.time_min_s is not None
    assert scan.time_all_s is not None
    assert scan.time_min_s < scan.time_s < scan.time_all_s
    assert (scan.rounds, scan.blocks, scan.baseline, scan.winner) == (
        "quiet",
        10,
        "numpy_loop analytic",
        "jax_scan analytic",
    )
    assert scan.quiet_share is not None
    assert 0.3 < scan.quiet_share < 0.8
    ratio = scan.versus_baseline
    assert ratio
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 2.0 < ratio.high
    assert (ratio.verdict, ratio.rounds, ratio.blocks) == ("faster", "quiet", 10)
    assert ratio.half_width == pytest.approx((ratio.high / ratio.low) ** 0.5 - 1)
    assert ratio.delta >= 0.01
    assert base.versus_baseline
    assert (base.versus_baseline.ratio, base.versus_baseline.verdict) == (1.0, "baseline")
    assert base.versus_winner
    assert scan.versus_winner
    assert (base.versus_winner.verdict, scan.versus_winner.verdict) == ("slower", "winner")
    assert base.versus_winner.ratio == pytest.approx(1 / ratio.ratio)


def test_phases_are_medians_and_sums() -> None:
    scan = estimates_of(BASE, SCAN)["jax_scan analytic"]
    assert scan.phases["compile_s"] == 0.06
    assert scan.first_result_s == pytest.approx(2e-5 + 0.012 + 0.02 + 0.06 + 1.2e-3)
    assert estimates_of(BASE)["numpy_loop analytic"].phases["compile_s"] is None


def test_capped_cases_use_all_rounds_and_say_so() -> None:
    slow = Truth("jax_eager", "autodiff", 0.35, every=7)
    rows = estimates_of(BASE, slow, SCAN, blocks=10, noise=Noise(process=0.002, busy_share=0.3))
    eager = rows["jax_eager autodiff"]
    assert (eager.rounds, rows["jax_scan analytic"].rounds) == ("all", "quiet")
    assert eager.versus_baseline
    assert eager.versus_baseline.rounds == "all"
    assert eager.versus_baseline.ratio == pytest.approx(1e-3 / 0.35, rel=0.02)


def test_cases_that_never_met_in_a_round_are_paired_by_block() -> None:
    odd = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), rounds=2)
    for record in odd:
        if record["record"] == "measurement":
            take = 1 if record["strategy"] == "jax_scan" else 0
            record["samples_s"], record["rounds"] = [record["samples_s"][take]], [take]
    (base, scan) = estimate(*parsed(odd))
    assert scan.versus_baseline
    assert scan.versus_baseline.ratio == pytest.approx(2.0, rel=0.02)
    assert base.versus_baseline


def test_too_few_quiet_blocks_fall_back_to_all_rounds() -> None:
    measurements, blocks = parsed(synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=5))
    every = {"1": math.inf}
    assert [row.rounds for row in estimate(measurements, blocks, limits=every)] == ["quiet", "quiet"]
    noisy = [block for block in blocks if block.block >= 2]
    silent = [parse_record(synthetic.block(block=n, rounds=20, sentinel_s=[])) for n in (0, 1)]
    mixed = [*[block for block in silent if isinstance(block, Block)], *noisy]
    rows = estimate(measurements, mixed, limits=every)
    assert [(row.rounds, row.blocks) for row in rows] == [("all", 5)] * 2
    assert [row.quiet_share for row in rows] == [pytest.approx(0.6)] * 2


def test_two_quiet_samples_give_a_block_no_headline() -> None:
    measurements, blocks = parsed(synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=6))
    two = synthetic.block(block=5, rounds=20, sentinel_s=[[0.5]] * 2 + [[9.0]] * 18)
    last = parse_record(two)
    assert isinstance(last, Block)
    rows = estimate(measurements, [*blocks[:5], last], limits={"1": 1.0})
    assert [(row.rounds, row.blocks) for row in rows] == [("quiet", 5)] * 2


def test_the_first_bad_block_retires_a_case() -> None:
    records = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=5)
    bad = {2: ("timeout", "over 60 s"), 3: ("crashed", "signal 11")}
    for record in records:
        if record["record"] == "measurement" and record["strategy"] == "jax_scan" and record["block"] in bad:
            record["status"], record["reason"] = bad[record["block"]]
            record["samples_s"] = record["rounds"] = []
    base, scan = estimate(*parsed(records))
    assert (scan.status, scan.reason) == ("timeout", "over 60 s")
    assert (scan.time_s, scan.versus_baseline, scan.versus_winner, scan.first_result_s) == (None, None, None, None)
    assert set(scan.phases.values()) == {None}
    assert base.versus_winner
    assert base.versus_winner.verdict == "winner"


def test_without_a_baseline_there_are_no_ratios_but_lstsq_stands_in_for_least_squares() -> None:
    failed = Truth("numpy_loop", "solve", 1.0, status="wrong", reason="singular")
    rows = estimates_of(failed, SCAN)
    assert (rows["jax_scan analytic"].versus_baseline, rows["jax_scan analytic"].baseline) == (None, None)
    assert rows["jax_scan analytic"].versus_winner
    of = synthetic.workload(method="ols", steps=None)
    rows = estimates_of(failed, Truth("numpy_loop", "lstsq", 1e-3), Truth("jax_scan", "solve", 5e-4), of=of)
    ratio = rows["jax_scan solve"].versus_baseline
    assert ratio
    assert rows["jax_scan solve"].baseline == "numpy_loop lstsq"
    assert ratio.ratio == pytest.approx(2.0, rel=0.02)
    assert ratio.floor is None
    assert ratio.delta == pytest.approx(0.03)
    base = rows["numpy_loop lstsq"].versus_baseline
    assert base
    assert base.verdict == "baseline"


def test_ratios_stay_inside_a_problem_and_an_environment() -> None:
    records = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(samples=100))
    records += synthetic.blocks_of(
        [Truth("numpy_loop", "analytic", 4e-3), Truth("jax_scan", "analytic", 1e-3)], of=synthetic.workload(samples=200)
    )
    elsewhere = [
        {**record, "environment": "ref"}
        for record in synthetic.blocks_of([BASE], of=synthetic.workload(), seed=5)
        if record["record"] == "measurement" and record["role"] == "baseline"
    ]
    rows = estimate(*parsed(records + [{**record, "role": "case"} for record in elsewhere]))
    ratios = [row.versus_baseline and round(row.versus_baseline.ratio, 1) for row in rows]
    assert ratios == [1.0, 2.0, None, 1.0, 4.0]
    assert [row.case.environment for row in rows] == ["here", "here", "ref", "here", "here"]


def test_another_dtype_of_the_problem_is_compared_with_its_own_baseline_or_the_only_one() -> None:
    double = synthetic.workload(dtype="float64")
    single = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload())
    extra = [
        record
        for record in synthetic.blocks_of([Truth("numpy_loop", "analytic", 2e-3), SCAN], of=double)
        if record["record"] == "measurement"
    ]
    both = estimate(*parsed(single + extra))
    assert [round(row.versus_baseline.ratio, 1) for row in both if row.versus_baseline] == [1.0, 2.0, 1.0, 4.0]
    one = estimate(*parsed(single + [record for record in extra if record["role"] == "case"]))
    assert [round(row.versus_baseline.ratio, 1) for row in one if row.versus_baseline] == [1.0, 2.0, 2.0]


def test_a_baseline_of_another_dtype_goes_before_a_stand_in() -> None:
    of = synthetic.workload(method="ols", steps=None)
    records = synthetic.blocks_of([Truth("numpy_loop", "solve", 1e-3)], of=of)
    double = synthetic.blocks_of([Truth("numpy_loop", "lstsq", 3e-3)], of={**of, "dtype": "float64"})
    measurements, blocks = parsed(
        records + [{**r, "role": "case"} for r in double if r["record"] == "measurement" and r["role"] == "baseline"]
    )
    assert [row.baseline for row in estimate(measurements, blocks)] == ["numpy_loop solve"] * 2


def test_the_winner_is_who_wins_in_pairs_where_times_mislead() -> None:
    """Quiet in other rounds, a case can show the lower time and still lose every round that it shares."""
    records = synthetic.blocks_of([BASE, Truth("jax_scan", "analytic", 1e-3 / 1.1)], of=synthetic.workload(), rounds=8)
    for record in records:
        if record["record"] == "measurement":
            drifted = record["strategy"] == "jax_scan"
            keep = range(4, 8) if drifted else range(8)
            slow = [1.0 if n < 4 else 1.5 for n in range(8)]
            record["samples_s"] = [record["samples_s"][n] * slow[n] for n in keep]
            record["rounds"] = list(keep)
    base, scan = estimate(*parsed(records), limits={})
    assert base.time_s is not None
    assert scan.time_s is not None
    assert base.time_s < scan.time_s
    assert scan.versus_winner
    assert scan.versus_winner.verdict == "winner"
    assert base.winner == "jax_scan analytic"


def test_any_two_cases_are_compared_directly_or_through_the_baseline() -> None:
    vmap = Truth("jax_vmap", "analytic", 4e-4)
    measurements, blocks = parsed(synthetic.blocks_of([BASE, SCAN, vmap], of=synthetic.workload(), blocks=6))
    cases = {label(m.case): m.case for m in measurements}
    direct = ratio_between(cases["jax_vmap analytic"], cases["jax_scan analytic"], measurements, blocks)
    assert direct
    assert (direct.verdict, direct.rounds, direct.blocks) == ("faster", "quiet", 6)
    assert direct.ratio == pytest.approx(1.25, rel=0.01)
    inverse = direct.inverse()
    assert (inverse.verdict, inverse.ratio) == ("slower", 1 / direct.ratio)
    split = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=6)
    other = synthetic.blocks_of([BASE, vmap], of=synthetic.workload(), blocks=6, seed=3)
    measurements, blocks = parsed(split + [{**record, "group": 1} for record in other])
    through = ratio_between(cases["jax_vmap analytic"], cases["jax_scan analytic"], measurements, blocks)
    assert through
    assert (through.verdict, through.blocks) == ("faster", 6)
    assert through.ratio == pytest.approx(1.25, rel=0.01)
    rows = {label(row.case): row for row in estimate(measurements, blocks)}
    assert rows["numpy_loop analytic"].blocks == 6
    assert rows["jax_scan analytic"].winner == "jax_vmap analytic"
    split_only, its_blocks = parsed(split)
    assert ratio_between(cases["jax_vmap analytic"], cases["jax_scan analytic"], split_only, its_blocks) is None


def test_the_same_code_uses_all_rounds() -> None:
    records = synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=6)
    other = [
        {**record, "environment": "ref", "role": "case"}
        for record in records
        if record["record"] == "measurement" and record["role"] != "twin"
    ]
    measurements, blocks = parsed(records + other)
    here, ref = (
        next(m.case for m in measurements if m.strategy == "jax_scan" and m.environment == name)
        for name in ("here", "ref")
    )
    ratio = ratio_between(here, ref, measurements, blocks)
    assert ratio
    assert (ratio.ratio, ratio.rounds, ratio.verdict) == (1.0, "all", "same")


def test_the_floor_is_that_of_the_pair_and_delta_not_under_it() -> None:
    noisy = estimates_of(BASE, SCAN, blocks=10, noise=Noise(process=0.05))["jax_scan analytic"].versus_baseline
    calm = estimates_of(BASE, SCAN, blocks=10, noise=QUIET)["jax_scan analytic"].versus_baseline
    assert noisy
    assert calm
    assert noisy.floor is not None
    assert noisy.floor > 0.01
    assert noisy.delta == noisy.floor
    assert calm.floor is not None
    assert calm.floor < 0.01
    assert calm.delta == pytest.approx(0.01)


def test_false_discovery_control_softens_verdicts_of_a_grid() -> None:
    """Cases 2.5% faster, just clear of delta: alone some pass, among many that are not faster fewer do."""
    alone, grid = 0, 0
    for seed in range(20):
        near = Truth("jax_scan", "analytic", 1e-3 / 1.022)
        equal = [Truth(f"same_{n}", "analytic", 1e-3) for n in range(15)]
        noise = Noise(process=0.004, sample=0.001, drift=0.0, spike_share=0.0, busy_share=0.0, sentinel=0.001)
        measurements, blocks = parsed(
            synthetic.blocks_of([BASE, near, *equal], of=synthetic.workload(), blocks=6, noise=noise, seed=seed)
        )
        pair = [m for m in measurements if not m.strategy.startswith("same")]
        for counted, of in ((0, pair), (1, measurements)):
            row = next(row for row in estimate(of, blocks) if row.case.strategy == "jax_scan")
            faster = row.versus_baseline is not None and row.versus_baseline.verdict == "faster"
            alone, grid = alone + (faster and not counted), grid + (faster and bool(counted))
    assert 0 < grid < alone


def test_one_block_has_a_time_but_no_interval() -> None:
    scan = estimates_of(BASE, SCAN, blocks=1)["jax_scan analytic"]
    assert scan.time_s is not None
    assert (scan.time_low_s, scan.time_high_s) == (None, None)
    assert scan.versus_baseline
    assert (scan.versus_baseline.low, scan.versus_baseline.verdict) == (None, "inconclusive")
    assert scan.versus_baseline.half_width == math.inf


def test_blocks_that_are_not_closed_count_for_nothing() -> None:
    measurements, blocks = parsed(synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=5))
    assert [row.blocks for row in estimate(measurements, blocks[:4])] == [4, 4]
    assert [(row.status, row.time_s) for row in estimate(measurements, [])] == [("ok", None)] * 2
    assert estimate([], []) == ()


def test_stop_reasons_and_findings_reach_the_row() -> None:
    found = Truth("jax_scan", "analytic", 1e-3, fields={"findings": ["retraced", "unsteady"]})
    measurements, blocks = parsed(synthetic.blocks_of([BASE, found], of=synthetic.workload()))
    stop = parse_record({"record": "stop", "problem": synthetic.workload(), "threads": "1", "reason": "budget"})
    assert isinstance(stop, Stop)
    rows = estimate(measurements, blocks, stops=[stop])
    assert [row.stop_reason for row in rows] == ["budget"] * 2
    assert rows[1].findings == ("retraced", "unsteady")


def test_one_problem_alone_gives_what_the_whole_run_gives() -> None:
    records = synthetic.quick_run()
    measurements, blocks = parsed(records)
    whole = [row for row in estimate(measurements, blocks) if row.workload["samples"] == 1_000]
    limits = thresholds(blocks)
    alone = estimate(
        [m for m in measurements if m.workload["samples"] == 1_000],
        [block for block in blocks if block.problem["samples"] == 1_000],
        limits=limits,
    )
    assert [row.time_s for row in whole] == [row.time_s for row in alone]
    assert [row.versus_winner for row in whole] == [row.versus_winner for row in alone]


def test_a_problem_is_the_workload_without_dtype_and_nulls() -> None:
    assert problem_key(synthetic.workload(dtype="float64")) == problem_key(synthetic.workload(dtype="float32"))
    assert problem_key({"a": 1, "b": None}) == problem_key({"a": 1.0})

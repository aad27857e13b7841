"""Estimates from measurements with known truth: the rules of quiet rounds, baselines, winners, statuses."""

import math

import numpy as np
import pytest
import sweep
import synthetic
from made import BASE, estimates_of, parsed
from synthetic import Noise, Truth

from linregbench.results.fields import MEDIANS
from linregbench.results.runfile.read import parse_record
from linregbench.results.runfile.records import Block, Stop, problem_key
from linregbench.results.stats.estimates import estimate
from linregbench.results.stats.quiet import thresholds

SCAN = Truth("jax_scan", "analytic", 5e-4, compile_s=0.06)


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
    assert scan.measured["compile_s"] == 0.06
    assert scan.first_result_s == pytest.approx(2e-5 + 0.012 + 0.02 + 0.06 + 1.2e-3)
    assert estimates_of(BASE)["numpy_loop analytic"].measured["compile_s"] is None


def test_a_slow_case_has_its_quiet_time_too() -> None:
    slow = Truth("jax_eager", "autodiff", 0.35, every=7)
    rows = estimates_of(BASE, slow, SCAN, blocks=10, noise=Noise(process=0.002, busy_share=0.3))
    eager = rows["jax_eager autodiff"]
    assert (eager.rounds, rows["jax_scan analytic"].rounds) == ("quiet", "quiet")
    assert eager.versus_baseline
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


@pytest.mark.parametrize(
    ("silent", "rounds", "told"),
    [(0, "quiet", 5), (2, "quiet", 3), (3, "fastest", 5), (5, "all", 5)],
    ids=["all quiet", "three quiet: the others do not count", "two quiet: too few", "none watched"],
)
def test_as_many_quiet_blocks_as_an_interval_is_worth_something_from_stand_alone(
    silent: int, rounds: str, told: int
) -> None:
    measurements, blocks = parsed(synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=5))
    unwatched = [parse_record(synthetic.block(block=n, rounds=20, sentinel_s=[])) for n in range(silent)]
    mixed = [*[block for block in unwatched if isinstance(block, Block)], *blocks[silent:]]
    rows = estimate(measurements, mixed, limits={"1": math.inf})
    assert [(row.rounds, row.blocks) for row in rows] == [(rounds, told)] * 2
    assert [row.quiet_share for row in rows] == [pytest.approx(1 - silent / 5)] * 2


def test_with_two_quiet_samples_a_block_has_its_fastest() -> None:
    measurements, blocks = parsed(synthetic.blocks_of([BASE, SCAN], of=synthetic.workload(), blocks=6))
    two = synthetic.block(block=5, rounds=20, sentinel_s=[[0.5]] * 2 + [[9.0]] * 18)
    last = parse_record(two)
    assert isinstance(last, Block)
    rows = estimate(measurements, [*blocks[:5], last], limits={"1": 1.0})
    assert [(row.rounds, row.blocks) for row in rows] == [("quiet", 5)] * 2  # the others are enough
    fastest = np.log(next(m.samples_s for m in measurements if m.block == 5 and m.role == "baseline"))
    alone = estimate([m for m in measurements if m.block == 5], [last], limits={"1": 1.0})
    assert alone[0].rounds == "fastest"
    assert alone[0].time_s == pytest.approx(np.exp(np.quantile(fastest, 0.05)))


def test_of_samples_that_a_wait_was_taken_off_it_is_the_median() -> None:
    """What is left errs to either side, so that their fastest are no truer than the others."""
    records = synthetic.blocks_of(
        [Truth("numpy_loop", "analytic", 0.02, role="baseline"), SCAN], of=synthetic.workload()
    )
    for record in records:
        if record["record"] == "measurement" and record["strategy"] == "numpy_loop":
            record |= {"loops": 1, "waits_s": [0.01] * len(record["samples_s"])}
            record["samples_s"] = [0.03 + 0.002 * (n - 9.5) / 9.5 for n in range(len(record["samples_s"]))]
    base = estimate(*parsed(records))[0]
    assert base.time_s == pytest.approx(0.02, rel=1e-3)


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
    assert {scan.measured[name] for name in MEDIANS} == {None}
    assert scan.measured["error"] == 2.1e-7
    assert base.versus_winner
    assert base.versus_winner.verdict == "winner"


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
    records = sweep.quick_run()
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

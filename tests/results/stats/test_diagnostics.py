"""The noise of a run by its own account: numbers that find what was planted, and one line that sums them up."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shown
import synthetic
from made import BASE, as_run, run_of
from msgspec.structs import replace as altered
from synthetic import QUIET, Noise, Truth

from linregbench.results.formats.load import of_runs
from linregbench.results.report.markdown import markdown
from linregbench.results.runfile.read import Run, parse_record
from linregbench.results.runfile.records import Block
from linregbench.results.stats.diagnostics import Diagnostics, diagnose
from linregbench.results.stats.noise import details, in_one_line

SCAN = Truth("jax_scan", "analytic", 5e-4)
CALM = Diagnostics(
    blocks=10,
    most_blocks=10,
    quiet_share=0.92,
    saw_quiet=True,
    autocorrelation=0.1,
    outlier_share=0.01,
    drift=0.002,
    time_half_width=0.008,
    floor=0.004,
    difference=0.002,
    sentinel_floor=None,
    switches_per_s=2.0,
    others_cpu=0.01,
    steal_share=0.0,
    frequency_mhz=(3000.0, 3010.0),
)


def with_blocks(run: Run, **fields: Any) -> Run:
    return replace(run, blocks=tuple(altered(block, **fields) for block in run.blocks))


def test_a_calm_run() -> None:
    found = diagnose(run_of("calm", SCAN))
    assert found.blocks == 10
    assert found.saw_quiet
    assert found.quiet_share is not None
    assert found.quiet_share > 0.95
    assert found.floor is not None
    assert found.floor < 0.01
    assert found.time_half_width is not None
    assert found.time_half_width < 0.01
    assert found.outlier_share is not None
    assert found.outlier_share < 0.02
    assert found.autocorrelation == pytest.approx(-0.05, abs=0.2)
    assert (found.others_cpu, found.frequency_mhz, found.sentinel_floor) == (None, None, None)
    assert found.steal_share is None
    assert in_one_line(found).startswith("the machine was calm: ")
    assert ": ratios hold, and absolute times to 0." in in_one_line(found)


def test_what_was_planted_is_found() -> None:
    drifting = diagnose(run_of("a", SCAN, noise=replace(QUIET, drift=0.4)))
    assert drifting.drift is not None
    assert 0.05 < drifting.drift < 0.4
    assert drifting.autocorrelation is not None
    assert drifting.autocorrelation > 0.7
    spiky = diagnose(run_of("b", SCAN, noise=replace(QUIET, spike_share=0.1)))
    assert spiky.outlier_share == pytest.approx(0.1, abs=0.04)
    apart = diagnose(run_of("c", SCAN, noise=replace(QUIET, process=0.05)))
    assert apart.floor is not None
    assert apart.floor > 0.02


def test_what_the_blocks_tell_is_averaged_by_their_length() -> None:
    run = with_blocks(run_of("run", SCAN), others_cpu=0.2, frequency_mhz=3000.0, steal=0.1, wall_s=2.0)
    long = altered(run.blocks[0], others_cpu=0.8, frequency_mhz=2000.0, steal=0.5, wall_s=22.0)
    found = diagnose(replace(run, blocks=(long, *run.blocks[1:])))
    assert found.others_cpu == pytest.approx((0.8 * 22 + 9 * 0.2 * 2) / 40)
    assert found.steal_share == pytest.approx((0.5 + 0.9) / 40 / 2)
    assert found.frequency_mhz == (2000.0, 3000.0)
    line = in_one_line(found)
    assert line.startswith("the machine was noisy: ")
    for part in ("other processes used 0.5 cores", "the hypervisor took 2% of the", "from 2,000 to 3,000 MHz"):
        assert part in line


def test_switches_are_counted_by_the_second_of_sampling() -> None:
    run = run_of("run", blocks=2)
    sampled_s = sum(sum(m.samples_s) * (m.loops or 1) for m in run.measurements)
    each = tuple(altered(m, involuntary_switches=3) for m in run.measurements)
    found = diagnose(replace(run, measurements=each))
    assert found.switches_per_s == pytest.approx(3 * len(each) / sampled_s)
    untold = tuple(altered(m, involuntary_switches=None) for m in run.measurements)
    assert diagnose(replace(run, measurements=untold)).switches_per_s is None


def test_two_sentinels_are_an_aa_pair_of_their_own() -> None:
    rng = np.random.default_rng(0)
    run = run_of("run", SCAN)
    pairs = [[(1e-3, 1.02e-3 * float(np.exp(0.001 * rng.standard_normal()))) for _ in range(20)] for _ in run.blocks]
    blocks = tuple(altered(b, sentinel_pair_s=tuple(pair)) for b, pair in zip(run.blocks, pairs, strict=True))
    found = diagnose(replace(run, blocks=blocks))
    assert found.sentinel_floor == pytest.approx(0.02, abs=0.002)
    assert diagnose(with_blocks(run, sentinel_pair_s=())).sentinel_floor is None


def test_older_files_lack_the_newer_fields_and_wrong_ones_are_refused() -> None:
    older = parse_record(synthetic.block())
    assert isinstance(older, Block)
    assert (older.others_cpu, older.frequency_mhz, older.sentinel_pair_s) == (None, None, None)
    newer = parse_record(synthetic.block(others_cpu=0.3, frequency_mhz=2400, sentinel_pair_s=[[1e-3, 1e-3]] * 3))
    assert isinstance(newer, Block)
    assert newer.frequency_mhz == 2400.0
    with pytest.raises(ValueError, match="'sentinel_pair_s' has 1 entries for 3 rounds"):
        parse_record(synthetic.block(sentinel_pair_s=[[1.0, 1.0]]))


def test_a_run_that_never_saw_quiet_says_so() -> None:
    loud = Noise(process=0.002, busy_share=1.0, busy=0.6)
    found = diagnose(run_of("loud", SCAN, noise=loud))
    assert not found.saw_quiet
    assert "it was never quiet" in in_one_line(found)
    assert "absolute times do not" in in_one_line(found)
    blind = with_blocks(run_of("blind", SCAN), sentinel_s=())
    assert diagnose(blind).quiet_share is None
    assert "no sentinel told which samples were quiet" in in_one_line(diagnose(blind))


def test_a_run_without_anything_is_no_error() -> None:
    empty = diagnose(as_run([synthetic.header()]))
    assert in_one_line(empty) == "nothing was measured, so nothing is known of the machine"
    assert details(empty) == []
    failed = Truth(BASE.strategy, BASE.variant, 1.0, status="failed", reason="x")
    bare = diagnose(as_run([synthetic.header(), *synthetic.blocks_of([failed], of=synthetic.workload())]))
    assert (bare.floor, bare.drift, bare.switches_per_s) == (None, None, None)
    assert in_one_line(bare).endswith("no A/A floor: how far ratios hold is not known")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "calm: 92% of the samples were quiet, A/A floor 0.4%: ratios hold, and absolute times to 0.8%"),
        (
            {"quiet_share": 0.18, "others_cpu": 0.3, "floor": 0.014, "time_half_width": 0.2},
            "noisy: 18% of the samples were quiet, other processes used 0.3 cores, A/A floor 1.4%: "
            "ratios hold, absolute times do not",
        ),
        (
            {"floor": 0.061},
            "noisy: 92% of the samples were quiet, A/A floor 6.1%: ratios below 6.1% say nothing",
        ),
        (
            {"saw_quiet": False, "drift": 0.13, "floor": 0.061},
            "noisy: it was never quiet, times drifted by 13% within a block, A/A floor 6.1%: "
            "ratios below 6.1% say nothing, nor do absolute times",
        ),
    ],
)
def test_the_line_says_what_holds(changes: dict[str, Any], line: str) -> None:
    assert in_one_line(replace(CALM, **changes)) == f"the machine was {line}"


def test_tables_and_reports_carry_it() -> None:
    one, other = run_of("one", SCAN), run_of("two", SCAN, noise=Noise(process=0.06), seed=1)
    alone, two = of_runs(one), of_runs(one, other)
    line = in_one_line(diagnose(one))
    assert alone.noise == {"one": line}
    assert f"{line}." in " ".join(shown.cases(alone).split())
    assert f"{line}." in shown.cases(alone, "markdown")
    both = " ".join(shown.cases(two).split())
    assert f"run one: {line}." in both
    assert "run two: the machine was noisy" in both
    assert "run two" not in shown.cases(replace(two, frame=two.frame.query("run == 'one'")))
    assert "- A/A floor, two copies of the baseline: 0." in markdown(shown.report(one))
    assert details(CALM)[-1] == "clock: 3,000 to 3,010 MHz"

"""Quiet rounds: chosen by the sentinel alone, so that the figure from them is unbiased and less noisy."""

import math

import numpy as np
import pytest
import synthetic

from linregbench.results.runfile.read import parse_record
from linregbench.results.runfile.records import Block, Measurement
from linregbench.results.stats.estimates import estimate
from linregbench.results.stats.quiet import quiet_rounds, quiet_share, thresholds


def _block(**changes: object) -> Block:
    block = parse_record(synthetic.block(**changes))
    assert isinstance(block, Block)
    return block


def test_the_slowest_sentinel_sample_speaks_for_its_round() -> None:
    block = _block(sentinel_s=[[1.0, 1.2], [0.9], []])
    assert quiet_rounds(block, {"1": 1.1}).tolist() == [False, True, False]


def test_quiet_is_within_the_margin_of_the_low_percentile_of_all_blocks() -> None:
    calm = _block(rounds=100, sentinel_s=[[1.0]] * 100)
    loud = _block(block=1, rounds=3, sentinel_s=[[1.07], [1.09], [5.0]])
    limits = thresholds([calm, loud])
    assert limits == {"1": pytest.approx(1.08)}
    assert quiet_rounds(loud, limits).tolist() == [True, False, False]
    assert quiet_share([calm, loud], limits) == pytest.approx(101 / 103)


def test_thread_settings_stand_apart() -> None:
    one = _block(sentinel_s=[[1.0]] * 3)
    every = _block(threads="all", sentinel_s=[[9.0]] * 3)
    limits = thresholds([one, every])
    assert quiet_rounds(every, limits).all()
    assert not quiet_rounds(every, {"1": 1.0}).any()


def test_without_a_sentinel_nothing_is_quiet() -> None:
    silent = _block(sentinel_s=[])
    assert thresholds([silent]) == {}
    assert quiet_rounds(silent, {"1": 1.0}).tolist() == [False] * 3
    assert math.isnan(quiet_share([], {}))


def test_the_quiet_figure_is_unbiased_and_less_noisy_than_all_rounds() -> None:
    """A neighbour hits Python half as hard again as compiled code: that moves the ratio of all rounds, not of quiet."""
    noise = synthetic.Noise(process=0.003, sample=0.003, drift=0.0, spike_share=0.0, busy_share=0.7, busy=0.2)
    truths = [
        synthetic.Truth("numpy_loop", "analytic", 1e-3, sensitivity=1.5),
        synthetic.Truth("jax_scan", "analytic", 5e-4),
    ]
    quiet, every = [], []
    for seed in range(40):
        records = [
            parse_record(record)
            for record in synthetic.blocks_of(truths, of=synthetic.workload(), blocks=10, noise=noise, seed=seed)
        ]
        measurements = [record for record in records if isinstance(record, Measurement)]
        blocks = [record for record in records if isinstance(record, Block)]
        (_, row) = estimate(measurements, blocks)
        (_, without) = estimate(measurements, blocks, limits={})
        assert row.rounds == "quiet"
        assert without.rounds == "all"
        assert row.versus_baseline
        assert without.versus_baseline
        quiet.append(row.versus_baseline.ratio)
        every.append(without.versus_baseline.ratio)
    # what is left of the neighbour is what the margin lets through: here 0.4%, and 0.1% at a margin of 3%
    assert np.mean(quiet) == pytest.approx(2.0, rel=0.005)
    assert np.mean(every) > 2.02
    assert np.std(quiet) < 0.5 * np.std(every)

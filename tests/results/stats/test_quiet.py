"""Quiet samples: chosen by the sentinel alone, so that the figure from them is unbiased and less noisy."""

import math

import numpy as np
import pytest
import synthetic

from linregbench.results.runfile.read import parse_record
from linregbench.results.runfile.records import Block, Measurement
from linregbench.results.stats.estimates import estimate
from linregbench.results.stats.quiet import (
    SLICE_S,
    lost_the_core,
    mostly_corrected,
    quiet_rounds,
    quiet_samples,
    quiet_share,
    thresholds,
    undisturbed_s,
)


def _block(**changes: object) -> Block:
    block = parse_record(synthetic.block(**changes))
    assert isinstance(block, Block)
    return block


def _measurement(**changes: object) -> Measurement:
    measurement = parse_record(synthetic.measurement(**changes))
    assert isinstance(measurement, Measurement)
    return measurement


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


def test_a_sample_is_quiet_by_the_looks_right_before_and_right_after_it() -> None:
    block = _block(order=[[1, 0], [0, 1], [0]], sentinel_s=[[1.0, 1.0, 1.0, 9.0], [9.0, 1.0, 1.0, 1.0], [1.0, 1.0]])
    limits = {"1": 1.08}
    assert quiet_samples(_measurement(seat=0), block, limits).tolist() == [False, False, True]
    other = _measurement(seat=1, samples_s=[1e-3] * 2, rounds=[0, 1])
    assert quiet_samples(other, block, limits).tolist() == [True, True]
    # version 1: one look before each and one after the last, which neighbours share
    shared = _block(order=[[1, 0], [0, 1], [0]], sentinel_s=[[1.0, 1.0, 9.0], [9.0, 1.0, 1.0], [1.0, 1.0]])
    assert quiet_samples(_measurement(seat=0), shared, limits).tolist() == [False, False, True]
    assert quiet_samples(other, shared, limits).tolist() == [True, True]


def test_where_the_order_of_a_round_is_not_known_the_whole_round_is_judged() -> None:
    block = _block(order=[[0], [], []], sentinel_s=[[1.0, 1.0], [1.0, 1.0, 9.0], [1.0, 1.0, 1.0]])
    assert quiet_samples(_measurement(seat=0), block, {"1": 1.08}).tolist() == [True, False, True]
    assert quiet_samples(_measurement(), block, {"1": 1.08}).tolist() == [True, False, True]


def test_a_sample_that_lost_its_core_is_not_quiet() -> None:
    block = _block(order=[[0]] * 3, sentinel_s=[[1.0, 1.0]] * 3)
    waited = _measurement(seat=0, loops=1, waits_s=[0.0, 6e-5, 4e-5])
    assert quiet_samples(waited, block, {"1": 1.08}).tolist() == [True, False, True]


def test_a_sample_beside_a_case_that_was_at_work_is_not_quiet() -> None:
    block, limits = _block(), {"1": 1.0}
    alone = quiet_samples(_measurement(), block, limits)
    assert alone.all()
    beside = quiet_samples(_measurement(beside=[1]), block, limits)
    assert [n for n, quiet in zip(_measurement().rounds, beside, strict=True) if not quiet] == [1]


def test_a_sample_lost_its_core_where_others_had_it_for_a_good_part_of_its_time() -> None:
    assert lost_the_core([0.0, 4e-5, 6e-5], [1e-3] * 3, 1).tolist() == [False, False, True]
    assert lost_the_core([], [], 1).tolist() == []
    assert not lost_the_core([6e-5] * 3, [1e-3] * 3, 4).any()  # longer than a slice: the wait is taken off


def test_what_a_long_call_waited_is_taken_off() -> None:
    call_s = 2 * SLICE_S
    samples_s = [call_s, 1.5 * call_s, 1.05 * call_s]
    waits_s = [0.0, 0.5 * call_s, 0.05 * call_s]
    changes: dict[str, object] = {"samples_s": samples_s, "waits_s": waits_s, "loops": 1}
    assert undisturbed_s(_measurement(**changes)) == pytest.approx([call_s] * 3)
    unknown = _measurement(**changes | {"waits_s": None})
    assert undisturbed_s(unknown) == pytest.approx(samples_s)


@pytest.mark.parametrize(
    ("call_s", "waits", "expected"),
    [
        pytest.param(2 * SLICE_S, (0.5, 0.5, 0.0), True, id="long, most of them waited"),
        pytest.param(2 * SLICE_S, (0.5, 0.0, 0.0), False, id="long, one waited"),
        pytest.param(SLICE_S / 3, (0.5, 0.5, 0.5), False, id="short"),
    ],
)
def test_most_samples_of_a_long_call_were_corrected(call_s: float, waits: tuple[float, ...], expected: bool) -> None:
    samples_s, waits_s = [call_s] * 3, [share * call_s for share in waits]
    told = _measurement(samples_s=samples_s, waits_s=waits_s, loops=1)
    assert mostly_corrected(told) is expected
    assert not mostly_corrected(_measurement(samples_s=samples_s, waits_s=None, loops=1))


def test_a_short_sample_is_left_as_it_was_and_no_time_ever_becomes_nothing() -> None:
    short = _measurement(loops=1, waits_s=[5e-4, 0.0, 0.0])
    assert undisturbed_s(short) == pytest.approx([1e-3] * 3)
    long_s = 10 * SLICE_S
    absurd = _measurement(loops=1, samples_s=[long_s] * 3, waits_s=[2 * long_s] * 3)
    assert (undisturbed_s(absurd) > 0).all()

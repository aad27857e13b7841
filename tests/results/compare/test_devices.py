"""Devices and machines beside each other, where the truth is known: ratios, transfers, overtakings, the regime."""

import math

import pytest
import synthetic
import two_devices
from made import as_run
from planted import holds
from scipy import stats
from synthetic import Noise
from two_devices import both_run, cpu_run, gpu_run, overtaken_at

from linregbench.results.compare.devices.crossovers import lines, overtakings
from linregbench.results.compare.devices.ratios import Across, Contrast, Meeting, compare_sides_across, without_common
from linregbench.results.compare.devices.regimes import (
    LAUNCH_BOUND,
    UNSURE,
    WORK_BOUND,
    launch_share,
    regime_of,
    regimes,
)
from linregbench.results.compare.devices.sides import BOTH_WAYS, FIRST, FLOW, INWARD, STEADY, sides_of
from linregbench.results.runfile.read import Run, RunFileError


def across(*runs: Run) -> Across:
    (found,) = compare_sides_across(sides_of(runs))
    return found


@pytest.fixture(scope="module")
def apart() -> Across:
    """Two runs on two machines."""
    return across(cpu_run(), gpu_run())


@pytest.fixture(scope="module")
def together() -> Across:
    """One run of both devices."""
    return across(both_run())


def at(found: Across, **where: int) -> Meeting:
    (meeting,) = (m for m in found.meetings if all(m.workload[k] == v for k, v in ({"batch": 1} | where).items()))
    return meeting


def within(contrast: Contrast, truth: float, slack: float = 1.004) -> bool:
    """Whether the interval holds the truth, or misses it by what no interval of a noise this small excludes."""
    low, high = contrast.ratio.low, contrast.ratio.high
    assert low is not None
    assert high is not None
    return low / slack <= truth <= high * slack


def test_the_best_of_each_side_is_compared_with_transfers_and_without(apart: Across, together: Across) -> None:
    for found in (apart, together):
        assert (found.base.name, found.new.name, found.moved) == ("cpu", "cuda", BOTH_WAYS)
        assert len(found.meetings) == len(two_devices.PLACES)
        for place in two_devices.PLACES:
            w = synthetic.workload(**place)
            best = at(found, **place).best
            for cost, moved in ((STEADY, False), (BOTH_WAYS, True)):
                cpu_s, gpu_s = two_devices.best_on_cpu(w, moved=moved), two_devices.best_on_gpu(w, moved=moved)
                assert within(best[cost], cpu_s / gpu_s)
                assert best[cost].new_s == pytest.approx(gpu_s, rel=0.01)
            assert best[FLOW].new_s == pytest.approx(two_devices.best_on_gpu(w) - 40e-6, rel=0.01)


def test_two_devices_of_one_run_are_paired_and_those_of_two_are_not(apart: Across, together: Across) -> None:
    for found, paired in ((apart, False), (together, True)):
        contrasts = [each for meeting in found.meetings for each in meeting.best.values()]
        assert {each.paired for each in contrasts} == {paired}
        assert {each.rounds for each in contrasts if each.cost == STEADY} == {"quiet"}


def test_pairing_takes_away_what_both_sides_share() -> None:
    noise = Noise(process=0.0, sample=0.002, drift=0.2, spike_share=0.0, busy_share=0.0)
    places = [{"samples": 1_000}]
    one = across(both_run(places=places, noise=noise))
    two = across(cpu_run(places=places, noise=noise), gpu_run(places=places, noise=noise))
    for cost in (STEADY, BOTH_WAYS):
        spans = []
        for found in (one, two):
            answer = at(found, samples=1_000).best[cost].ratio
            assert answer.low is not None
            assert answer.high is not None
            spans.append(math.log(answer.high / answer.low))
        assert spans[0] < spans[1] / 3


def test_the_same_strategy_stands_on_both(apart: Across) -> None:
    meeting = at(apart, samples=100_000)
    w = synthetic.workload(samples=100_000)
    assert [each[STEADY].new.case.strategy for each in meeting.alike] == ["jax_scan", "jax_vmap"]
    for each in meeting.alike:
        name = each[STEADY].base.case.strategy
        assert within(each[STEADY], two_devices.on_cpu(name, w) / two_devices.on_gpu(name, w))
        assert each[FIRST].new_s > 0.4  # its compile is in it


@pytest.mark.parametrize("axis", ["samples", "batch"])
def test_where_the_gpu_overtakes_the_cpu(apart: Across, together: Across, axis: str) -> None:
    for found in (apart, together):
        (line,) = (line for line in lines(found) if line.axis == axis)
        steady, moved = overtakings(found, line)
        for each, truth in ((steady, overtaken_at(axis)), (moved, overtaken_at(axis, moved=True))):
            assert (each.below, each.above) == ("cpu", "cuda")
            assert holds(each.at, truth)
            assert each.at.value == pytest.approx(truth, rel=0.02)


def test_out_of_reach_is_said() -> None:
    below = across(cpu_run(places=two_devices.PLACES[:3]), gpu_run(places=two_devices.PLACES[:3]))
    (line,) = lines(below)
    for each in overtakings(below, line):
        assert each.at.why == "not in range: cpu is the faster at every size measured, 100 to 10,000"
        assert (each.below, each.above) == ("cpu", "cpu")
    assert lines(across(cpu_run(places=two_devices.PLACES[:2]), gpu_run(places=two_devices.PLACES[:1]))) == []


def test_the_interval_of_an_overtaking_holds_the_truth() -> None:
    places = [{"samples": 20_000}, {"samples": 26_000}]
    noise = Noise(process=0.01, busy_share=0.0, drift=0.0, spike_share=0.0)
    truths = overtaken_at("samples"), overtaken_at("samples", moved=True)
    hits = 0
    draws = 60
    for seed in range(draws):
        options = {"places": places, "noise": noise, "blocks": 5, "rounds": 4}
        found = across(cpu_run(seed=2 * seed, **options), gpu_run(seed=2 * seed + 1, **options))
        (line,) = lines(found)
        answers = [each.at for each in overtakings(found, line)]
        hits += sum(holds(answer, truth) for answer, truth in zip(answers, truths, strict=True))
    # the two answers of a draw share it: judged as one draw's worth, failed by one right method in ten thousand
    assert hits / 2 >= stats.binom.ppf(1e-4, draws, 0.95)


def test_launches_are_told_from_work(apart: Across) -> None:
    found = regimes(apart.new)
    assert regimes(apart.base) == {}
    for case, regime in found.items():
        w = synthetic.workload(**dict(case.problem))
        empty = w | {"samples": 0}
        share = two_devices.on_gpu(case.strategy, empty) / two_devices.on_gpu(case.strategy, w)
        if case.strategy == "jax_scan" and w["batch"] > 1:
            # a loop over problems: its time grows with the batch because its launches do
            assert regime.name == UNSURE
            continue
        assert regime.name == (LAUNCH_BOUND if share > 0.5 else WORK_BOUND)
        assert regime.launches.value == pytest.approx(share, abs=0.02)
    assert {regime.name for regime in found.values()} == {LAUNCH_BOUND, WORK_BOUND, UNSURE}


def test_the_share_of_launches_covers_the_truth_at_the_edge_of_memory() -> None:
    # half of the time at x, by a line: r = (1 + k) / 2
    exact = launch_share(1_000, 10_000, math.log(5.5), 0.0, 10)
    assert exact.value == pytest.approx(0.5)
    wide = launch_share(1_000, 10_000, math.log(5.5), 0.01, 10)
    assert holds(wide, 0.5)
    assert holds(launch_share(10_000, 1_000, math.log(1 / 5.5), 0.01, 10), 0.5 / 5.5)
    assert launch_share(1_000, 10_000, 0.0, math.nan, 1).low is None


@pytest.mark.parametrize(
    ("fields", "name", "why"),
    [
        ({"device_busy_s": 1e-4}, LAUNCH_BOUND, "the device is idle"),
        ({"device_busy_s": 9e-4}, WORK_BOUND, "the device is busy"),
        ({"throughput_s": 2e-4}, LAUNCH_BOUND, "calls that are enqueued"),
        ({"throughput_s": 9e-4}, UNSURE, "nothing that was measured tells"),
    ],
)
def test_one_size_alone_is_judged_by_what_the_device_tells(fields: dict[str, float], name: str, why: str) -> None:
    gpu = synthetic.Truth("jax_scan", "autodiff", 1e-3, fields=fields | {"device": "cuda"})
    truths = [synthetic.Truth("numpy_loop", "analytic", 1e-3), gpu]
    records = [synthetic.header(), synthetic.blocks_of(truths, of=synthetic.workload())]
    (side,) = sides_of([as_run([records[0], *records[1]])])
    regime = regime_of(next(iter(side.spent.values())))
    assert regime.name == name
    assert regime.why.startswith(why)


def test_a_file_that_tells_one_way_alone_is_compared_with_that_way() -> None:
    old = two_devices.records("cuda", ["cuda"], two_devices.PLACES[:2])
    for record in old:
        record.pop("transfer_out_s", None)
    found = across(cpu_run(places=two_devices.PLACES[:2]), as_run(old, "cuda.jsonl"))
    assert found.moved == INWARD
    w = synthetic.workload(samples=1_000)
    gpu_s = two_devices.best_on_gpu(w) + two_devices.transfers(w)[0]
    assert at(found, samples=1_000).best[INWARD].new_s == pytest.approx(gpu_s, rel=0.01)
    for record in old:
        record.pop("transfer_s", None)
    assert across(cpu_run(places=two_devices.PLACES[:2]), as_run(old, "cuda.jsonl")).moved is None


def test_every_other_side_stands_against_the_first() -> None:
    places = two_devices.PLACES[:2]
    laptop = two_devices.run("laptop", ["cpu"], places, cpu="Example 9", slower=1.7, seed=5)
    sides = sides_of([cpu_run(places=places), gpu_run(places=places), laptop])
    assert [side.name for side in sides] == ["cpu of cpu", "cuda", "cpu of laptop"]
    assert [side.kind for side in sides] == ["Example 3000", two_devices.GPU, "Example 9"]
    found = compare_sides_across(sides)
    assert [(each.base.name, each.new.name) for each in found] == [("cpu of cpu", s.name) for s in sides[1:]]
    machines = across(cpu_run(places=places), laptop)
    assert (machines.base.name, machines.new.name) == ("cpu", "laptop")
    assert all(within(meeting.best[STEADY], 1 / 1.7) for meeting in machines.meetings)
    assert regimes(machines.new) == {}


def test_the_best_of_a_side_may_use_all_its_threads() -> None:
    fast = synthetic.Truth("numpy_loop", "analytic", 1e-4)
    records = two_devices.records("cpu", ["cpu"], [{"samples": 1_000}])
    records += synthetic.blocks_of([fast], of=synthetic.workload(samples=1_000), threads="all")
    found = across(as_run(records, "cpu.jsonl"), gpu_run(places=[{"samples": 1_000}]))
    (meeting,) = found.meetings
    assert meeting.best[STEADY].base.case.threads == "all"
    assert meeting.best[STEADY].base_s == pytest.approx(1e-4, rel=0.01)


def test_what_has_nothing_in_common_is_named() -> None:
    places = two_devices.PLACES[:1]
    with pytest.raises(RunFileError, match=r"holds run cpu, as cpu\.jsonl does; give it once"):
        sides_of([cpu_run(places=places), cpu_run(places=places)])
    with pytest.raises(RunFileError, match=r"cuda\.jsonl: holds cases on cuda alone: name a second file"):
        compare_sides_across(sides_of([gpu_run(places=places)]))
    with pytest.raises(RunFileError, match="without a single case"):
        compare_sides_across(sides_of([as_run([synthetic.header()])]))
    sides = sides_of([cpu_run(places=places), gpu_run(places=[{"samples": 77}])])
    assert compare_sides_across(sides) == ()
    assert without_common(sides, ()) == [
        "cpu and cuda have no workload in common: measure the same method, sizes, dtype, precision and seed on both"
    ]


def test_a_device_that_was_skipped_is_named_with_its_reason() -> None:
    records = two_devices.records("both", ["cpu", "cuda"], two_devices.PLACES[:1])
    for record in records:
        if record["record"] == "measurement" and record["device"] == "cuda":
            record |= {"status": "skipped", "reason": "no cuda device here", "samples_s": [], "rounds": []}
    sides = sides_of([as_run(records, "both.jsonl")])
    assert compare_sides_across(sides) == ()
    assert without_common(sides, ()) == ["both.jsonl: nothing was measured on cuda: skipped, no cuda device here"]

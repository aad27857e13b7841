"""What blocks tell of an accelerator: its clocks in words, its sentinel among those that decide; bad files refused."""

from dataclasses import replace
from typing import Any

import pytest
import shown
import synthetic
from made import run_of
from msgspec.structs import replace as altered
from synthetic import Truth

from linregbench.results.compare.refusals import differences
from linregbench.results.formats.load import of_runs
from linregbench.results.report.facts import device_facts
from linregbench.results.runfile import device_states
from linregbench.results.runfile.read import Run, parse_record
from linregbench.results.runfile.records import Block, Environment
from linregbench.results.stats.diagnostics import diagnose
from linregbench.results.stats.noise import details, in_one_line
from linregbench.results.stats.quiet import quiet_rounds, thresholds

SCAN = Truth("jax_scan", "analytic", 5e-4)
STATE = {"clock_mhz": [1410, 1980], "reasons": ["idle"], "held_s": {"power_cap": 0.0}, "temperature_c": 41}


def with_states(run: Run, *states: Any) -> Run:
    padded = (*states, *[{"cuda": STATE}] * (len(run.blocks) - len(states)))
    return replace(run, blocks=tuple(altered(b, device_state=s) for b, s in zip(run.blocks, padded, strict=True)))


def test_a_gpu_that_was_held_down_is_told_with_its_blocks() -> None:
    capped = {"cuda": STATE | {"reasons": ["power_cap"]}}
    hot = {"cuda": STATE | {"reasons": ["idle", "power_cap", "software_thermal"], "clock_mhz": [1200, 1980]}}
    found = diagnose(with_states(run_of("run", SCAN), capped, hot, capped))
    assert found.slowed == (
        "cuda was slowed by its power cap in 3 of 10 blocks",
        "cuda was slowed by its temperature in 1 of 10 blocks",
    )
    assert "noisy" in in_one_line(found)
    assert "cuda was slowed by its power cap in 3 of 10 blocks" in in_one_line(found)
    assert "clock of cuda: 1,200 to 1,980 MHz" in details(found)


def test_a_gpu_that_was_idle_or_set_by_hand_was_not_slowed() -> None:
    found = diagnose(with_states(run_of("run", SCAN), {"cuda": STATE | {"reasons": ["idle", "clocks_set"]}}))
    assert found.slowed == ()
    assert diagnose(run_of("run", SCAN)).device_clocks_mhz == ()


def test_rounds_are_quiet_when_the_sentinel_of_the_gpu_is_quiet_too() -> None:
    run = run_of("run", SCAN)
    rounds = run.blocks[0].rounds
    calm: list[list[float]] = [[2.0e-4, 2.01e-4] for _ in range(rounds)]
    calm[0] = []  # nothing ran on it in this round
    loud = [*calm[:-1], [2.0e-4, 3.0e-4]]
    run = with_states(run, {"cuda": {"sentinel_s": loud}}, {"cuda": {"sentinel_s": calm[: rounds - 2]}})
    limits = thresholds(run.blocks)
    assert limits["cuda"] == pytest.approx(2.0e-4 * 1.08)
    without = [quiet_rounds(altered(block, device_state=None), limits) for block in run.blocks]
    assert without[0][0] == quiet_rounds(run.blocks[0], limits)[0]
    assert not quiet_rounds(run.blocks[0], limits)[-1]
    assert (quiet_rounds(run.blocks[0], limits)[:-1] == without[0][:-1]).all()
    assert (quiet_rounds(run.blocks[1], limits) == without[1]).all()


@pytest.mark.parametrize(
    "state",
    [
        {"cuda": 3},
        {"cuda": {"reasons": "power_cap"}},
        {"cuda": {"reasons": [3]}},
        {"cuda": {"clock_mhz": [1980]}},
        {"cuda": {"clock_mhz": 1980}},
        {"cuda": {"sentinel_s": [1e-4]}},
        {"cuda": {"sentinel_s": [[0.0]]}},
        {"cuda": {"sentinel_s": [[True]]}},
        {"cuda": {"sentinel_s": [[1e-4]] * 4}},
    ],
)
def test_a_state_of_another_shape_is_an_error_that_names_it(state: Any) -> None:
    with pytest.raises(ValueError, match="'device_state' of 'cuda'"):
        parse_record(synthetic.block(device_state=state))


def test_a_state_is_kept_and_older_files_have_none() -> None:
    newer = parse_record(synthetic.block(device_state={"cuda": STATE | {"sentinel_s": [[1e-4, 2e-4], []]}}))
    assert isinstance(newer, Block)
    assert newer.slowest_device_sentinel_s == {"cuda": (2e-4, 0.0, 0.0)}
    older = parse_record(synthetic.block())
    assert isinstance(older, Block)
    assert older.slowest_device_sentinel_s == {}
    assert device_states.slowed([None, {}]) == ()


def test_facts_are_lines_with_their_units() -> None:
    environment = Environment(
        **dict.fromkeys(("environment", "python"), "here"), nursery="cuda, threads 1, float32", device="cuda",
        threads="1", x64=False, packages={}, blas=None, xla_flags=None, device_kind=None, plugins=None,
        facts={
            "cuda": {"driver": "580.65", "memory_bytes": 85_520_809_984, "clocks_mhz": {"sm": 1980, "memory": 2619}},
            "cuda:1": {"power_limit_w": 700.0, "clock_reasons": [], "odd": "not a mapping"},
            "none": "text",
        },
    )  # fmt: skip
    assert device_facts(environment) == [
        "cuda (cuda, threads 1, float32): driver 580.65, memory 79.65 GiB, clocks sm 1,980 MHz memory 2,619 MHz",
        "cuda:1 (cuda, threads 1, float32): power limit 700 W, clock reasons none, odd not a mapping",
    ]
    assert device_facts(altered(environment, facts=None)) == []


def test_a_run_with_cold_caches_says_so_and_is_not_compared_with_a_warm_one() -> None:
    warm = run_of("warm", SCAN)
    chilled = tuple(altered(measurement, cache="cold") for measurement in warm.measurements)
    cold = replace(warm, header=altered(warm.header, run="cold"), measurements=chilled)
    assert "cold caches: a sample is one call" in shown.cases(of_runs(cold), "markdown")
    assert "cold caches" not in shown.cases(of_runs(warm), "markdown")
    assert any("flushing of the caches is off" in each.text for each in differences(warm, cold, ("BASE", "NEW")))

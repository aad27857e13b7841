"""Do machines agree? Made-up ones, of which it is known by how much one is slower."""

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from made import run_of
from synthetic import Truth

from linregbench.results.runfile.records import Block
from linregbench.results.stats.diagnostics import diagnose
from linregbench.results.stats.lockstep import BlockValues
from linregbench.results.stats.nodes import agreement, sentences
from linregbench.results.stats.noise import details

LAYOUT = 0.015
"""Of a nursery, anew in each turn: 1 to 3% were seen (processes.pool.Nurseries)."""


def blocks(
    slower: dict[str, float], *, turns: int = 10, contests: int = 4, seed: int = 0, layout: float = LAYOUT
) -> Iterator[Block]:
    """Blocks of machines that are so much slower, fractions; each turn of each has a layout of its own."""
    random = np.random.default_rng(seed)
    for turn in range(turns):
        for node, fraction in slower.items():
            of_turn = random.normal(0.0, layout)
            for contest in range(contests):
                pairs = 1e-3 * (1 + fraction) * np.exp(of_turn + random.normal(0.0, 0.004, (8, 2)))
                yield Block(
                    block=turn,
                    group=0,
                    problem={"method": "gd", "samples": 100 * (1 + contest), "node": node},
                    threads="1",
                    node=node,
                    sentinel_s=tuple((1e-3,) for _ in range(8)),
                    rounds=8,
                    sentinel_pair_s=tuple(map(tuple, pairs.tolist())),
                )


def named(slower: dict[str, float], **of: int) -> set[str]:
    return {node.name for node in agreement(blocks(slower, **of)) if node.verdict == "differs"}


@pytest.mark.parametrize(("others", "turns"), [(2, 20), (3, 10), (7, 10)])
def test_a_machine_that_is_slower_by_6_percent_is_named_and_no_other(others: int, turns: int) -> None:
    slower = dict.fromkeys(map(str, range(others)), 0.0) | {"slow": 0.06}
    for seed in range(5):
        assert named(slower, seed=seed, turns=turns) == {"slow"}
    (line,) = sentences(agreement(blocks(slower, turns=turns)))
    assert line.startswith("machine slow is ")
    assert line.endswith("% slower than the middle one of its kind")


def test_of_two_the_slower_one_is_told() -> None:
    (line,) = sentences(agreement(blocks({"a": 0.0, "b": 0.08}, turns=20)))
    assert line.startswith("machine b is ")
    assert line.endswith("slower than the other machine")


def test_machines_that_are_alike_agree() -> None:
    assert {node.verdict for node in agreement(blocks(dict.fromkeys("abcd", 0.0), turns=20))} == {"agrees"}


def test_before_three_turns_nothing_is_sure() -> None:
    assert {node.verdict for node in agreement(blocks({"a": 0.0, "b": 0.5, "c": 0.0}, turns=2))} == {"not sure"}


def test_one_machine_has_none_to_agree_with() -> None:
    assert agreement(blocks({"a": 0.0})) == ()
    assert agreement([]) == ()


@pytest.mark.parametrize("node_sd", [0.0, 0.03])
def test_an_interval_over_several_machines_holds_what_others_would_have_shown(node_sd: float) -> None:
    """1,000 cases of 12 blocks on 4 machines: 95 of 100 hold the mean over all machines, whatever those do."""
    random = np.random.default_rng(0)
    nodes = tuple(block % 4 for block in range(12))
    values = random.normal(0.0, node_sd, (1000, 4))[:, nodes] + random.normal(0.0, 0.01, (1000, 12))
    spread = BlockValues(values, ("quiet",) * 1000, tuple(map(str, nodes))).interval
    held = float(np.mean(np.abs(spread.mean) <= spread.half_width))
    assert 0.93 < held < 0.97
    assert set(spread.blocks) == {12}
    blind = BlockValues(values, ("quiet",) * 1000).interval
    assert node_sd == 0.0 or np.mean(np.abs(blind.mean) <= blind.half_width) < 0.7


def test_what_two_machines_differ_by_is_said_to_be_in_no_interval() -> None:
    run = run_of("two", Truth("jax_scan", "analytic", 2e-4), blocks=6)
    assert diagnose(run).on_two == 0
    two = replace(run, blocks=tuple(msgspec.structs.replace(block, node="ab"[block.block % 2]) for block in run.blocks))
    assert "problems on two machines, whose difference is in no interval: 1" in details(diagnose(two))


@pytest.mark.long
def test_of_100_made_up_runs_hardly_one_names_a_machine_that_is_like_the_others() -> None:
    alike = dict.fromkeys("abcd", 0.0)
    assert sum(bool(named(alike, seed=seed)) for seed in range(100)) <= 5
    slow = alike | {"e": 0.06}
    assert sum(named(slow, seed=seed) == {"e"} for seed in range(100)) >= 95

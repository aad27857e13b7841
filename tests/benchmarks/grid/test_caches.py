"""`--cache`: from what is typed to the rows that are sampled hot and cold."""

import random

import pytest
from fakes import FakeClock, FakeProcesses, make_solver

from linregbench.benchmarks.grid.cases import Case, Contest, select
from linregbench.benchmarks.grid.options import RunOptions, UsageError
from linregbench.benchmarks.sampling.block import Entry, Rules, run_block
from linregbench.benchmarks.sampling.pace import Pace
from linregbench.benchmarks.sampling.plan import grid_hash

SOLVERS = [make_solver("numpy_loop"), make_solver("jax_scan")]


def contest_of(*caches: str, sides: tuple[str, ...] = ("here",)) -> Contest:
    options = RunOptions(methods=("gd",), samples=(100,), environments=sides, caches=caches)
    (contest,) = select(options, dict.fromkeys(sides, (SOLVERS, ())))
    return contest


def names(*cases: Case) -> list[str]:
    return [case.name for case in cases]


@pytest.mark.parametrize("asked", [("hot", "cold"), ("cold", "hot")])
def test_of_both_each_case_has_two_rows_and_the_baseline_is_hot(asked: tuple[str, ...]) -> None:
    contest = contest_of(*asked)
    assert names(*contest.baselines) == ["numpy_loop"]
    assert names(*contest.cases) == ["numpy_loop (cold)", "jax_scan", "jax_scan (cold)"]
    assert [case.as_dict().get("cache") for case in contest.cases] == ["cold", None, "cold"]


def test_where_all_are_cold_so_is_the_baseline() -> None:
    contest = contest_of("cold")
    assert names(*contest.baselines, *contest.cases) == ["numpy_loop (cold)", "jax_scan (cold)"]


def test_two_sides_meet_hot_and_cold() -> None:
    pairs = contest_of("hot", "cold", sides=("v1", "here")).pairs
    assert [base.cache for base, _ in pairs] == [new.cache for _, new in pairs] == ["hot", "cold"] * 2


def test_a_grid_of_hot_caches_is_the_one_from_before_there_were_others() -> None:
    assert "cache" not in contest_of("hot").cases[0].as_dict()
    assert len({grid_hash([contest_of(*caches)]) for caches in (("hot",), ("cold",), ("hot", "cold"))}) == 3


def test_both_are_asked_for_a_sample_in_every_round_of_one_block_and_the_cold_one_alone_is_cold() -> None:
    contest = contest_of("hot", "cold")
    entries = [Entry(contest.baselines[0], "baseline"), *map(Entry, contest.cases)]
    processes = FakeProcesses(FakeClock())
    started: list[str | None] = []

    def start(case: Case) -> object:
        started.append(case.as_dict().get("cache"))
        return processes.start(case, {})

    records, closing = run_block(entries, Rules(rounds=6), start, Pace(), random.Random(1), processes.tell)  # type: ignore[arg-type]
    assert sorted(map(str, started)) == ["None", "None", "cold", "cold"]
    assert [record.get("cache") for record in records] == [None, "cold", None, "cold"]
    assert [record["rounds"] for record in records] == [list(range(6))] * 4
    assert len({tuple(order) for order in closing["order"]}) > 1


def test_an_unknown_one_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        RunOptions(caches=("hot", "colt"))
    assert str(refused.value) == "unknown cache 'colt': choose from hot, cold; did you mean cold?"


@pytest.mark.parametrize(("was", "caches"), [({"flush_cache": True}, ("cold",)), ({"flush_cache": False}, ("hot",))])
def test_options_of_a_run_from_before_are_understood(was: dict[str, bool], caches: tuple[str, ...]) -> None:
    options = RunOptions()
    old = {name: value for name, value in options.as_dict().items() if name != "caches"}
    assert RunOptions.from_dict(old | was).caches == caches
    assert RunOptions.of("smoke", {"cache": ["hot", "cold"]}).caches == ("hot", "cold")

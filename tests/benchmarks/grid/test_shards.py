"""Shards of a sweep: each problem is in one of them, and an empty one is refused."""

import pytest
from fakes import make_contest

from linregbench.benchmarks.grid.options import RunOptions, UsageError
from linregbench.benchmarks.run import shard_of

SWEEP = [make_contest("a", samples=n) for n in range(10, 80, 10)]


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_every_problem_is_in_one_shard(of: int) -> None:
    shards = [shard_of(SWEEP, RunOptions(shard=f"{number}/{of}")) for number in range(1, of + 1)]
    assert sorted(contest.title for shard in shards for contest in shard) == sorted(c.title for c in SWEEP)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


def test_a_shard_beyond_the_problems_is_refused_before_it_measures_nothing() -> None:
    with pytest.raises(UsageError, match="has nothing to do: the sweep has 7 problems; make it 7 shards at most"):
        shard_of(SWEEP, RunOptions(shard="8/8"))


def test_a_resumed_run_has_its_shard_from_the_file() -> None:
    assert RunOptions.from_dict(RunOptions(shard="2/3").as_dict()).shard == "2/3"

"""Shards of a sweep read as one: what belongs together, what is missing, what must not be put together."""

import json
from pathlib import Path
from typing import Any

import pytest
import synthetic
from click.testing import CliRunner
from made import BASE
from synthetic import Truth

from linregbench.benchmarks.cli.main import cli
from linregbench.results.formats.load import read
from linregbench.results.runfile.read import RunFileError
from linregbench.results.runfile.sweep import read_runs
from linregbench.results.stats.quiet import of_node, quiet_share, thresholds

SWEEP = "0123456789abcdef"


def shard(
    folder: Path,
    number: int,
    of: int = 3,
    *,
    sweep: str = SWEEP,
    slower: float = 1.0,
    ended: bool = True,
    **header: Any,
) -> Path:
    """The file of one shard: one problem of its own, on a machine that is so many times slower."""
    options = {"shard": f"{number}/{of}"}
    records = [
        synthetic.header(run=f"run-{number}", options=options, sweep=sweep, grid=f"grid-{number}", **header),
        synthetic.environment(node=f"node{number}"),
        *synthetic.blocks_of(
            [
                Truth(t.strategy, t.variant, slower * t.time_s, role=t.role)
                for t in (BASE, Truth("jax_scan", "analytic", 2e-4))
            ],
            of=synthetic.workload(samples=100 * number),
            blocks=3,
            rounds=10,
            quiet_s=1e-4 * slower,
            seed=number,
        ),
    ]
    records += [{"record": "end", "reason": "complete", "wall_s": 2.0, "harness_s": {"sample": 1.0}}] if ended else []
    path = folder / f"part-{number}.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_shards_are_one_run_whose_blocks_tell_their_machine(tmp_path: Path) -> None:
    paths = [shard(tmp_path, number) for number in (1, 2, 3)]
    (run,) = read_runs(tmp_path)
    assert [run] == read_runs(*paths)
    assert {(block.node, block.problem["samples"]) for block in run.blocks} == {
        ("node1", 100),
        ("node2", 200),
        ("node3", 300),
    }
    assert run.end is not None
    assert (run.end.reason, run.end.wall_s, run.end.harness_s) == ("complete", 6.0, {"sample": 3.0})
    assert run.notices == ()
    frame = read(tmp_path).frame
    assert list(frame["samples"]) == [100, 100, 200, 200, 300, 300]
    assert frame["run"].nunique() == 1
    assert list(frame["nodes"]) == ["node1", "node1", "node2", "node2", "node3", "node3"]


def test_a_slow_machine_is_quiet_by_its_own_level(tmp_path: Path) -> None:
    for number, slower in ((1, 1.0), (2, 1.0), (3, 1.5)):
        shard(tmp_path, number, slower=slower)
    (run,) = read_runs(tmp_path)
    limits = thresholds(run.blocks)
    assert limits[of_node("node3", "1")] == pytest.approx(1.5 * limits[of_node("node1", "1")], rel=0.02)
    assert quiet_share([block for block in run.blocks if block.node == "node3"], limits) > 0.9


def test_what_is_missing_is_told_and_what_has_not_ended_has_not(tmp_path: Path) -> None:
    shard(tmp_path, 1, of=4)
    shard(tmp_path, 3, of=4, ended=False)
    (run,) = read_runs(tmp_path)
    assert run.end is None
    assert run.notices == (f"{tmp_path}: 2 shards missing: 2/4, 4/4",)


def test_machines_of_another_kind_are_a_run_of_their_own(tmp_path: Path) -> None:
    shard(tmp_path, 1)
    shard(tmp_path, 2)
    other = {**synthetic.header()["machine"], "cpu": "Another 5000"}
    shard(tmp_path, 3, machine=other)
    first, second = read_runs(tmp_path)
    assert [len({b.node for b in run.blocks}) for run in (first, second)] == [2, 1]
    assert second.header.machine["cpu"] == "Another 5000"
    shown = CliRunner().invoke(cli, ["compare", "--across", str(tmp_path)])
    assert "no " in shown.output  # two machines, and no problem that both had


def test_a_shard_is_there_once_and_a_folder_holds_one_sweep(tmp_path: Path) -> None:
    one = shard(tmp_path, 1)
    again = tmp_path / "again.jsonl"
    again.write_bytes(one.read_bytes())
    with pytest.raises(RunFileError, match=r"is shard 1/3, as .* is; give it once"):
        read_runs(tmp_path)
    again.unlink()
    shard(tmp_path, 2, sweep="f" * 16)
    with pytest.raises(RunFileError, match="are shards of different sweeps: their grids differ"):
        read_runs(tmp_path)
    assert len(read_runs(one, tmp_path / "part-2.jsonl")) == 2


@pytest.mark.parametrize("text", ["0/3", "4/3", "a/b", "3", "1/2/3", "-1/3", "²/3"])
def test_a_shard_is_one_of_so_many(text: str) -> None:
    done = CliRunner().invoke(cli, ["run", "--shard", text, "--dry-run"])
    assert "--shard takes I/N" in done.output or "--shard takes I/N" in str(done.exception)

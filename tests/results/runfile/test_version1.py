"""Run files of version 1: the order in which a round was sampled is drawn again from the seed."""

import gzip
import random
from pathlib import Path

import numpy as np
import synthetic
from made import as_run
from msgspec.structs import replace

from linregbench.results.runfile.read import Run, read_run
from linregbench.results.runfile.records import Header
from linregbench.results.runfile.version1 import tell_order

TAKEN = Path(__file__).with_name("version1.jsonl.gz")
"""Two blocks of an accuracy run that was taken when the format was version 1."""


def _told(looks: list[list[float]], **header: object) -> Run:
    seats = [synthetic.measurement(strategy=name) for name in ("a", "b", "c")]
    run = as_run([synthetic.header(version=1, **header), *seats, synthetic.block(sentinel_s=looks)])
    tell_order(run.header, run.measurements, run.blocks)
    return run


def test_the_order_is_that_of_the_shuffle_and_the_same_every_time() -> None:
    run = _told([[1e-4] * 4] * 3, seed=7)
    block = run.blocks[0]
    drawn = random.Random(f"7 {(sorted(block.problem.items(), key=str), '1')!r} 0 0")
    expected = []
    for _ in range(3):
        drawn.shuffle(order := [0, 1, 2])
        expected.append(tuple(order))
    assert block.order == tuple(expected) == _told([[1e-4] * 4] * 3, seed=7).blocks[0].order
    assert [m.seat for m in run.measurements] == [0, 1, 2]


def test_from_where_a_round_lacks_a_look_the_order_is_not_known() -> None:
    block = _told([[1e-4] * 4, [1e-4] * 3, [1e-4] * 4]).blocks[0]
    assert block.order is not None
    assert [len(order) for order in block.order] == [3, 0, 0]
    assert _told([[1e-4]] * 3).blocks[0].order is None


def test_in_a_run_of_then_the_neighbours_by_that_order_tell_of_a_sample_and_by_another_do_not(tmp_path: Path) -> None:
    """How slow a sample was goes with the looks right around it only where the order is right."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(gzip.decompress(TAKEN.read_bytes()))
    run = read_run(path)
    assert _tells(run) > 0.15
    other = replace(run.header, seed=run.header.seed + 1)
    assert isinstance(other, Header)
    tell_order(other, run.measurements, run.blocks)
    for block in run.blocks:
        block.__dict__.pop("around_s", None)
    assert abs(_tells(run)) < 0.05


def _tells(run: Run) -> float:
    """The correlation, over all samples, of how slow one was in its block with its own looks less its round's mean."""
    blocks = {block.key: block for block in run.blocks}
    slow, loud = [], []
    for measurement in run.measurements:
        block = blocks.get(measurement.block_key)
        around_s = block.around_s.get(-1 if measurement.seat is None else measurement.seat, {}) if block else {}
        middle = np.median(np.log(measurement.samples_s)) if measurement.samples_s else 0.0
        for number, sample_s in zip(measurement.rounds, measurement.samples_s, strict=True):
            if block and number in around_s:
                slow.append(np.log(sample_s) - middle)
                loud.append(np.mean(np.log(around_s[number])) - np.mean(np.log(block.sentinel_s[number])))
    return float(np.corrcoef(slow, loud)[0, 1])

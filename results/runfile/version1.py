"""Run files of version 1, which do not tell in which order a round was sampled: it is drawn again from the seed.

That version sampled a round's cases as `random.Random(f"{seed} {contest} {block} {group}").shuffle` had them, the seats
in the order of the file, and looked at the sentinel before each and after the last. Where a case ended in mid-block the
file does not say which rounds it still had a place in; from there on the order is unknown, and whole rounds are judged.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import force_setattr

from .records import Block, BlockKey, Header, Measurement


def tell_order(header: Header, measurements: Iterable[Measurement], blocks: Iterable[Block]) -> None:
    """Give the measurements their seats and the blocks their order, as far as it can be told."""
    seated: dict[BlockKey, list[Measurement]] = {}
    for measurement in measurements:
        # a skip was told in the records of a block without having had a seat in it
        if measurement.status != "skipped" or measurement.rounds:
            force_setattr(measurement, "seat", len(seated.setdefault(measurement.block_key, [])))
            seated[measurement.block_key].append(measurement)
    for block in blocks:
        force_setattr(block, "order", _order(header.seed, block, seated.get(block.key, [])))


def _order(seed: int, block: Block, seated: Sequence[Measurement]) -> tuple[tuple[int, ...], ...] | None:
    drawn = random.Random(f"{seed} {_contest(block.problem, block.threads)} {block.block} {block.group}")
    rounds: list[tuple[int, ...]] = []
    members = [frozenset(measurement.rounds) for measurement in seated]
    for number, looks_s in enumerate(block.sentinel_s):
        order = [seat for seat, own in enumerate(members) if number in own]
        if len(looks_s) != len(order) + 1:
            break
        drawn.shuffle(order)
        if block.sentinel_pair_s:
            drawn.sample(range(2), 2)  # the order in which a pair of sentinels was asked
        rounds.append(tuple(order))
    return tuple(rounds) + ((),) * (block.rounds - len(rounds)) if rounds else None


def _contest(problem: Mapping[str, object], threads: str) -> str:
    return repr((sorted(problem.items(), key=str), threads))

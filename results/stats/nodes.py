"""Do the machines of one kind agree? By the small work that each of them does anew in every block.

The sentinel that runs beside every sample is one process a machine, and a process is 1 to 3% faster or slower than the
next by its layout alone. The pairs of sentinels in front of the baseline and its twin (`sentinel_pair_s`) are forked
anew in each block, from nurseries that are renewed in each turn of blocks: what they say of a turn is one observation
of a machine, and the turns tell how far such observations scatter.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..runfile.records import Block
from .intervals import FloatArray, benjamini_hochberg, medians, p_value, t_interval

MARGIN = 0.02
"""Machines that differ by less are alike: about what the layout of a process makes."""
LEAST_TURNS = 3


@dataclass(frozen=True)
class Node:
    """One machine beside the middle one of its kind; `slower` is a fraction, below 0 where it is faster.

    verdict     differs: by more than MARGIN, at a false discovery rate of 5% over the machines; agrees: its interval
                lies within MARGIN; else not sure
    """

    name: str
    turns: int
    slower: float
    low: float
    high: float
    verdict: Literal["agrees", "differs", "not sure"]


def agreement(blocks: Iterable[Block]) -> tuple[Node, ...]:
    """Each machine beside the others, in the order of their names; none where there are not two."""
    table, names = _levels(blocks)
    if len(names) < 2:
        return ()
    # of two neither is in the middle: each is set against the other
    middle = table[::-1] if len(names) == 2 else np.broadcast_to(medians(table.T), table.shape)
    apart = table - middle
    interval = t_interval(apart)
    few = np.count_nonzero(~np.isnan(apart), axis=-1) < LEAST_TURNS
    differs = benjamini_hochberg(np.where(few, 1.0, p_value(apart, np.log1p(MARGIN))))
    inside = (np.abs(interval.mean) + interval.half_width < np.log1p(MARGIN)) & ~few
    slower, low, high = (np.expm1(of) for of in (interval.mean, interval.low, interval.high))
    return tuple(
        Node(
            name=name,
            turns=int(np.count_nonzero(~np.isnan(apart[row]))),
            slower=float(slower[row]),
            low=float(low[row]),
            high=float(high[row]),
            verdict="differs" if differs[row] else "agrees" if inside[row] else "not sure",
        )
        for row, name in enumerate(names)
    )


def sentences(nodes: Sequence[Node]) -> list[str]:
    """A line for each machine that differs; of two, for the slower one."""
    apart = [node for node in nodes if node.verdict == "differs" and (len(nodes) > 2 or node.slower > 0)]
    other = "the other machine" if len(nodes) == 2 else "the middle one of its kind"
    return [
        f"machine {node.name} is {abs(node.slower):.1%} {'slower' if node.slower > 0 else 'faster'} than {other}"
        for node in apart
    ]


def _levels(blocks: Iterable[Block]) -> tuple[FloatArray, list[str]]:
    """Log seconds of the sentinel by machine and turn, each thread setting less its own mean; NaN where there is none.

    A turn's value is the mean over its thread settings: the sentinel is pinned in one and not in the other.
    """
    looks: dict[tuple[str, str], dict[tuple[str, int], list[float]]] = defaultdict(lambda: defaultdict(list))
    for block in blocks:
        values = [second for pair in block.sentinel_pair_s or () for second in pair if second > 0]
        if block.node is not None and values:
            looks[block.threads, ""][block.node, block.block] += values
    names = sorted({node for of_threads in looks.values() for node, _ in of_threads})
    turns = sorted({turn for of_threads in looks.values() for _, turn in of_threads})
    tables = []
    for of_threads in looks.values():
        table = np.full((len(names), len(turns)), np.nan)
        for (node, turn), values in of_threads.items():
            table[names.index(node), turns.index(turn)] = np.log(np.median(values))
        tables.append(table - medians(table.ravel()))
    return (_mean(np.array(tables)) if tables else np.empty((0, 0))), names


def _mean(tables: FloatArray) -> FloatArray:
    """Over the first axis, as far as there are values; NaN without any."""
    present = ~np.isnan(tables)
    counts = np.count_nonzero(present, axis=0)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(counts > 0, np.sum(tables, axis=0, where=present) / counts, np.nan))

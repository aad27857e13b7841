"""How far from what the machine can do: operations and bytes in closed form, as shares of the measured peaks.

Operations count a multiplication and an addition as two. Bytes are the least that must move when nothing stays in a
cache between two passes over X. Peaks are those that the run file holds for as many threads as the case had; without
them there are rates, but no shares.

The least that a call can take is the time of the calls that Python makes in it, one after the other, and then of its
arithmetic or of its reading, whichever is the longer: a bound of these very operations on this very machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..fields import CONTEST_KEYS, DATA
from ..words.names import Record
from ..words.text import glance, text_of_time
from .rays import Data, measured, operations_of

CACHE_BYTES = 32 * 2**20
"""Below this X may stay in a last-level cache, so its bytes need not come from memory; where a run file has no size."""

NEAR_BYTES = {"l1": 2**15, "l2": 2**18}
"""Below these X may stay in the first or second level of the cache, whose rate was measured."""

_CALLS = {
    "numpy_loop": ("numpy", True, True),
    "numpy_stacked": ("numpy", True, False),
    "jax_eager": ("jax", True, True),
    "jax_jit_step": ("jax", True, True),
    "jax_scan": ("jax", False, True),
    "jax_vmap": ("jax", False, False),
}
"""By strategy: whom Python calls, whether in each step, and whether for each problem. A plugin's calls nobody knows."""

_CALLS_A_STEP = {"jax_jit_step": 1}
"""Else two, the product with the Gram matrix and the update, or through the data three, as there are two products."""

_ITEM_BYTES = {"float32": 4, "float64": 8}


@dataclass(frozen=True)
class Limit:
    """One case: its rates, and their shares of the peaks where those are known."""

    row: Record
    flops_per_s: float
    bytes_per_s: float  # if all of them came from memory
    cached: bool
    flops_share: float | None
    bandwidth_share: float | None
    least_s: float | None = None  # the bound, where all of its parts are known
    bound: str = ""  # the largest of its parts: calls, reading or arithmetic
    calls: int | None = None  # that Python makes in one call of the case, at the least
    shortest_s: float | None = None  # the least that one of those takes here

    @property
    def times(self) -> float | None:
        """How many times the bound it takes."""
        return self.row["time_s"] / self.least_s if self.least_s else None


FAR = 3.0
"""Times the bound, beyond which something explains it."""
SURELY = 1.3
"""Times as fast, from which on another way of doing the same is an explanation."""

ON_GRAM = ("gram", "gram_unrolled", "powers")
"""The variants of gradient descent that read the data once."""


def flops_of(method: str, variant: str, n: int, d: int, batch: int = 1, steps: int | None = None) -> float | None:
    """Floating-point operations of one call in leading order; None where there is no closed form for it.

    Gradient descent 4nd a step: X w and its transpose; 2d^2 a step on the Gram matrix. That takes 2nd^2, Cholesky
    d^3/3, LU 2d^3/3, economic QR with Q 4(nd^2 - d^3/3) (Golub and Van Loan, Matrix Computations, 2013, sections 4.2,
    3.2, 5.2).
    """
    gram, right_side = 2.0 * n * d**2, 2.0 * n * d
    if method == "gd":
        by_variant = dict.fromkeys(("gram", "gram_unrolled"), gram + right_side + (steps or 0) * 2.0 * d**2)
        by_variant |= dict.fromkeys(("autodiff", "analytic", "columns", "unrolled"), (steps or 0) * 4.0 * n * d)
        return None if steps is None or variant not in by_variant else batch * by_variant[variant]
    if method != "ols":
        return None
    solving = {
        "cholesky": gram + right_side + d**3 / 3,
        "solve": gram + right_side + 2 * d**3 / 3,
        "inverse": gram + right_side + 2.0 * d**3,
        "qr": 4 * (n * d**2 - d**3 / 3) + right_side,
    }
    return batch * solving[variant] if variant in solving else None


def passes_of(method: str, variant: str, steps: int | None) -> int:
    """How often one call reads X: twice a step of gradient descent, once each way; once for X'X, and a closed form."""
    return 1 if method == "ols" or variant in ON_GRAM else 2 * (steps or 1)


def bytes_of(passes: int, n: int, d: int, dtype: str, batch: int = 1) -> float:
    """The least that one call must read in so many passes over X."""
    return float(batch * passes * n * d * _ITEM_BYTES.get(dtype, 4))


def limits(data: Data, all_peaks: Mapping[str, Mapping[str, Mapping[str, float]]]) -> list[Limit]:
    """Every case with a closed form; on the CPU with its shares of the peaks, which are by run and threads."""
    of_cases = []
    for row in measured(data):
        sizes = row["samples"], row["features"]
        flops = flops_of(row["method"], row["variant"], *sizes, row["batch"], row["steps"])
        if flops is None:
            continue
        passes = passes_of(row["method"], row["variant"], row["steps"])
        moved = bytes_of(passes, *sizes, row["dtype"], row["batch"])
        flops_per_s, bytes_per_s = flops / row["time_s"], moved / row["time_s"]
        # another device than the CPU has none here
        peaks = all_peaks.get(row["run"], {}).get(row["threads"], {}) if row["device"] == "cpu" else {}
        resident = bytes_of(1, *sizes, row["dtype"], row["batch"])
        cached = resident <= peaks.get("cache_bytes", CACHE_BYTES)
        near = (level for level, size in NEAR_BYTES.items() if resident <= size)
        place = next(near, "cache" if cached else "memory")
        gemm = peaks.get(f"gemm_{row['dtype']}_flops_per_s")
        parts_s = {
            "calls": _over(python_calls(row), peaks.get(f"{_backend(row)}_calls_per_s")),
            "reading": _over(moved, peaks.get(f"read_{place}_bytes_per_s")),
            "arithmetic": _over(flops, gemm),
        }
        of_cases.append(
            Limit(
                row,
                flops_per_s,
                bytes_per_s,
                cached,
                _over(flops_per_s, gemm),
                _over(bytes_per_s, peaks.get("bandwidth_bytes_per_s")),
                *_bound(parts_s),
                python_calls(row),
                _over(1.0, peaks.get(f"{_backend(row)}_calls_per_s")),
            )
        )
    return of_cases


def reason_of(limit: Limit, of_all: Sequence[Limit]) -> str:
    """What was measured of it that explains a case far from its bound, in words; empty for one near it, or unexplained.

    The same operations by the same strategy written otherwise, the length of its calls, or of the turns of its loop.
    """
    row = limit.row
    if limit.times is None or limit.times < FAR:
        return ""
    alike = (*CONTEST_KEYS, "strategy", "device", "precision", "setting")
    same = [
        other.row
        for other in of_all
        if all(other.row[key] == row[key] for key in alike)
        and operations_of(other.row) == operations_of(row)
        and row["method"] == "gd"
    ]
    best = min(same, key=lambda other: other["time_s"], default=row)
    if row["time_s"] >= SURELY * best["time_s"]:
        how = "X transposed once, and so read along its memory" if best["variant"] == "columns" else best["variant"]
        return f"{glance(row['time_s'] / best['time_s'])} as long as {how}"
    if limit.calls is None or limit.shortest_s is None:
        return ""
    if row["method"] == "ols":
        if limit.bound == "arithmetic" and limit.flops_share is not None:
            return f"products with {row['features']} columns, at {limit.flops_share:.1%} of a square one's rate"
        return f"a closed form counts as one call from Python, of {text_of_time(limit.shortest_s)}: it makes several"
    if limit.calls > 1:
        took_s = row["time_s"] / limit.calls
        if took_s < FAR / 2 * limit.shortest_s:
            return ""
        lasts = f"{text_of_time(took_s)} each, and the shortest takes {text_of_time(limit.shortest_s)}"
        return f"{limit.calls:,} calls from Python, {lasts}"
    turn_s = (row["time_s"] - limit.shortest_s) / (row["steps"] or 1)
    return f"beside the call, {row['steps']:,} turns of {text_of_time(turn_s)}" if row["steps"] else ""


def python_calls(row: Record) -> int | None:
    """How often Python calls into NumPy or JAX in one call of the case, at the least; None for a strategy not known."""
    if row["strategy"] not in _CALLS:
        return None
    _, each_step, each_problem = _CALLS[row["strategy"]]
    problems = row["batch"] if each_problem else 1
    if not each_step or row["method"] != "gd":
        return int(problems)
    a_step = _CALLS_A_STEP.get(row["strategy"], 3 if operations_of(row) == DATA else 2)
    return int(problems * row["steps"] * a_step)


def _backend(row: Record) -> str:
    return _CALLS[row["strategy"]][0] if row["strategy"] in _CALLS else ""


def _bound(parts_s: Mapping[str, float | None]) -> tuple[float | None, str]:
    """The least seconds of these parts, and the largest of them; nothing where one is not known."""
    known = {name: seconds for name, seconds in parts_s.items() if seconds is not None}
    if len(known) < len(parts_s):
        return None, ""
    return known["calls"] + max(known["reading"], known["arithmetic"]), max(known, key=known.__getitem__)


def _over(amount: float | None, rate: float | None) -> float | None:
    return amount / rate if amount is not None and rate else None

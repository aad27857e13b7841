"""How far from what the machine can do: operations and bytes in closed form, as shares of the measured peaks.

Operations count a multiplication and an addition as two. Bytes are the least that must move when nothing stays in a
cache between two passes over X. Peaks are those that the run file holds for as many threads as the case had; without
them there are rates, but no shares.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ..words.names import Record
from .rays import Data, measured

CACHE_BYTES = 32 * 2**20
"""Below this X may stay in a last-level cache, so its bytes need not come from memory; where a run file has no size."""

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


def flops_of(method: str, variant: str, n: int, d: int, batch: int = 1, steps: int | None = None) -> float | None:
    """Floating-point operations of one call in leading order; None where there is no closed form for it.

    Gradient descent 4nd a step: X w and its transpose; 2d^2 a step on the Gram matrix. That takes 2nd^2, Cholesky
    d^3/3, LU 2d^3/3, economic QR with Q 4(nd^2 - d^3/3) (Golub and Van Loan, Matrix Computations, 2013, sections 4.2,
    3.2, 5.2).
    """
    gram, right_side = 2.0 * n * d**2, 2.0 * n * d
    if method == "gd":
        by_variant = {"gram": gram + right_side + (steps or 0) * 2.0 * d**2}
        by_variant |= dict.fromkeys(("autodiff", "analytic", "columns"), (steps or 0) * 4.0 * n * d)
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
    return 1 if method == "ols" or variant in ("gram", "powers") else 2 * (steps or 1)


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
        flops_per_s = flops / row["time_s"]
        bytes_per_s = (
            bytes_of(passes_of(row["method"], row["variant"], row["steps"]), *sizes, row["dtype"], row["batch"])
            / row["time_s"]
        )
        # another device than the CPU has none here
        peaks = all_peaks.get(row["run"], {}).get(row["threads"], {}) if row["device"] == "cpu" else {}
        resident = bytes_of(1, *sizes, row["dtype"], row["batch"])
        of_cases.append(
            Limit(
                row,
                flops_per_s,
                bytes_per_s,
                resident <= peaks.get("cache_bytes", CACHE_BYTES),
                _share(flops_per_s, peaks.get(f"gemm_{row['dtype']}_flops_per_s")),
                _share(bytes_per_s, peaks.get("bandwidth_bytes_per_s")),
            )
        )
    return of_cases


def _share(rate: float, peak: float | None) -> float | None:
    return rate / peak if peak else None

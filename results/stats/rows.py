"""One row of every table: what is known of one case of one run."""

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import median
from typing import Any, TypeVar

from scipy import special

from ..runfile.identity import Case
from ..runfile.kinds import Measurement
from ..runfile.schema import Scalars
from ..words.titles import at_precision
from .findings import withheld
from .intervals import CONFIDENCE
from .ratios import Ratio

PHASES = (
    *("transfer_s", "trace_s", "lower_s", "compile_s", "first_call_s", "warm_up_s"),
    *("dispatch_s", "throughput_s", "transfer_out_s", "device_busy_s", "cpu_over_wall"),
)
_LARGEST: tuple[str, ...] = ("error", "error_limit", "peak_rss_bytes", "rss_growth_bytes", "device_peak_bytes")
_LARGEST += ("temp_bytes", "compiles")
# all of a measurement in one call: a run has a hundred thousand
_phases, _worst = attrgetter(*PHASES), attrgetter(*_LARGEST)
_OF_STEADY_STATE = ("dispatch_s", "throughput_s", "device_busy_s")

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One case of one run: a row of every table. Times are seconds a call; None where there is nothing to say.

    The status is that of the first block that was not ok; a row that is not ok has no times, phases or ratios. A row
    with a finding that makes its time false is ok and has phases, but neither times nor ratios; its reason says why.
    """

    case: Case
    workload: Scalars
    status: str
    reason: str | None
    blocks: int = 0  # those that time_s rests on
    time_s: float | None = None
    time_low_s: float | None = None
    time_high_s: float | None = None
    time_all_s: float | None = None
    time_min_s: float | None = None
    rounds: str | None = None  # "quiet" or "all": those that time_s rests on
    quiet_share: float | None = None
    baseline: str | None = None
    versus_baseline: Ratio | None = None
    winner: str | None = None
    versus_winner: Ratio | None = None
    phases: Mapping[str, float | None]  # median over the blocks, by the names in PHASES
    first_result_s: float | None = None  # transfer to first call, summed block by block
    first_result_low_s: float | None = None
    first_result_high_s: float | None = None
    error: float | None
    error_limit: float | None
    peak_rss_bytes: int | None
    rss_growth_bytes: int | None
    device_peak_bytes: int | None = None
    temp_bytes: int | None = None
    excess_loss: float | None = None
    compiles: int | None
    findings: tuple[str, ...]
    stop_reason: str | None


def label(case: Case) -> str:
    """How a case is named inside its workload: strategy and variant, and a precision other than the highest."""
    return f"{case.strategy} {case.variant}{at_precision(case.precision)}"


def facts_of(case: Case, measurements: Sequence[Measurement], stop_reason: str | None) -> Estimate:
    """All that is not speed; the first block that is not ok retires the case."""
    bad = next((m for m in measurements if m.status != "ok"), None)
    counted = [] if bad else measurements
    findings = tuple(dict.fromkeys(finding for m in measurements for finding in m.findings))
    why = bad.reason if bad else withheld(findings)
    columns = zip(*map(_phases, counted), strict=True) if counted else ((),) * len(PHASES)
    phases = dict(zip(PHASES, map(_middle, columns), strict=True))
    if why:
        phases |= dict.fromkeys(_OF_STEADY_STATE)
    largest: Any = zip(_LARGEST, map(_largest, zip(*map(_worst, measurements), strict=True)), strict=True)
    all_first = [m.first_result_s for m in counted]
    low_s, high_s = _ends([seconds for seconds in all_first if seconds])
    return Estimate(
        case=case,
        workload=measurements[0].workload,
        status=bad.status if bad else "ok",
        reason=why,
        phases=phases,
        first_result_s=_middle(all_first),
        first_result_low_s=low_s,
        first_result_high_s=high_s,
        excess_loss=_largest(m.excess_loss for m in measurements),
        **dict(largest),
        findings=findings,
        stop_reason=stop_reason,
    )


def _ends(seconds: Sequence[float]) -> tuple[float, float] | tuple[None, None]:
    """Of the 95% interval over blocks, in logs, about the median; none below two blocks."""
    if len(seconds) < 2:
        return None, None
    # in plain Python: it is asked of every case, and for five numbers NumPy takes ten times as long
    logs = [math.log(each) for each in seconds]
    centre, freedom = sum(logs) / len(logs), len(logs) - 1
    spread = math.sqrt(sum((each - centre) ** 2 for each in logs) / freedom / len(logs))
    factor = math.exp(min(_quantile(freedom) * spread, 300.0))
    middle = median(seconds)
    return middle / factor, middle * factor


@functools.cache
def _quantile(freedom: int) -> float:
    return float(special.stdtrit(freedom, 0.5 + CONFIDENCE / 2))


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _largest(values: Iterable[_Number | None]) -> _Number | None:
    return max((value for value in values if value is not None), default=None)

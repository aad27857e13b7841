"""What a worker may answer to each question: its fields, their types and ranges. All else is no answer.

A worker runs a person's code, which can send anything.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from linregbench.results.runfile.records import LONGEST_S, SHORTEST_S

from ..worker.wire import Message

MOST = sys.float_info.max
Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=LONGEST_S)]
CallSeconds = Annotated[float, msgspec.Meta(ge=SHORTEST_S, le=LONGEST_S)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
Loops = Annotated[int, msgspec.Meta(ge=1, lt=2**62)]
Bytes = Annotated[int, msgspec.Meta(gt=-(2**62), lt=2**62)]
Finite = Annotated[float, msgspec.Meta(ge=-MOST, le=MOST)]
Error = Annotated[float, msgspec.Meta(ge=0.0, le=MOST)]
Words = Annotated[str, msgspec.Meta(max_length=4000)]
Name = Annotated[str, msgspec.Meta(max_length=100, pattern="^[A-Za-z0-9_ ]+$")]
Phase = Literal["transfer_s", "trace_s", "lower_s", "compile_s", "first_call_s", "warm_up_s"]
Ending = Literal["skipped", "wrong", "failed", "timeout", "crashed", "out_of_memory", "not_converged"]

ROUNDING = 1.01, 1e-3
"""How far a time may lie above what this side saw pass: so many times, and so many seconds."""


class _Answer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One answer; a field that it does not have is a lie too."""


class _Ended(_Answer):
    status: Ending
    reason: Words


class _Prepared(_Answer):
    ready: Literal[True]
    phases: dict[Phase, Seconds]
    loops: Loops
    call_s: CallSeconds
    sentinel_s: list[CallSeconds]
    spent: dict[Name, Seconds]


class _Sampled(_Answer):
    call_s: CallSeconds
    cpu_over_wall: Finite
    wait_s: Seconds | None
    switches: Count
    around_s: tuple[CallSeconds, CallSeconds] | None


class _Finished(_Answer):
    status: Ending | Literal["ok"]
    reason: Words | None
    error: Error | None
    error_limit: Error
    steps_taken: Bytes | None
    findings: list[Name]
    spent: dict[Name, Seconds]
    cpu_over_wall: Finite | None
    own_thread_share: Finite | None
    compiles: Count
    involuntary_switches: Count
    peak_rss_bytes: Bytes
    rss_growth_bytes: Bytes | None
    device_peak_bytes: Count | None
    temp_bytes: Bytes | None
    excess_loss: Finite | None
    dispatch_s: Seconds | None = None
    transfer_out_s: Seconds | None = None
    throughput_s: Seconds | None = None
    device_busy_s: Seconds | None = None
    device_kernels: Error | None = None
    guards_left_out: list[Name] | None = None


class _Probed(_Answer):
    call_s: Seconds


class _Looked(_Answer):
    call_s: CallSeconds


class _Loaded(_Answer):
    solvers: list[dict[str, Any]]
    strays: list[str]
    sources: list[str]


class _Found(_Answer):
    kind: Words


class _Counted(_Answer):
    count: Count


class _Told(_Answer):
    facts: dict[str, Any]


class _Versions(_Answer):
    versions: dict[str, Words]


class _Peaks(_Answer):
    peaks: dict[Name, Finite]


class _State(_Answer):
    state: dict[str, Any]


_BY_QUESTION: Mapping[str, type[_Answer]] = {
    "prepare": _Prepared,
    "sample": _Sampled,
    "finish": _Finished,
    "probe": _Probed,
    "look": _Looked,
    "state": _State,
    "solvers": _Loaded,
    "device": _Found,
    "count": _Counted,
    "facts": _Told,
    "versions": _Versions,
    "peaks": _Peaks,
}


def checked(question: str, answer: object) -> Message:
    """The answer as it is. Raises ValueError, naming what is wrong, for what is no answer to this question."""
    if not isinstance(answer, dict):
        raise ValueError(f"no object, but {type(answer).__name__}")
    kind = _Ended if is_ending(answer) else _BY_QUESTION[question]
    try:
        msgspec.convert(answer, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    if isinstance(reason := answer.get("reason"), str):
        answer["reason"] = reason.encode("utf-8", "replace").decode()  # a lone surrogate fails every print
    return answer


def is_ending(answer: Message) -> bool:
    """Whether it tells how its case ended instead of what was asked; a judgement has a limit of the error as well."""
    return "status" in answer and "error_limit" not in answer


def check_time(told_s: float, passed_s: float) -> None:
    """Raise ValueError where calls are said to have taken longer than the wait for their answer."""
    factor, seconds = ROUNDING
    if told_s > factor * passed_s + seconds:
        raise ValueError(f"calls of {told_s:.3g} s, and it came after {passed_s:.3g} s")

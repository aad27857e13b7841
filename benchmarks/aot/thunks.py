"""What a compiled module executes, from the list of thunks that XLA writes when it is asked to dump.

It shows what the HLO does not: copies that are made for a library call, and what is submitted together as one CUDA
graph (a command buffer). It does not tell how often a loop runs; the HLO does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from .work import Loop, Work, merged

_THUNK = re.compile(r"\d+: (k\w+)\s+\[")
_CONTAINERS = {"kSequential", "kCommandBuffer", "kWhile", "kConditional"}
_COPY = re.compile(r"k(Copy|DeviceToDeviceCopy|HostToDeviceCopy|DeviceToHostCopy|Mem)")
_LIBRARY = re.compile(r"k(CustomCall|TriangularSolve|Cholesky|Gemm|CublasLt|Cu[Dd]nn|Convolution|Norm|Fft)")


def from_thunks(text: str, known: Work) -> Work:
    """The work of a dumped thunk sequence, with the trips of `known`, the same module's HLO, which it does not tell."""
    whole = _Open("kSequential", -1)
    stack = [whole]
    for line in text.splitlines():
        if line.strip() == "condition:":
            continue  # it belongs to the loop on top of the stack
        if line.strip() == "body:":
            while stack[-1].kind != "kWhile" or stack[-1].condition is not None:
                _close(stack)
            loop = stack[-1]
            loop.condition, loop.works = merged(loop.works), []
            continue
        for match in _THUNK.finditer(line):
            while stack[-1].column >= match.start():
                _close(stack)
            _add(stack, match[1], match.start())
    while len(stack) > 1:
        _close(stack)
    return _with_trips(merged(whole.works), known)


@dataclass
class _Open:
    """A thunk that may hold others, while its text is being read."""

    kind: str
    column: int
    works: list[Work] = field(default_factory=list)
    condition: Work | None = None


def _add(stack: list[_Open], kind: str, column: int) -> None:
    if kind in _CONTAINERS:
        stack.append(_Open(kind, column))
        return
    if _COPY.match(kind):
        stack[-1].works.append(Work(copies=1, submitted=1))
    elif _LIBRARY.match(kind):
        stack[-1].works.append(Work(libraries=1, submitted=1))
    else:
        stack[-1].works.append(Work(kernels=1, submitted=1))


def _close(stack: list[_Open]) -> None:
    """Give what the innermost thunk holds to the one that holds it."""
    closed = stack.pop()
    work = merged(closed.works)
    if closed.kind == "kWhile":
        work = Work(loops=(Loop(closed.condition or Work(), work, None),))
    elif closed.kind == "kCommandBuffer":
        work = replace(work, submitted=1)
    stack[-1].works.append(work)


def _with_trips(work: Work, known: Work) -> Work:
    """The loops in order, which is the same in both texts. Raises ValueError where they are not as many."""
    if len(work.loops) != len(known.loops):
        raise ValueError(f"the thunks have {len(work.loops)} loops, and the HLO has {len(known.loops)}")
    loops = [
        Loop(_with_trips(a.condition, b.condition), _with_trips(a.body, b.body), b.trips)
        for a, b in zip(work.loops, known.loops, strict=True)
    ]
    return replace(work, loops=tuple(loops))

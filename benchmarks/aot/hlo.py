"""What a compiled module launches, from its optimised HLO: text in and numbers out, without JAX.

`compiled.as_text()` has an instruction for each kernel, library call and copy, the computations that loops run, and
how often they run where that is known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from .work import Loop, Work, merged

# what costs nothing at run time: a name, or another view of memory that is there already
_FREE = {
    *("parameter", "constant", "tuple", "get-tuple-element", "bitcast", "after-all", "opt-barrier", "add-dependency"),
    *("partition-id", "replica-id", "domain", "copy-done", "async-done", "async-update"),
}
_COPIES = {"copy", "copy-start"}
_CALLED = re.compile(r"\b(?:to_apply|calls|called_computations|branch_computations)=\{?(%[^,}\s]+(?:, %[^,}\s]+)*)")
_HEADER = re.compile(r"^(ENTRY )?%?([\w.$-]+) \(.*\) -> .*\{$")
_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%?[\w.$-]+ = (?:\((?:[^()]|\([^()]*\))*\)|\S+) ([a-z][\w-]*)\(")
_TARGET = re.compile(r'custom_call_target="([^"]+)"')
_TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"\}')
_PRODUCT = re.compile(r'= \(?f32\[.*custom_call_target="__cublas\$(?:lt\$matmul|gemm)"')
_NAMES = {
    "__cublas$triangularSolve": "trsm",
    "__cublas$lt$matmul": "gemm",
    "cu_lu_pivots_to_permutation": "pivots",
}
_OPERAND_PRECISION = re.compile(r'"operand_precision":\["(\w+)"')


def from_hlo(text: str) -> Work:
    """The work of an optimised, scheduled module. Raises ValueError where it has no entry computation."""
    computations, entry = _computations(text)
    if entry is None:
        raise ValueError("this is no HLO module: it has no ENTRY computation")
    return _work(entry, computations)


def library_calls(text: str) -> dict[str, int]:
    """How often each library function stands in the module, by its name without what is the same for all."""
    return dict(sorted(Counter(_short(name) for name in _TARGET.findall(text)).items()))


def products_in_tf32(text: str) -> bool:
    """Whether a cuBLAS product of float32 may use TF32; of XLA's own kernels the PTX tells (`ptx_in_tf32`)."""
    precisions = [_OPERAND_PRECISION.search(line) for line in text.splitlines() if _PRODUCT.search(line)]
    return any(precision is None or precision[1] == "DEFAULT" for precision in precisions)


def ptx_in_tf32(ptx: str) -> bool:
    """Whether a kernel multiplies in TF32: its matrix instructions name the type."""
    return ".tf32" in ptx


def _computations(text: str) -> tuple[Mapping[str, list[str]], str | None]:
    """Instructions by computation, and the name of the entry."""
    computations: dict[str, list[str]] = {}
    entry = current = None
    for line in text.splitlines():
        if header := _HEADER.match(line):
            current = header[2]
            computations[current] = []
            entry = current if header[1] else entry
        elif line.startswith("}"):
            current = None
        elif current is not None:
            computations[current].append(line)
    return computations, entry


def _work(name: str, computations: Mapping[str, list[str]]) -> Work:
    return merged(_instruction(line, computations) for line in computations.get(name, ()))


def _instruction(line: str, computations: Mapping[str, list[str]]) -> Work:
    match = _INSTRUCTION.match(line)
    if match is None or match[1] in _FREE:
        return Work()
    operation = match[1]
    if operation == "while":
        named = {part: re.search(rf"\b{part}=%?([\w.$-]+)", line) for part in ("condition", "body")}
        condition, body = (_work(at[1], computations) if at else Work() for at in named.values())
        trips = _TRIPS.search(line)
        return Work(loops=(Loop(condition, body, int(trips[1]) if trips else None),))
    if operation in ("call", "conditional", "async-start"):
        called = _CALLED.search(line)
        branches = called[1].split(",") if called else []
        works = (_work(name.strip().lstrip("%"), computations) for name in branches)
        # of several branches the longest: which one runs is not known
        return max(works, key=lambda work: work.launches, default=Work())
    if operation in _COPIES:
        return Work(copies=1, submitted=1)
    if operation == "custom-call":
        return Work(libraries=1, submitted=1)
    return Work(kernels=1, submitted=1)


def _short(name: str) -> str:
    """`cusolver_geqrf_ffi` is geqrf, `__cublas$triangularSolve` is trsm: as cuSOLVER and cuBLAS call them."""
    return _NAMES.get(name) or re.sub(r"^(cusolver_|__cublas\$)|_ffi$", "", name)

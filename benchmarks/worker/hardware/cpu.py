"""What the processor is, as the kernel tells it to who asks: caches, instruction sets, settings, BLAS pools.

Asked of a worker, since affinity and the sizes of its pools are the worker's own. What cannot be read is left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CPU = Path("/sys/devices/system/cpu")
_CPUINFO = Path("/proc/cpuinfo")

VECTOR_SETS = (
    *("sse4_2", "avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512_bf16", "avx512_vnni", "amx_tile", "amx_bf16"),
    *("asimd", "sve", "sve2", "bf16", "sme"),
)
"""Instruction sets that decide how fast a matrix product is, by the kernel's names; asimd is Arm's NEON."""

_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


def processor_facts() -> dict[str, Any]:
    """By name; caches in bytes, of one core's view (L3 is shared by whoever is behind it)."""
    facts: dict[str, Any] = {
        "affinity": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "caches_bytes": caches_bytes() or None,
        "instruction_sets": instruction_sets() or None,
        "governor": kernel_text(_CPU / "cpu0/cpufreq/scaling_governor"),
        "smt": {"1": "on", "0": "off"}.get(kernel_text(_CPU / "smt/active") or ""),
        "pools": pools() or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def caches_bytes() -> dict[str, int]:
    """The caches of core 0 for data, L1d, L2, L3, in bytes; empty where the system does not tell."""
    caches = {}
    for place in sorted((_CPU / "cpu0/cache").glob("index*")):
        level, kind, size = (kernel_text(place / name) for name in ("level", "type", "size"))
        if level is None or kind not in ("Data", "Unified") or not size or not size[:-1].isdigit():
            continue
        caches["L1d" if level == "1" else f"L{level}"] = int(size[:-1]) * _UNITS.get(size[-1], 1)
    return caches


def instruction_sets() -> list[str]:
    """Those of VECTOR_SETS that the processor has."""
    for line in (kernel_text(_CPUINFO) or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            flags = set(value.split())
            return [vectors for vectors in VECTOR_SETS if vectors in flags]
    return []


def pools() -> list[Mapping[str, Any]]:
    """The thread pools of the libraries that this process has loaded: library, version, threads.

    Empty where threadpoolctl is not installed: the other interpreter of `versus` need not have it.
    """
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    names = {"internal_api": "library", "version": "version", "num_threads": "threads"}
    return [{ours: pool.get(theirs) for theirs, ours in names.items()} for pool in threadpool_info()]


def kernel_text(path: Path) -> str | None:
    """What a file of the kernel's holds; None where there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None

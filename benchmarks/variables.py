"""Which of the environment variables of this process reach what is measured, by a rule: never in silence.

A shell, a notebook or a cluster's scheduler leaves variables behind that change times: `MALLOC_TRIM_THRESHOLD_`, which
a dask nanny exports, makes NumPy map and fault its temporaries anew at every call. What only changes times is dropped;
what a program may need in order to run at all is kept (XLA_FLAGS may say where CUDA lies, LD_PRELOAD a library without
which nothing starts). The environment record of a run file has both.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Container, Iterator, Mapping
from fnmatch import fnmatchcase

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What `--threads` sets."""

DROPPED = (
    # of the allocator: glibc's, jemalloc's and Python's own
    *("MALLOC_*", "GLIBC_TUNABLES", "PYTHONMALLOC*"),
    # of pools of threads: how many, where, and whether they spin
    *(*THREADS, "*_NUM_THREADS", "OMP_*", "GOMP_*", "KMP_*", "OPENBLAS_*", "MKL_*", "BLIS_*"),
    # what the harness sets itself, the same in every run
    *("PYTHONHASHSEED", "XLA_PYTHON_CLIENT_PREALLOCATE"),
    # of JAX: its platform, precision and dtypes are ours to set; a compile that was read from disk is no compile; and
    # with a check for NaN, no jit or a guard of transfers it does other work
    "JAX_*",
    # of other compilers: none at all
    *("NUMBA_DISABLE_JIT", "PYTORCH_JIT", "TORCHDYNAMO_DISABLE", "TORCH_COMPILE_DISABLE"),
    # what an interpreter or a driver does beside the work, to be debugged or watched
    *("PYTHONDEVMODE", "PYTHONTRACEMALLOC", "PYTHONPROFILEIMPORTTIME", "PYTHONOPTIMIZE", "PYTHON_JIT", "LD_DEBUG"),
    *("COVERAGE_PROCESS_*", "CUDA_LAUNCH_BLOCKING", "NVIDIA_TF32_OVERRIDE"),
)
"""Patterns of names: what only changes times, or the work itself."""

HARMLESS = ("KMP_DUPLICATE_LIB_OK", "JAX_TRACEBACK_FILTERING")
"""What other packages set in passing, or people, and changes no time."""

KEPT = (
    *("XLA_FLAGS", "LIBTPU_INIT_ARGS", "LD_PRELOAD"),
    *("JAX_CUDA_VISIBLE_DEVICES", "JAX_ROCM_VISIBLE_DEVICES", "JAX_SKIP_CUDA_CONSTRAINTS_CHECK"),
    *("XLA_PYTHON_CLIENT_*", "XLA_CLIENT_*", "TF_GPU_ALLOCATOR", "PYTORCH_*ALLOC_CONF"),
    *("CUDA_MODULE_LOADING", "CUDA_DEVICE_MAX_CONNECTIONS", "NPY_*", "NUMBA_*"),
)
"""Patterns too: what changes times as well, and may be needed to run at all. Two runs that differ in it are not
compared."""

_PATHS = ("LD_PRELOAD", "*_DIR", "*_PATH", "*_FILE", "COVERAGE_PROCESS_*")
"""Of these, by pattern, the record has the names of files alone: it holds no path of anybody's disk."""


def inherited(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a measuring process gets of these variables, of this process where none are given."""
    given = os.environ if environ is None else environ
    return {name: value for name, value in given.items() if not _is_dropped(name)}


def dropped(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What it does not get, for the record."""
    given = os.environ if environ is None else environ
    return {name: _told(name, given[name]) for name in sorted(given) if _is_dropped(name)}


def kept(environ: Mapping[str, str] | None = None, replaced: Container[str] = ()) -> dict[str, str]:
    """What it gets though it may change times, for the record; `replaced` are set anew for it."""
    given = os.environ if environ is None else environ
    names = [name for name in sorted(given) if _is_kept(name) and not _is_dropped(name) and name not in replaced]
    return {name: _told(name, given[name]) for name in names if given[name]}


def setting_of(values: Mapping[str, str]) -> str:
    """The text of a setting, `NAME=VALUE` parts as a shell takes them: in run files, and read by `of_setting`."""
    return shlex.join(f"{name}={value}" for name, value in values.items())


def of_setting(setting: str) -> dict[str, str]:
    """What `setting_of` was given; an empty value takes the variable out of the environment."""
    parts = (part.partition("=") for part in shlex.split(setting))
    return {name: value for name, _, value in parts}


def notice(environ: Mapping[str, str] | None = None, replaced: Container[str] = ()) -> str | None:
    """One line on what was dropped and what was kept; None where there was neither."""
    parts = list(_parts(dropped(environ), kept(environ, replaced)))
    return f"of the environment, {'; '.join(parts)}" if parts else None


def _parts(without: Mapping[str, str], with_: Mapping[str, str]) -> Iterator[str]:
    if without:
        yield f"not passed on to what is measured: {_listed(without)}"
    if with_:
        yield f"passed on though it may change times: {_listed(with_)}"


def _listed(variables: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in variables.items())


def _is_dropped(name: str) -> bool:
    spared = name in HARMLESS or name in KEPT
    return not spared and any(fnmatchcase(name, pattern) for pattern in DROPPED)


def _is_kept(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in KEPT)


def _told(name: str, value: str) -> str:
    if any(fnmatchcase(name, pattern) for pattern in _PATHS):
        return ":".join(os.path.basename(part) for part in value.replace(":", " ").split())
    return value

"""Fails, saying which it sees, where a variable reaches it that changes times: those of a dask nanny, and more."""

import os

VARIABLES = (
    *("GLIBC_TUNABLES", "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "OMP_NUM_THREADS", "GOMP_SPINCOUNT"),
    *("OPENBLAS_CORETYPE", "XLA_FLAGS"),
)
SEEN = " ".join(f"{name}={os.environ[name]}" for name in VARIABLES if name in os.environ)

if SEEN:
    raise RuntimeError(f"saw {SEEN}")

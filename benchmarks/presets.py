"""The presets: named sweeps over sizes. A size is one line here: a `Size` in a preset's `sizes`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MISSION = ("numpy_loop", "numpy_stacked", "jax_eager", "jax_scan", "jax_vmap")


@dataclass(frozen=True)
class Size:
    """How large: samples n, features d (the intercept counted), batch b, and for gd the steps."""

    samples: int
    features: int = 2
    batch: int = 1
    steps: int = 100


@dataclass(frozen=True)
class Preset:
    """A named sweep.

    strategies          None: every one there is
    all_variants_at     the sizes at which every variant competes; elsewhere the plain one of each strategy
    blocks              fewest and most; between them until the ratios are precise
    timeout_s           for a case in a block; a call predicted over call_limit_s is a skip
    long_call_s         calls longer than this are sampled long_samples times a block, uncalibrated
    """

    name: str
    about: str
    methods: tuple[str, ...]
    sizes: tuple[Size, ...]
    strategies: tuple[str, ...] | None
    all_variants_at: tuple[Size, ...]
    dtypes: tuple[str, ...]
    conditions: tuple[float | None, ...]
    threads: tuple[str, ...]
    blocks: tuple[int, int]
    budget_s: float
    timeout_s: float
    call_limit_s: float
    long_call_s: float
    long_samples: int


def _unique(sizes: Iterable[Size]) -> tuple[Size, ...]:
    return tuple(dict.fromkeys(sizes))


_QUICK_SIZES = (
    Size(100),
    Size(1_000),
    Size(10_000),
    Size(100_000),
    Size(100, batch=32),
    Size(100, batch=1_024),
)
_RAYS = (
    *(Size(n) for n in (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)),
    *(Size(1_000, d) for d in (16, 128)),
    *(Size(100, batch=b) for b in (8, 32, 128, 1_024)),
    *(Size(1_000, steps=s) for s in (10, 1_000)),
)
_GRID = tuple(Size(n, d, b) for n in (100, 1_000, 10_000) for d in (2, 16, 128) for b in (1, 32, 256))


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="quick",
            about="5 blocks, one thread, float32: about 4 minutes",
            methods=("gd", "ols"),
            sizes=_QUICK_SIZES,
            strategies=MISSION,
            all_variants_at=(),
            dtypes=("float32",),
            conditions=(None,),
            threads=("1",),
            blocks=(5, 5),
            budget_s=600.0,
            timeout_s=20.0,
            call_limit_s=2.0,
            long_call_s=0.1,
            long_samples=3,
        ),
        Preset(
            name="standard",
            about="10 to 30 blocks, one thread and all, rays and a grid over n, d, batch, steps: up to 30 minutes",
            methods=("gd", "ols", "gd_tol"),
            sizes=_unique((*_RAYS, *_GRID)),
            strategies=None,
            all_variants_at=(Size(1_000), Size(1_000, 16), Size(100, batch=32)),
            dtypes=("float32",),
            conditions=(None,),
            threads=("1", "all"),
            blocks=(10, 30),
            budget_s=1800.0,
            timeout_s=60.0,
            call_limit_s=4.0,
            long_call_s=2.0,
            long_samples=1,
        ),
        Preset(
            name="full",
            about="10 to 30 blocks, n to 1,000,000, batch to 65,536, both dtypes, three condition numbers: hours",
            methods=("gd", "ols", "gd_tol"),
            sizes=_unique(
                (*_RAYS, *_GRID, Size(1_000_000), Size(1_000_000, 16), Size(100, batch=8_192), Size(100, batch=65_536))
            ),
            strategies=None,
            all_variants_at=_unique((*_RAYS, *_GRID)),
            dtypes=("float32", "float64"),
            conditions=(None, 10.0, 1_000.0),
            threads=("1", "all"),
            blocks=(10, 30),
            budget_s=12 * 3600.0,
            timeout_s=120.0,
            call_limit_s=10.0,
            long_call_s=2.0,
            long_samples=1,
        ),
    )
}

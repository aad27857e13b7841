"""The presets: named sweeps over sizes. Every size is a `Size` in one of the tuples below."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """How large: samples n, features d (the intercept counted), batch b, and for gd the steps."""

    samples: int
    features: int = 2
    batch: int = 1
    steps: int = 100


@dataclass(frozen=True)
class Sweep:
    """A product of sizes and solvers.

    strategies      None: every one there is but those of libraries
    every_variant   else those alone that may be the fastest of their strategy (cases.CONTENDERS)
    variants        these and no others
    """

    methods: tuple[str, ...]
    sizes: tuple[Size, ...]
    strategies: tuple[str, ...] | None
    every_variant: bool = False
    threads: tuple[str, ...] = ("1",)
    dtypes: tuple[str, ...] = ("float32",)
    conditions: tuple[float | None, ...] = (None,)
    precisions: tuple[str, ...] = ("highest",)
    variants: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Preset:
    """Sweeps, and how much is measured of each; what a short preset measures where it says nothing else.

    blocks              fewest and most; between them until the ratios are precise
    timeout_s           for the calls of a case in a block; one predicted over call_limit_s is a skip, or over a third
                        of timeout_s where a person named its size
    long_call_s         calls longer than this are sampled long_samples times a block, uncalibrated
    target_s            how long a sample lasts; sampling_s, how long a case samples a block at most
    """

    name: str
    about: str
    sweeps: tuple[Sweep, ...]
    blocks: tuple[int, int] = (5, 5)
    budget_s: float = 600.0
    timeout_s: float = 30.0
    call_limit_s: float = 2.0
    long_call_s: float = 0.1
    long_samples: int = 3
    target_s: float = 0.0012
    sampling_s: float = 1.0


MISSION = ("numpy_loop", "numpy_stacked", "jax_eager", "jax_scan", "jax_vmap")
MAIN = ("numpy_loop", "numpy_stacked", "jax_scan", "jax_vmap")
ALONE = ("numpy_loop", "jax_eager", "jax_scan")
"""For one problem: a batch of one is the loop's or the scan's own work, at the price of one axis more."""

ALONG_SAMPLES = tuple(Size(n) for n in (100, 1_000, 10_000, 100_000))
ALONG_BATCH = tuple(Size(100, batch=b) for b in (32, 1_024))
ALONG_FEATURES = tuple(Size(1_000, d) for d in (16, 128))
RAYS = (*ALONG_SAMPLES, *ALONG_FEATURES, *ALONG_BATCH)
LARGE_SAMPLES = tuple(Size(n) for n in (1_000, 100_000, 1_000_000, 10_000_000))
MANY_BATCHES = tuple(Size(100, batch=b) for b in (1_024, 16_384))
STEPS = tuple(Size(1_000, steps=steps) for steps in (10, 1_000))
WIDTHS = tuple(Size(n, d) for n in (100, 1_000, 10_000) for d in (16, 128))
BATCHES = (
    *(Size(n, batch=b) for n in (100, 1_000, 10_000) for b in (16, 64)),
    *(Size(n, 16, 16) for n in (100, 1_000)),
    Size(100, 16, 64),
)
"""With WIDTHS two planes, samples by features and by batch, and a corner off both: the whole cube takes 70 minutes."""
THREADED = (Size(100_000), Size(1_000, 128), Size(100, batch=1_024))
"""Where a second thread has something to do."""
GRID = tuple(Size(n, d, b) for n in (100, 1_000, 10_000) for d in (2, 16, 128) for b in (1, 16, 128))
LARGE = (Size(1_000_000), Size(1_000_000, 16), Size(100, batch=8_192), Size(100, batch=65_536))
BOTH = ("numpy_loop", "jax_scan")
DTYPES = ("float32", "float64")
LIBRARIES = ("numba", "scipy", "sklearn", "statsmodels", "optax", "lineax", "torch", "cupy")
CLOSED_OF_LIBRARIES = ("gelsd", "posv", "lsqr", "fit", "pinv", "qr", "normal_cg", "lstsq", "solve")
"""One of each kind; the others (gelsy, lsmr, svd) by --variant."""
BESIDE_LIBRARIES = (*ALONG_SAMPLES, Size(10_000, 16), Size(100_000, 100))
MANY_PROBLEMS = Size(100, batch=1_024)
LADDERS = {
    3.0: (1, 10, 100, 300, 1_000),
    30.0: (1, 10, 100, 1_000, 3_000, 8_000),
    1_000.0: (1, 10, 100, 1_000),
}
"""By condition number, the steps of a descent on the way to its optimum: all of it, most of it, its beginning."""

PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="smoke",
            about="2 blocks of four problems, no intervals, guesses alone: half a minute",
            sweeps=(
                Sweep(("gd",), (Size(100), Size(100_000)), ALONE),
                Sweep(("gd",), (Size(100, batch=32),), MISSION),
                Sweep(("ols",), (Size(1_000),), ALONE),
            ),
            blocks=(2, 2),
            budget_s=90.0,
            sampling_s=0.1,
        ),
        Preset(
            name="quick",
            about="5 blocks, one thread, float32: about 3 and a half minutes",
            sweeps=(Sweep(("gd", "ols"), ALONG_SAMPLES, ALONE), Sweep(("gd", "ols"), ALONG_BATCH, MISSION)),
            sampling_s=0.3,
        ),
        Preset(
            name="standard",
            about="10 to 30 blocks, or what 30 minutes hold; one thread and all, rays and maps over n, d, batch, steps",
            sweeps=(
                Sweep(("gd", "ols"), (*ALONG_SAMPLES, *ALONG_FEATURES), ALONE),
                Sweep(("gd", "ols"), (Size(100), *ALONG_BATCH), MISSION),
                Sweep(("gd", "ols"), THREADED, MAIN, threads=("all",)),
                Sweep(("gd",), STEPS, ALONE),
                Sweep(("gd", "ols"), BATCHES, MAIN),
                Sweep(("gd", "ols"), WIDTHS, BOTH),
                Sweep(("gd", "ols", "gd_tol"), (Size(1_000),), None, every_variant=True),
            ),
            blocks=(10, 30),
            budget_s=1800.0,
            timeout_s=60.0,
            call_limit_s=1.0,
            long_call_s=0.5,
            long_samples=1,
            sampling_s=0.3,
        ),
        Preset(
            name="full",
            about="10 to 30 blocks, n to 1,000,000, batch to 65,536, both dtypes, three condition numbers: hours",
            sweeps=(
                Sweep(
                    ("gd", "ols", "gd_tol"),
                    (*RAYS, *LARGE),
                    None,
                    every_variant=True,
                    threads=("1", "all"),
                    dtypes=DTYPES,
                    conditions=(None, 10.0, 1_000.0),
                ),
                Sweep(("gd",), STEPS, None, every_variant=True, dtypes=DTYPES),
                Sweep(("gd", "ols"), GRID, None, dtypes=DTYPES),
            ),
            blocks=(10, 30),
            budget_s=12 * 3600.0,
            timeout_s=120.0,
            call_limit_s=10.0,
            long_call_s=2.0,
            long_samples=1,
            sampling_s=2.0,
        ),
        Preset(
            name="accuracy",
            about="5 blocks, one thread, both dtypes, descents of 1 to 10,000 steps on three condition numbers, and "
            "every closed form: about 4 minutes",
            sweeps=(
                *(
                    Sweep(
                        ("gd",),
                        tuple(Size(1_000, 16, steps=count) for count in steps),
                        BOTH,
                        dtypes=DTYPES,
                        conditions=(condition,),
                    )
                    for condition, steps in LADDERS.items()
                ),
                Sweep(("ols",), (Size(1_000, 16),), BOTH, every_variant=True, dtypes=DTYPES, conditions=(*LADDERS,)),
            ),
            long_call_s=0.05,
            sampling_s=0.5,
        ),
        Preset(
            name="devices",
            about="3 to 5 blocks, or what 8 minutes hold; n to 10,000,000, d to 1,024, batch to 16,384, for --device "
            "cuda,cpu: where a GPU may pay",
            sweeps=(
                Sweep(("gd",), (*LARGE_SAMPLES, Size(10_000, 1_024)), BOTH),
                Sweep(("gd",), MANY_BATCHES, ("numpy_stacked", "jax_vmap")),
                Sweep(("ols",), (Size(1_000), Size(1_000_000), Size(10_000, 128)), BOTH),
            ),
            blocks=(3, 5),
            budget_s=480.0,
            call_limit_s=1.0,
            long_samples=1,
            sampling_s=0.3,
        ),
        Preset(
            name="libraries",
            about="3 to 5 blocks, or what 10 minutes hold, one thread, float32: numba, SciPy, scikit-learn and others "
            "beside our fastest; what is not installed is skipped",
            sweeps=(
                Sweep(("gd",), (*BESIDE_LIBRARIES, MANY_PROBLEMS), LIBRARIES, every_variant=True),
                Sweep(("ols",), BESIDE_LIBRARIES, LIBRARIES, variants=CLOSED_OF_LIBRARIES),
                Sweep(("gd",), BESIDE_LIBRARIES, BOTH, variants=("autodiff", "columns", "gram")),
                Sweep(("ols",), BESIDE_LIBRARIES, BOTH, variants=("cholesky", "qr", "lstsq")),
                Sweep(("gd",), (MANY_PROBLEMS,), MAIN, variants=("analytic", "columns", "gram")),
            ),
            blocks=(3, 5),
            long_call_s=0.05,
            sampling_s=0.15,
        ),
    )
}

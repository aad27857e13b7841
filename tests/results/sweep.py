"""A whole run with known truth, like the preset `quick`: what tables and comparisons of every kind are tried on."""

from typing import Any

import synthetic
from synthetic import Noise, Truth


def quick_run(*, noise: Noise | None = None, blocks: int = 5, seed: int = 0) -> list[dict[str, Any]]:
    """A whole run like the preset `quick`: twelve workloads, GD and OLS, with skips, failures and slow cases."""
    noise = noise or Noise()
    records = [synthetic.header(), synthetic.environment()]
    for samples, features, batch in ((100, 2, 1), (10_000, 2, 1), (1_000_000, 2, 1), (1_000, 128, 1), (100, 2, 4096)):
        work = samples * features * batch
        step = 2e-6 + work * 0.4e-9
        scan = {"trace_s": 0.03, "lower_s": 0.02}
        truths = [
            Truth("numpy_loop", "analytic", 100 * (step + 3e-6 * batch), sensitivity=1.3),
            Truth("numpy_loop", "finite", 700 * (step + 3e-6 * batch), sensitivity=1.3),
            Truth("jax_eager", "autodiff", 0.35, every=7),
            Truth("jax_jit_step", "autodiff", 100 * (step + 12e-6)),
            Truth("jax_scan", "autodiff", 100 * (0.25e-6 + work * 0.3e-9), compile_s=0.06, fields=scan),
            Truth("jax_scan", "analytic", 100 * (0.25e-6 + work * 0.301e-9), compile_s=0.05, fields=scan),
        ]
        if batch > 1:
            truths[2] = Truth(
                "jax_eager", "autodiff", 0.35, status="skipped", reason="predicted 1,430 s a call, over 2 s"
            )
            truths.append(Truth("numpy_stacked", "analytic", 100 * work * 0.9e-9))
            truths.append(Truth("jax_vmap", "autodiff", 100 * work * 0.35e-9, compile_s=0.08, fields=scan))
        records += synthetic.blocks_of(
            truths,
            of=synthetic.workload(samples=samples, features=features, batch=batch),
            blocks=blocks,
            noise=noise,
            seed=seed,
        )
    for samples, features, batch in ((100, 2, 1), (10_000, 2, 1), (1_000_000, 2, 1), (1_000, 128, 1), (100, 2, 4096)):
        time_s = 8e-6 + samples * features**2 * batch * 0.3e-9
        wrong = Truth("jax_scan", "inverse", 1.0, status="wrong", reason="error 0.02, the limit is 0.005")
        truths = [
            Truth("numpy_loop", "solve", time_s, sensitivity=1.3),
            Truth("numpy_loop", "lstsq", 3 * time_s, sensitivity=1.3),
            Truth("jax_scan", "solve", 0.9 * time_s, compile_s=0.04),
            wrong if features > 2 else Truth("jax_scan", "inverse", 0.905 * time_s, compile_s=0.04),
            Truth("jax_scan", "qr", 1.9 * time_s, compile_s=0.07),
        ]
        of = synthetic.workload(method="ols", steps=None, samples=samples, features=features, batch=batch)
        records += synthetic.blocks_of(truths, of=of, blocks=blocks, noise=noise, seed=seed)
    truths = [
        Truth("numpy_loop", "analytic", 4e-4, status="crashed", reason="signal 11"),
        Truth("jax_scan", "analytic", 3e-5, compile_s=0.1, fields={"findings": ["retraced in steady state"]}),
        Truth("jax_eager", "autodiff", 0.5, status="timeout", reason="over 120 s"),
    ]
    of = synthetic.workload(method="gd_tol", steps=None, tolerance=1e-3, max_steps=10_000)
    records += synthetic.blocks_of(truths, of=of, blocks=blocks, noise=noise, seed=seed)
    records += synthetic.blocks_of(
        [Truth("numpy_loop", "solve", 1.0, status="skipped", reason="fewer samples than features")],
        of=synthetic.workload(method="ols", steps=None, samples=10, features=128),
        blocks=1,
        rounds=0,
        noise=noise,
    )
    return [*records, {"record": "end", "reason": "complete", "wall_s": 170.0, "harness_s": {"sample": 100.0}}]

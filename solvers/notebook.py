"""The notebook that this project grew from: its data, rebuilt from its two keys, and its demonstration, replayed.

The notebook drew the keys at random and never printed them; these two give back every number that it did print.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KEY_X, KEY_NOISE = 7140, 2497
TRUE = (3.0, 2.0)


@dataclass(frozen=True, eq=False)
class Notebook:
    """X (100, 2), uniform and then ones, y (100,) and the start of the descent (2,), all float32."""

    X: NDArray[np.float32]
    y: NDArray[np.float32]
    start: NDArray[np.float32]
    step_size: NDArray[np.float32]
    tolerance: float = 1e-3
    max_steps: int = 200


def notebook_problem() -> Notebook:
    """The notebook's own data, as JAX drew them in 2020."""
    import jax
    import jax.numpy as jnp

    # the default since then has changed every draw
    with jax.threefry_partitionable(False):
        x = jax.random.uniform(jax.random.PRNGKey(KEY_X), (100,), jnp.float32, minval=-1, maxval=1)
        noise = jax.random.normal(jax.random.PRNGKey(KEY_NOISE), (100,), jnp.float32)
    X = jnp.ones((100, 2), jnp.float32).at[:, 0].set(x)
    y = X @ jnp.array(TRUE, jnp.float32) + noise
    start, step_size = np.array([-1, 1], np.float32), np.array(0.1, np.float32)
    return Notebook(np.array(X), np.array(y), start, step_size)


def demo() -> str:
    """The notebook from its data to its convergence, in today's JAX; the text that it prints."""
    import jax
    import jax.numpy as jnp

    from . import gradients
    from .jax_eager import gd_autodiff
    from .least_squares import FORMULAS

    own = notebook_problem()
    X, y, w, step_size = (jnp.asarray(part) for part in (own.X, own.y, own.start, own.step_size))
    lines = [
        f"data: {len(y)} samples, y = {TRUE[0]:g} x + {TRUE[1]:g} + N(0, 1), x uniform in [-1, 1]",
        f"ordinary least squares, inv(X'X) (X'y): {FORMULAS['inverse'](X, y)}",
        f"at {w}: mean squared error {gradients.mse(X, y, w):.8g}, gradient {gradients.autodiff(X, y, w)}",
        f"gradient descent by jax.grad, step size {own.step_size:g}:",
    ]
    for step in range(own.max_steps):
        if step % 10 == 0:
            lines.append(f"{step:4d} {w}")
        after = gd_autodiff(X, y, w, step_size, 1)
        rms = jax.numpy.sqrt(jnp.mean(jnp.square(w - after)))
        if rms < own.tolerance:
            lines.append(f"converged at step {step}: root mean square of the step {rms:g} < {own.tolerance:g}")
            break
        w = after
    return "\n".join(lines)

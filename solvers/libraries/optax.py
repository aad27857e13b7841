"""optax: its sgd in one lax.scan, over a batch by jax.vmap, jitted by the harness; the loss is given to jax.grad.

The same iterates as `jax_vmap autodiff`: sgd without momentum is a step against the gradient. It carries a state.
"""

from functools import partial

import jax
from jax import Array, lax

from .. import gradients
from ..registry import solver


@solver(method="gd", strategy="optax", variant="sgd", backend="jax", compiled=True, batched=True, requires="optax")
def gd_sgd(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    """Gradient descent by optax.sgd; X (b, n, d), y (b, n), w (b, d), step_size (b,) -> w (b, d)."""
    return jax.vmap(partial(_descend, steps=steps))(X, y, w, step_size)


def _descend(X: Array, y: Array, w: Array, step_size: Array, steps: int) -> Array:
    import optax

    optimizer = optax.sgd(step_size)

    def body(carry: tuple[Array, optax.OptState], _: None) -> tuple[tuple[Array, optax.OptState], None]:
        w, state = carry
        updates, state = optimizer.update(gradients.autodiff(X, y, w), state)
        return (optax.apply_updates(w, updates), state), None

    answer: Array = lax.scan(body, (w, optimizer.init(w)), length=steps)[0][0]
    return answer

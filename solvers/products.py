"""X'X and X'y, all that least squares must know of the data, in JAX: X (n, d), y (n,) -> (d, d), (d,).

The condition number of X'X is the square of that of X: either way costs accuracy where that is large.
"""

from itertools import combinations_with_replacement

import jax.numpy as jnp
from jax import Array

FEW = 3
"""Features up to which a compiled X'X is written as sums over columns: less time on a CPU, and less rounding."""


def by_rows(X: Array, y: Array) -> tuple[Array, Array]:
    """As matrix products, as one writes it."""
    return X.T @ X, X.T @ y


def by_columns(X: Array, y: Array) -> tuple[Array, Array]:
    """For few features each number as a sum of products of two columns; else as matrix products."""
    features = X.shape[1]
    if features > FEW:
        return by_rows(X, y)
    columns = [*X.T, y]
    sums = {(i, j): jnp.sum(columns[i] * columns[j]) for i, j in combinations_with_replacement(range(features + 1), 2)}
    G = jnp.array([[sums[min(i, j), max(i, j)] for j in range(features)] for i in range(features)])
    return G, jnp.array([sums[i, features] for i in range(features)])

"""Solvers that are right and timed wrongly, each with the finding that must name it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np

from linregbench import solver

_data = np.random.default_rng(0).standard_normal((400, 2)).astype(np.float32)
_large = bytes(4_000_000)
_remembered = {}
_calls = [0]
_pool = ThreadPoolExecutor(2)
_pool.submit(int).result()  # its threads live from the import on, as those of many a library do


def _numpy(strategy):
    return solver(method="ols", strategy=strategy, variant="plugin", backend="numpy")


def _jax(strategy, compiled=True):
    return solver(method="ols", strategy=strategy, variant="plugin", backend="jax", compiled=compiled)


def _solve(X, y):
    return np.linalg.lstsq(X, y)[0]


@_numpy("inputs_changed")
def changes_its_inputs(X, y):
    answer = _solve(X, y)
    y *= 0.5
    X *= 0.5
    return answer


@_numpy("remembered")
def remembers(X, y):
    key = X.tobytes() + y.tobytes()
    if key not in _remembered:
        _remembered[key] = np.linalg.svd(np.repeat(X, 20, axis=0), full_matrices=False) and _solve(X, y)
    return _remembered[key]


@_jax("closed_over_data")
def closes_over_data(X, y):
    held = jnp.asarray(_data)  # folded into the executable as a constant
    return jnp.linalg.lstsq(X, y)[0] + 0.0 * held.sum()


@_jax("compile", compiled=False)
def compiles_every_time(X, y):
    _calls[0] += 1
    shift = float(_calls[0])
    return jax.jit(lambda X, y: jnp.linalg.inv(X.T @ X) @ (X.T @ y) + (shift - shift))(X, y)


@_numpy("more_threads")
def uses_two_threads(X, y):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: hashlib.sha256(_large).digest(), range(2)))  # both run at once: no lock is held
    return _solve(X, y)


@_numpy("own_pool")
def hands_its_work_to_threads_of_the_import(X, y):
    return _pool.submit(_solve, X, y).result()

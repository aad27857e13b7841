"""The right answers, in float64 and without iterating: gradient descent is least squares seen through a filter.

With X = U diag(s) V', least squares is w = V (U'y / s), and k steps of gradient descent from zero are
w = V (f U'y / s), f = 1 - (1 - step_size * 2 s^2 / n)^k (Hansen, Discrete Inverse Problems, 2010, section 6.1).
A triangle R with X = Q R gives s, V and U'y; it is gathered over pieces of X, so no float64 copy of X is ever held.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

PIECE = 2**17  # numbers worked on at a time: 1 MiB in float64, which stays in cache


@dataclass(frozen=True, eq=False)
class Spectrum:
    """X = U diag(s) V' of each problem of a batch: s (b, r) descending, Vt (b, r, d), Uty (b, r)."""

    samples: int
    s: Doubles
    Vt: Doubles
    Uty: Doubles

    @property
    def curvature(self) -> Doubles:
        """Eigenvalues (b, r) of the Hessian 2/n X'X of the mean squared error, the largest first."""
        return 2 / self.samples * self.s**2

    @property
    def gram_root(self) -> Doubles:
        """diag(s) V' (b, r, d), whose product with any v is as long as X v, at a cost without the samples in it."""
        return self.s[:, :, None] * self.Vt

    @property
    def condition(self) -> Doubles:
        """cond(X) of each problem (b,); infinite where X has no full rank."""
        full = self.s.shape[1] == self.Vt.shape[2]
        with np.errstate(divide="ignore"):
            return self.s[:, 0] / (self.s[:, -1] if full else 0 * self.s[:, -1])


def decompose(X: NDArray[Any], y: NDArray[Any]) -> Spectrum:
    """The spectrum of X (b, n, d) with y (b, n)."""
    features = X.shape[2]
    R = np.concatenate([triangle for _, triangle in triangles(X, y)])
    U, s, Vt = np.linalg.svd(R[..., :features], full_matrices=False)
    return Spectrum(X.shape[1], s, Vt, np.einsum("bkr,bk->br", U, R[..., features]))


def least_squares(spectrum: Spectrum) -> Doubles:
    """argmin ||X w - y|| (b, d), the shortest where it is not unique (numpy.linalg.lstsq)."""
    s = spectrum.s
    width = max(spectrum.samples, spectrum.Vt.shape[2])
    return _answer(spectrum, np.where(s > s[:, :1] * width * np.finfo(np.float64).eps, 1.0, 0.0))


def descent(spectrum: Spectrum, step_size: NDArray[Any], steps: NDArray[Any]) -> Doubles:
    """Where `steps`, () or (b,), steps of gradient descent on the mean squared error lead from zero (b, d)."""
    x = step_size.astype(np.float64)[:, None] * spectrum.curvature
    k = np.atleast_1d(steps)[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # the logarithm keeps the digits of directions in which little has happened
        return _answer(spectrum, np.where(x < 1, -np.expm1(k * np.log1p(-x)), 1 - (1 - x) ** k))


def stopping_steps(spectrum: Spectrum, step_size: NDArray[Any], tolerance: float, max_steps: int) -> NDArray[np.int64]:
    """The first step of each problem (b,) whose root mean square is below the tolerance; max_steps if none is."""
    x = step_size.astype(np.float64)[:, None] * spectrum.curvature
    with np.errstate(divide="ignore", invalid="ignore"):
        move = np.where(spectrum.s > 0, x * spectrum.Uty / spectrum.s, 0.0)
    stop = np.full(len(x), max_steps, np.int64)
    active = np.arange(len(x))
    limit = tolerance**2 * spectrum.Vt.shape[2]
    for step in range(max_steps):
        small = np.einsum("br,br->b", move, move) < limit
        if small.any():
            stop[active[small]] = step
            active, x, move = active[~small], x[~small], move[~small]
        if not len(active):
            break
        move = move * (1 - x)
    return stop


def pieces(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Slices of problems and of samples that cut (b, n, d) into pieces of about PIECE numbers, in memory order."""
    batch, samples, features = shape
    problems = max(1, PIECE // (samples * features))
    rows = samples if problems > 1 else max(1, PIECE // features)
    for problem in range(0, batch, problems):
        for row in range(0, samples, rows):
            yield slice(problem, problem + problems), slice(row, row + rows)


def triangles(X: NDArray[Any], y: NDArray[Any] | None = None) -> Iterator[tuple[slice, Doubles]]:
    """R of [X y] = Q R for successive slices of the batch, by stacking each piece under the triangle so far."""
    triangle: Doubles | None = None
    for problems, rows in pieces(X.shape):
        part = X[problems, rows].astype(np.float64)
        if y is not None:
            part = np.concatenate([part, y[problems, rows, None]], axis=2, dtype=np.float64)
        if rows.start > 0 and triangle is not None:
            part = np.concatenate([triangle, part], axis=1)
        triangle = np.asarray(np.linalg.qr(part, mode="r"))
        if rows.stop >= X.shape[1]:
            yield problems, triangle


def _answer(spectrum: Spectrum, kept: Doubles) -> Doubles:
    """V (kept * U'y / s): least squares of which each direction keeps a share."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(kept == 0, 0.0, kept * spectrum.Uty / spectrum.s)
    answer: Doubles = np.einsum("brd,br->bd", spectrum.Vt, share)
    return answer

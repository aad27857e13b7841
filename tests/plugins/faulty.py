"""Solvers that go wrong, each in its own way; strategies are named after what happens."""

# ruff: noqa: ARG001  a solver takes what its method gives it

import os
import sys
import time

import numpy as np

from linregbench import solver


def _register(strategy):
    return solver(method="gd", strategy=strategy, variant="plugin", backend="numpy")


def _descend(X, y, w, step_size, steps):
    w = w.copy()
    for _ in range(steps):
        w -= step_size * (2 / len(y)) * (X.T @ (X @ w - y))
    return w


@_register("honest")
def honest(X, y, w, step_size, steps):
    print("a solver that prints must not disturb the messages")
    os.write(1, b'{"worker": 0, "exit": 0}\n')
    return _descend(X, y, w, step_size, steps)


@_register("raises")
def raises(X, y, w, step_size, steps):
    raise RuntimeError("no such luck")


@_register("hangs")
def hangs(X, y, w, step_size, steps):
    while True:
        time.sleep(1)


@_register("kills_itself")
def kills_itself(X, y, w, step_size, steps):
    os.kill(os.getpid(), 9)


@_register("exits")
def exits(X, y, w, step_size, steps):
    sys.exit(3)


@_register("allocates")
def allocates(X, y, w, step_size, steps):
    held = []
    while True:
        held.append(np.empty(10_000_000))


@_register("off_by_one_percent")
def off_by_one_percent(X, y, w, step_size, steps):
    return 1.01 * _descend(X, y, w, step_size, steps)


@_register("skips_a_step")
def skips_a_step(X, y, w, step_size, steps):
    return _descend(X, y, w, step_size, steps - 1)


@_register("not_a_number")
def not_a_number(X, y, w, step_size, steps):
    return np.full_like(w, np.nan)


@_register("wrong_shape")
def wrong_shape(X, y, w, step_size, steps):
    return np.zeros(len(w) + 1)


@_register("dies_later")
def dies_later(X, y, w, step_size, steps, calls=[0]):  # noqa: B006  the point is to remember
    calls[0] += 1
    if calls[0] > 60:
        os._exit(5)
    return _descend(X, y, w, step_size, steps)


@_register("singular")
def singular(X, y, w, step_size, steps):
    return np.linalg.inv(np.zeros((len(w), len(w)))) @ w

"""Solvers of known cost: each answers at once, and then spins until its time is up. For OLS with one feature."""

import time

from linregbench import solver


def _register(strategy):
    return solver(method="ols", strategy=strategy, variant="plugin", backend="numpy")


def _spin(X, y, seconds, clock=time.thread_time):
    """By the thread's own CPU clock: by the wall clock, what others take of the core would count as its work."""
    end = clock() + seconds
    answer = (X.T @ y) / len(y)  # X is a column of ones
    while clock() < end:
        pass
    return answer


@_register("spin_10us")
def spin_10us(X, y, clock=time.perf_counter):
    end = clock() + 10e-6  # no further call in between: at 10 us its 0.1 us would be a bias of the solver's own
    answer = (X.T @ y) / len(y)
    while clock() < end:
        pass
    return answer


@_register("spin_1ms")
def spin_1ms(X, y):
    return _spin(X, y, 1e-3)


@_register("spin_100ms")
def spin_100ms(X, y):
    return _spin(X, y, 100e-3)


_compiled = []


@_register("fake_compiled")
def fake_compiled(X, y, clock=time.perf_counter):
    """A quarter of a second the first time, 10 us from then on."""
    end = clock() + (10e-6 if _compiled else 0.25)
    if not _compiled:
        _compiled.append(True)
    answer = (X.T @ y) / len(y)
    while clock() < end:
        pass
    return answer

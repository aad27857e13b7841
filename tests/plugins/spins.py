"""Solvers that spin: until their thread's own CPU clock has moved so far, or through a fixed number of turns.

For OLS with one feature. The first kind cannot be slowed by a neighbour, only interrupted; the second kind by both.
Written for the package's name of today and for its old one, so that commits of either can be measured with it.
"""

import sys
import time

if "solvers.registry" in sys.modules:
    from solvers.registry import solver
else:
    from linregbench import solver


def _register(strategy, turns, work):
    @solver(method="ols", strategy=strategy, variant="plugin", backend="numpy")
    def solve(X, y):
        answer = (X.T @ y) / len(y)  # X is a column of ones
        work(turns)
        return answer


def _until(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def _turns(count):
    for _ in range(count):
        pass


for name, seconds in (("cpu_100us", 1e-4), ("cpu_1ms", 1e-3), ("cpu_10ms", 1e-2)):
    _register(name, seconds, _until)
for name, count in (("work_3k", 3_000), ("work_100k", 100_000), ("work_1m", 1_000_000)):
    _register(name, count, _turns)

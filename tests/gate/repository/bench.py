"""The solvers of fastfit, for `linregbench versus --plugin bench.py`."""

from fastfit import compiled, jitted, plain

from linregbench import solver

solver(method="gd", strategy="fastfit_plain", variant="loop", backend="python")(plain.descend)
solver(method="gd", strategy="fastfit_compiled", variant="loop", backend="c")(compiled.descend)
solver(method="gd", strategy="fastfit_jitted", variant="loop", backend="numba", requires="numba", warm=jitted.warm)(
    jitted.descend
)

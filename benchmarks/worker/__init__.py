"""The measuring side, a process of its own: standard library, numpy, jax, solvers, the clock and devices, no more."""

"""What is timed: the problem, its exact answer, and every way of solving it.

Nothing here reads a clock or chooses a device. Importing this package imports neither numpy nor jax.
"""

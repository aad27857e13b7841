"""Gradient descent in plain Python, in C and by numba; how often each takes its steps is WORK."""

WORK = 1

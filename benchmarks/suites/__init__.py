"""The doors of asv and pytest-benchmark: the same cases, timed by their clocks."""

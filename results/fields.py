"""Every field of a case, a measurement and an estimate."""

# rows of the frame that agree in all of these were competing with each other, whatever their device and precision
CONTEST_KEYS = (
    "run",
    "method",
    "samples",
    "features",
    "batch",
    "steps",
    "dtype",
    "condition",
    "seed",
    "step_size",
    "tolerance",
    "max_steps",
    "data",
    "threads",
    "environment",
)

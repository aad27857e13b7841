"""The baseline, which stops in its tracks once a block is closed, for as long as there is a file `hold` beside the run.

So a test finds the run still at work, however fast the machine is.
"""

import time
from pathlib import Path

from linregbench import solver
from linregbench.solvers.numpy_loop import gd_analytic

HOLD, RUN = Path("hold"), Path("run.jsonl")


@solver(method="gd", strategy="held", variant="analytic", backend="numpy")
def held(X, y, w, step_size, steps):
    while HOLD.exists() and b'"record":"block"' in RUN.read_bytes():
        time.sleep(0.01)
    return gd_analytic(X, y, w, step_size, steps)

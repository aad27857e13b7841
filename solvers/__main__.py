"""`python -m solvers` replays the notebook."""

from .notebook import demo

if __name__ == "__main__":
    print(demo())

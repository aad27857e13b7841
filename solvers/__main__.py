"""`python -m solvers` replays the notebook."""

from solvers.notebook import demo

if __name__ == "__main__":
    print(demo())

"""`python -m linregbench` is the command `linregbench`."""

from .benchmarks.cli.main import main

if __name__ == "__main__":
    main()

"""What came out: the run file, its statistics, the tidy frame, the tables. Never imports jax.

`results.load(*paths)` reads run files into one pandas DataFrame. pandas is imported only when that is asked for, so
that a schedule which only writes records stays light.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from results.frame import load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    if name == "load":
        from results.frame import load

        return load
    raise AttributeError(f"module 'results' has no attribute {name!r}")

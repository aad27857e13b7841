"""What a workload must and may have in a run file."""

from .schema import Scalars

# what the frame turns into columns; a workload may have more, and those tell problems apart all the same
_WORKLOAD_REQUIRED = {"method": str, "samples": int, "features": int, "dtype": str}
_WORKLOAD_OPTIONAL = {
    "batch": int,
    "steps": int,
    "seed": int,
    "condition": float,
    "step_size": float,
    "tolerance": float,
    "max_steps": int,
    "data": str,
}

_CHECKED: dict[int, Scalars] = {}
_MOST_CHECKED = 20_000


def check_workload(workload: Scalars) -> None:
    """Raises ValueError for a field that is missing or of another type, and for a size below 1."""
    # the reader shares one object among all measurements of a workload; kept, so that no other comes by its id
    if _CHECKED.get(id(workload)) is workload:
        return
    for key, kind in (_WORKLOAD_REQUIRED | _WORKLOAD_OPTIONAL).items():
        value = workload.get(key)
        if value is None and key in _WORKLOAD_OPTIONAL:
            continue
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise ValueError(f"'workload' needs {key!r} as {kind.__name__}, got {str(value)[:40]!r}")
        if key in ("samples", "features", "batch") and isinstance(value, int) and value < 1:
            raise ValueError(f"'workload' needs {key!r} of at least 1, got {value}")
    if len(_CHECKED) < _MOST_CHECKED:
        _CHECKED[id(workload)] = workload

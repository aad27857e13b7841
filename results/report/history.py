"""The history of each case for its opened row: its numbers over the runs, and where they stepped."""

from typing import Any

from ..compare.history import QUANTITIES, History
from ..tables.history import called, moved


def histories_of(history: History | None) -> dict[str, Any]:
    """By row of the frame the number of its line, the names of the runs, and the lines."""
    if history is None:
        return {"rows": {}, "runs": [], "lines": []}
    places = {moment: place for place, moment in enumerate(history.moments)}
    lines = [
        {
            "of": QUANTITIES[series.figure],
            "at": [places[history.origins[run]] for run in series.runs],
            "values": list(series.values),
            "steps": [[step.place, step.until, step.before, step.after, moved(series, step)] for step in series.steps],
        }
        for series in history.series
    ]
    rows = {str(row): number for number, series in enumerate(history.series) for row in series.rows}
    return {"rows": rows, "runs": list(map(called, history.moments)), "lines": lines}
